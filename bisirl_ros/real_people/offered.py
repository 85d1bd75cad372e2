"""Velocities that stand for all that somebody might have chosen: dense where people do choose.

Most go on as they walk and many stop: half of the points follow a bivariate t about the present
velocity, the others about standing. Each stands for the area 1 / (sum of both designs' densities),
the balance heuristic (Veach and Guibas 1995), so that a smooth density's integral is right whatever
it peaks at; points of a design are spread evenly (Vogel's spiral through the t's quantiles).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array

SCALE_MPS, STOPPING_MPS = 0.15, 0.08
"""Of either t, with two degrees of freedom [m/s]."""


@dataclass(frozen=True)
class Offered:
    """velocity: (N, K, 2) [m/s]; log_area: (N, K) log of [m^2/s^2], -inf beyond the fastest."""

    velocity: Array
    log_area: Array


def offered(velocity: Array, max_speed: float, following: int = 220, stopping: int = 60) -> Offered:
    """For people who walk at velocity (N, 2): K = following + stopping each."""
    about = [
        velocity[:, None] + _spiral(SCALE_MPS, following),
        np.broadcast_to(_spiral(STOPPING_MPS, stopping), (len(velocity), stopping, 2)),
    ]
    return _weighed(velocity, np.concatenate(about, 1), (following, stopping), max_speed)


def drawn_at_random(
    velocity: Array, max_speed: float, rng: np.random.Generator, count: int = 70
) -> Offered:
    """As `offered`, of points drawn from both t's, `count` of each: K = 2 count."""
    size = (len(velocity), count)
    about = [
        velocity[:, None] + _at_random(SCALE_MPS, size, rng),
        _at_random(STOPPING_MPS, size, rng),
    ]
    return _weighed(velocity, np.concatenate(about, 1), (count, count), max_speed)


def _weighed(velocity: Array, every: Array, counts: tuple[int, int], max_speed: float) -> Offered:
    """Points (N, K, 2), so many of them of each design, and what they stand for."""
    density = counts[0] * _density(every - velocity[:, None], SCALE_MPS)
    density += counts[1] * _density(every, STOPPING_MPS)
    fast = np.linalg.norm(every, axis=-1) > max_speed
    return Offered(every, np.where(fast, -np.inf, -np.log(density)))


def _at_random(scale: float, size: tuple[int, int], rng: np.random.Generator) -> Array:
    share, angle = rng.random(size), 2.0 * math.pi * rng.random(size)
    radius = scale * np.sqrt(2.0 * share / (1.0 - share))
    return np.asarray(radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1))


def _spiral(scale: float, count: int) -> Array:
    """Points of equal probability under the t: (count, 2)."""
    index = np.arange(count) + 0.5
    share = index / count
    radius = scale * np.sqrt(2.0 * share / (1.0 - share))
    angle = index * math.pi * (3.0 - math.sqrt(5.0))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)


def _density(off: Array, scale: float) -> Array:
    """Of a bivariate t with two degrees of freedom: (...,)."""
    far = np.square(off).sum(-1) / (2.0 * scale**2)
    return np.asarray(1.0 / (2.0 * math.pi * scale**2 * np.square(1.0 + far)))
