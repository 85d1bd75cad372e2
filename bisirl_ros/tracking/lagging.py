"""How a body that lags moves towards what it is told, exactly."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array


def lagging(dt_s: Array, lag_s: float, share: Array | float, rate: Array | float) -> Array:
    """What position and velocity are after dt_s (...) [s], of both axes alike: (..., 2, 4).

    The columns: of position, velocity, the new target and the last one. share: (...) of the new
    target in what is followed at first, the rest is the last one's; rate: by which that share grows
    meanwhile [1/s]
    """
    gone = -np.expm1(-dt_s / lag_s)
    glide = lag_s * gone
    late = dt_s - glide
    move = np.zeros((*dt_s.shape, 2, 4))
    move[..., 0, 0] = 1.0
    move[..., 0, 1] = glide
    move[..., 0, 2] = further = share * late + rate * (0.5 * np.square(dt_s) - lag_s * late)
    move[..., 0, 3] = late - further
    move[..., 1, 1] = 1.0 - gone
    move[..., 1, 2] = faster = share * gone + rate * late
    move[..., 1, 3] = gone - faster
    return move


def then(first: Array, second: Array) -> Array:
    """One move (..., 2, 4) after the other, under the same targets."""
    both = second[..., :2] @ first
    both[..., 2:] += second[..., 2:]
    return np.asarray(both)


def jolted(dt_s: Array, lag_s: float) -> Array:
    """What a velocity's random walk of intensity 1 leaves of itself after dt_s (B,) [s] of the lag.

    The covariance of place and velocity, of both axes alike (an integrated Ornstein-Uhlenbeck
    process): (B, 2, 2).
    """
    gone = -np.expm1(-dt_s / lag_s)
    gone_twice = -np.expm1(-2.0 * dt_s / lag_s)
    found = np.empty((*dt_s.shape, 2, 2))
    found[..., 0, 0] = lag_s**2 * (dt_s - 2.0 * lag_s * gone + 0.5 * lag_s * gone_twice)
    found[..., 0, 1] = found[..., 1, 0] = 0.5 * lag_s**2 * np.square(gone)
    found[..., 1, 1] = 0.5 * lag_s * gone_twice
    return found
