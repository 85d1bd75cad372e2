"""How a body that lags moves towards what it is told, exactly."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array


def lagging(dt_s: Array, lag_s: float, share: Array | float, rate: Array | float) -> Array:
    """What position and velocity are after dt_s (B,) [s], of both axes alike: (B, 2, 4).

    The columns: of position, velocity, the new target and the last one. share: (B,) of the new
    target in what is followed at first, the rest is the last one's; rate: by which that share grows
    meanwhile [1/s]
    """
    gone = -np.expm1(-dt_s / lag_s)
    glide = lag_s * gone
    late = dt_s - glide
    further = share * late + rate * (0.5 * np.square(dt_s) - lag_s * late)
    faster = share * gone + rate * late
    one, zero = np.ones_like(dt_s), np.zeros_like(dt_s)
    position = [one, glide, further, late - further]
    velocity = [zero, 1.0 - gone, faster, gone - faster]
    return np.array([position, velocity]).transpose(2, 0, 1)


def jolted(dt_s: Array, lag_s: float) -> tuple[Array, Array, Array]:
    """What a velocity's random walk of intensity 1 leaves of itself after dt_s (B,) [s] of the lag.

    Variance of the place, its covariance with the velocity, and the velocity's variance: (B,) each
    (an integrated Ornstein-Uhlenbeck process).
    """
    gone = -np.expm1(-dt_s / lag_s)
    gone_twice = -np.expm1(-2.0 * dt_s / lag_s)
    place = lag_s**2 * (dt_s - 2.0 * lag_s * gone + 0.5 * lag_s * gone_twice)
    return place, 0.5 * lag_s**2 * np.square(gone), 0.5 * lag_s * gone_twice
