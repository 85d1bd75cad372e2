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
    turns: see `take_turns`
    """

    def __init__(self, number: int, time_s: float, position: Array, noise: Array) -> None:
        self.number = number
        self.filter = walker(position, noise)
        self.name: str | None = None
        self.twin_s = 0.0
        self.turns = 0
        self._alone: Person | None = None
        self._elder: Person | None = None
        self._frames: collections.deque[tuple[float, bool]] = collections.deque()
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

    def count(self, time_s: float, span_s: float) -> tuple[int, int]:
        """In how many of how many frames they were seen, in the last span_s, this one included.

        Frames that are not counted do not exist.
        """
        self._frames.append((time_s, self.seen_s == time_s))
        while time_s - self._frames[0][0] > span_s:
            self._frames.popleft()
        return sum(seen for _, seen in self._frames), len(self._frames)

    def take_turns(self, elder: Person | None, time_s: float) -> None:
        """Note which of the two was detected in the frame of time_s, if one alone was."""
        seen = [p for p in (self, elder) if p is not None and p.seen_s == time_s]
        if elder is not self._elder or elder is None or len(seen) == 2:
            self.turns, self._alone = 0, None
        if elder is not None and len(seen) == 1:
            self.turns += self._alone is not None and self._alone is not seen[0]
            self._alone = seen[0]
        self._elder = elder

    def _mark(self, time_s: float) -> None:
        self.seen_s = time_s
        self.anchor = self.position.copy()
        self.anchor_variance = float(np.trace(self.spread))
