"""Where somebody is and how they walk right now, for who has to drive beside them.

A constant-velocity Kalman filter whose acceleration is white noise (Bar-Shalom, Li and Kirubarajan
2001, section 6.2). What somebody decides is `PersonFilter`'s question.
"""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array

ACCELERATION = 1.5
"""Standard deviation of people's acceleration over a second [m/s^1.5]."""
FIRST_SPEED = 1.5
"""Standard deviation of a velocity of which nothing is known yet [m/s]."""
FLOOR = 1e-6
UNTOLD_M, UNTOLD_MPS = 0.03, 0.1
"""Standard deviations where a tracker tells none."""
_EYE, _EYE_4 = np.eye(2), np.eye(4)
_MOVES = np.kron([[0.0, 1.0], [0.0, 0.0]], _EYE)
_OF_PLACE, _OF_VELOCITY = np.diag([1.0, 1.0, 0.0, 0.0]), np.diag([0.0, 0.0, 1.0, 1.0])
_OF_BOTH = _MOVES + _MOVES.T


class WalkFilter:
    """The belief of x, y, vx, vy; anew after a report that is not later than the last one.

    mean: (4,) [m, m/s]; covariance: (4, 4)
    """

    def __init__(self) -> None:
        self.mean, self.covariance = np.zeros(4), np.eye(4)
        self.time_s = -np.inf

    def take(
        self,
        time_s: float,
        position: Array,
        velocity: Array | None,
        position_cov: Array | None = None,
        velocity_cov: Array | None = None,
    ) -> None:
        """Take in a position (2,) [m] and, where told, a velocity (2,) [m/s], at time_s [s]."""
        dt_s = time_s - self.time_s
        if 0.0 < dt_s <= 1.0:
            self._predict(dt_s)
        else:
            self.mean = np.concatenate([position, np.zeros(2)])
            self.covariance = np.diag([1.0, 1.0, FIRST_SPEED**2, FIRST_SPEED**2])
        self.time_s = time_s
        self._observe(slice(0, 2), position, _told(position_cov, UNTOLD_M))
        if velocity is not None:
            self._observe(slice(2, 4), velocity, _told(velocity_cov, UNTOLD_MPS))

    def at(self, time_s: float, most_s: float = 0.3) -> Array:
        """The state (4,) at time_s if they walk on, looking ahead by at most most_s [s]."""
        ahead = min(max(time_s - self.time_s, 0.0), most_s)
        return np.concatenate([self.mean[:2] + ahead * self.mean[2:], self.mean[2:]])

    def _predict(self, dt_s: float) -> None:
        move = _EYE_4 + dt_s * _MOVES
        q, jolt = ACCELERATION**2, dt_s**2 / 2.0
        self.mean = move @ self.mean
        self.covariance = move @ self.covariance @ move.T
        self.covariance += q * (dt_s**3 / 3.0 * _OF_PLACE + jolt * _OF_BOTH + dt_s * _OF_VELOCITY)

    def _observe(self, where: slice, value: Array, noise: Array) -> None:
        gain = self.covariance[:, where] @ _inverse(self.covariance[where, where] + noise)
        self.mean = self.mean + gain @ (value - self.mean[where])
        kept = _EYE_4.copy()
        kept[:, where] -= gain
        # Joseph's form: symmetric and positive however exact the reports are
        self.covariance = kept @ self.covariance @ kept.T + gain @ noise @ gain.T


def _inverse(of: Array) -> Array:
    """Of a symmetric (2, 2)."""
    (xx, xy), (_, yy) = of.tolist()
    return np.asarray(np.array([[yy, -xy], [-xy, xx]]) / (xx * yy - xy * xy))


def _told(covariance: Array | None, std: float) -> Array:
    return std**2 * _EYE if covariance is None else covariance + FLOOR * _EYE
