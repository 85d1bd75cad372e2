"""Velocity from a stream of positions, for trackers that give poses only."""

from __future__ import annotations

import collections

import numpy as np

from bisirl_ros.core.likelihood import Array

WINDOW_S = 0.3


class PoseVelocity:
    """Least-squares velocity over the last WINDOW_S of positions: causal, lag half the window."""

    def __init__(self) -> None:
        self._samples: collections.deque[tuple[float, float, float]] = collections.deque()

    def push(self, time_s: float, x: float, y: float) -> Array:
        """The state (4,) at time_s [s] after position x, y [m]; velocity 0 until two came."""
        if not np.isfinite([x, y]).all():
            return np.array([x, y, np.nan, np.nan])
        if self._samples and time_s <= self._samples[-1][0]:
            self._samples.clear()
        self._samples.append((time_s, x, y))
        while time_s - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()
        if len(self._samples) < 2:
            return np.array([x, y, 0.0, 0.0])
        t, xs, ys = np.array(self._samples).T
        t = t - t.mean()
        vx, vy = (t @ xs) / (t @ t), (t @ ys) / (t @ t)
        return np.array([x, y, vx, vy])
