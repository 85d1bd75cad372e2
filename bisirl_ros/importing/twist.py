"""A robot's twist by its poses."""

from __future__ import annotations

from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array

REACH_S: Final = 0.15
"""Poses so long before and after, or the next ones, tell the twist [s]."""
GAP_S = 0.6
GAP = 2.5
"""Across a longer gap, in seconds and in usual spacings, nothing is told."""


def twists(robot: Array) -> Array:
    """vx, vy [m/s], wz [rad/s] in its own frame, (T, 3), of poses (T, 4): stamps, x, y, yaw.

    Slopes of lines through the poses around; zero where a pose stands alone.
    """
    time, pose = robot[:, 0], robot[:, 1:].copy()
    pose[:, 2] = np.unwrap(pose[:, 2])
    count, steps = len(time), np.diff(time)
    most = max(GAP_S, GAP * float(np.median(steps))) if count > 1 else GAP_S
    begins = np.concatenate([[0], np.flatnonzero(steps > most) + 1, [count]])
    piece = np.searchsorted(begins, np.arange(count), side="right") - 1
    rows = np.arange(count)
    first = np.maximum(np.minimum(np.searchsorted(time, time - REACH_S), rows - 1), begins[piece])
    last = np.minimum(
        np.maximum(np.searchsorted(time, time + REACH_S, side="right"), rows + 2), begins[piece + 1]
    )
    rate = np.zeros((count, 3))
    for row, (i, j) in enumerate(zip(first, last, strict=True)):
        if j - i > 1:
            t = time[i:j] - time[i:j].mean()
            rate[row] = t @ pose[i:j] / (t @ t)
    cos, sin = np.cos(robot[:, 3]), np.sin(robot[:, 3])
    ahead, left = rate[:, 0] * cos + rate[:, 1] * sin, rate[:, 1] * cos - rate[:, 0] * sin
    return np.stack([ahead, left, rate[:, 2]], -1)
