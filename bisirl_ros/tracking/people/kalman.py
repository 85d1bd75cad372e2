"""Somebody who walks on as they walk: a constant-velocity Kalman filter.

The acceleration is white noise in continuous time (Bar-Shalom, Li and Kirubarajan 2001, section
6.2.2), so that what is predicted over a gap does not depend on how many frames fall into it.
"""

from __future__ import annotations

import numpy as np
from filterpy.common import Q_continuous_white_noise  # type: ignore[import-untyped]
from filterpy.kalman import KalmanFilter  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.walk_filter import FIRST_SPEED

_SEEN = np.eye(2, 4)


def motion(dt_s: float, acceleration: float) -> tuple[Array, Array]:
    """Transition and noise, (4, 4) each, of x, y, vx, vy over dt_s [s].

    acceleration: standard deviation of the change of velocity over a second [m/s^1.5]
    """
    move = np.eye(4)
    move[:2, 2:] = dt_s * np.eye(2)
    noise = Q_continuous_white_noise(2, dt_s, acceleration**2, block_size=2, order_by_dim=False)
    return move, noise


def walker(position: Array, noise: Array) -> KalmanFilter:
    """The filter of somebody first seen at position (2,) [m] with covariance noise (2, 2)."""
    made = KalmanFilter(dim_x=4, dim_z=2)
    made.H = _SEEN
    made.x = np.concatenate([position, np.zeros(2)])
    made.P = np.diag([0.0, 0.0, FIRST_SPEED**2, FIRST_SPEED**2])
    made.P[:2, :2] = noise
    return made
