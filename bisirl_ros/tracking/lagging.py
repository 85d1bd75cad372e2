"""How a body that lags moves towards what it is told: one matrix, exactly."""

from __future__ import annotations

import math

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


def lagging(dt_s: float, lag_s: float, share: Array) -> Array:
    """What dt_s [s] do to the state: (B, 12, 12).

    share: (B, 1, 1) of the new target in what is followed, the rest is the last one's
    """
    kept = math.exp(-dt_s / lag_s)
    glide = lag_s * (1.0 - kept)
    late = np.array([1.0, glide, kept, dt_s - glide, 1.0 - kept]) @ _BY_LAST
    early = np.array([dt_s - glide, 1.0 - kept]) @ _TO_TARGET
    return np.asarray(late.reshape(12, 12) + share * early.reshape(12, 12))
