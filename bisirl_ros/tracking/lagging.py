"""How a body that lags moves towards what it is told: one matrix, exactly."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array

POSITION, VELOCITY, TARGET, LAST = slice(0, 2), slice(2, 4), slice(4, 6), slice(6, 8)
"""Of the twelve of `PersonFilter`."""
_EYE = np.eye(2)


def _block(row: slice, column: slice) -> Array:
    """An identity (2, 2) at a place of a (12, 12), flat."""
    found = np.zeros((12, 12))
    found[row, column] = _EYE
    return found.ravel()


_BY_LAST = np.stack(
    [
        np.eye(12).ravel() - _block(VELOCITY, VELOCITY),
        _block(POSITION, VELOCITY),
        _block(VELOCITY, VELOCITY),
        _block(POSITION, LAST),
        _block(VELOCITY, LAST),
    ]
)
"""What a move is a sum of, while the last target holds."""
_TO_TARGET = np.stack(
    [
        _block(POSITION, TARGET) - _block(POSITION, LAST),
        _block(VELOCITY, TARGET) - _block(VELOCITY, LAST),
    ]
)
"""What changes of it where the new one does."""


def lagging(dt_s: Array, lag_s: float, share: Array | float, rate: Array | float) -> Array:
    """What dt_s (B,) [s] do to the state, exactly: (B, 12, 12).

    share: (B,) of the new target in what is followed at first, the rest is the last one's; rate: by
    which that share grows meanwhile [1/s]
    """
    kept = np.exp(-dt_s / lag_s)
    glide = lag_s * (1.0 - kept)
    late, gone = dt_s - glide, 1.0 - kept
    by_last = np.array([np.ones_like(dt_s), glide, kept, late, gone]).T @ _BY_LAST
    further = share * late + rate * (0.5 * np.square(dt_s) - lag_s * late)
    to_target = np.array([further, share * gone + rate * late]).T @ _TO_TARGET
    return np.asarray((by_last + to_target).reshape(-1, 12, 12))


def jolted(dt_s: Array, lag_s: float) -> tuple[Array, Array, Array]:
    """What a velocity's random walk of intensity 1 leaves of itself after dt_s (B,) [s] of the lag.

    Variance of the place, its covariance with the velocity, and the velocity's variance: (B,) each
    (an integrated Ornstein-Uhlenbeck process).
    """
    gone = -np.expm1(-dt_s / lag_s)
    gone_twice = -np.expm1(-2.0 * dt_s / lag_s)
    place = lag_s**2 * (dt_s - 2.0 * lag_s * gone + 0.5 * lag_s * gone_twice)
    return place, 0.5 * lag_s**2 * np.square(gone), 0.5 * lag_s * gone_twice
