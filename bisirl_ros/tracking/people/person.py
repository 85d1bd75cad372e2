"""One who may be there: where they are, when they were seen, and their name once they have one."""

from __future__ import annotations

import collections

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.people.kalman import walker


class Person:
    """Starts with a detection.

    number: how many ever started before; name: None until they were seen often enough
    seen_s: last; anchor: (2,) where they were then [m]; anchor_variance: of it, both axes [m^2]
    twin_s: for how long they have been where somebody else is, less how long not [s]
    """

    def __init__(self, number: int, time_s: float, position: Array, noise: Array) -> None:
        self.number = number
        self.filter = walker(position, noise)
        self.name: str | None = None
        self.twin_s = 0.0
        self._times_s: collections.deque[float] = collections.deque()
        self._mark(time_s)

    @property
    def position(self) -> Array:
        """Where they are thought to be, (2,) [m]."""
        return np.asarray(self.filter.x[:2])

    @property
    def spread(self) -> Array:
        """Covariance of it, (2, 2) [m^2]."""
        return np.asarray(self.filter.P[:2, :2])

    def predict(self, move: Array, noise: Array) -> None:
        """Walk on; move, noise: (4, 4) of `motion`."""
        self.filter.predict(F=move, Q=noise)

    def take(self, time_s: float, position: Array, noise: Array) -> None:
        """Take in a detection (2,) [m] with its covariance (2, 2)."""
        self.filter.update(position, R=noise)
        self._mark(time_s)

    def frames_within(self, span_s: float) -> int:
        """In how many frames they were seen, in the span before they were last; unnamed ones."""
        while self.seen_s - self._times_s[0] > span_s:
            self._times_s.popleft()
        return len(self._times_s)

    def _mark(self, time_s: float) -> None:
        self.seen_s = time_s
        self.anchor = self.position.copy()
        self.anchor_variance = float(np.trace(self.spread))
        if self.name is None:
            self._times_s.append(time_s)
