"""Velocity from a stream of positions, for trackers that give poses only."""

from __future__ import annotations

import collections

import numpy as np

from bisirl_ros.core.arrays import Array

WINDOW_S = 0.3
LEAST_SPAN_S = 0.1


class PoseVelocity:
    """Least-squares velocity over the last WINDOW_S of positions: causal, lag half the window.

    longest_s: of a slower tracker two positions are enough, if they are no further apart [s]
    """

    def __init__(self, longest_s: float = 0.5) -> None:
        self._longest_s = longest_s
        self._samples: collections.deque[tuple[float, float, float]] = collections.deque()

    def push(self, time_s: float, x: float, y: float) -> Array | None:
        """The state (4,) at time_s [s] after position x, y [m]; None while it is too early to say.

        Positions are finite; a time that is not newer than the last starts anew.
        """
        if self._samples and time_s <= self._samples[-1][0]:
            self._samples.clear()
        self._samples.append((time_s, x, y))
        while len(self._samples) > 2 and time_s - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()
        if time_s - self._samples[0][0] > max(WINDOW_S, self._longest_s):
            self._samples.popleft()
        t, xs, ys = np.array(self._samples).T
        if t[-1] - t[0] < LEAST_SPAN_S - 1e-6:
            return None
        t = t - t.mean()
        return np.array([x, y, (t @ xs) / (t @ t), (t @ ys) / (t @ t)])
