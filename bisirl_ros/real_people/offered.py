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
    every = np.concatenate(about, 1)
    density = following * _density(every - velocity[:, None], SCALE_MPS)
    density += stopping * _density(every, STOPPING_MPS)
    fast = np.linalg.norm(every, axis=-1) > max_speed
    return Offered(every, np.where(fast, -np.inf, -np.log(density)))


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
