"""Velocities that stand for all that somebody might have chosen: dense where people do choose.

Most go on as they walk and many stop: half of the points follow a bivariate t about the present
velocity, the others about standing. Each stands for the area 1 / (sum of both designs' densities),
the balance heuristic (Veach and Guibas 1995), so that a smooth density's integral is right whatever
it peaks at; points of a design are spread evenly (Vogel's spiral through the t's quantiles).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class Design:
    """Points that follow a bivariate t with two degrees of freedom.

    share: of the present velocity that it is about, 1 going on, 0 standing; scale: [m/s]
    count: so many points
    """

    share: float
    scale: float
    count: int


DESIGNS: Final = (
    Design(1.0, 0.15, 220),
    Design(1.0, 0.02, 50),
    Design(0.0, 0.08, 60),
    Design(0.0, 0.015, 40),
)
DRAWN: Final = (
    Design(1.0, 0.15, 50),
    Design(1.0, 0.02, 30),
    Design(0.0, 0.08, 35),
    Design(0.0, 0.015, 25),
)
"""Of what is offered evenly, and of what is drawn at random; the narrow ones carry peaks as narrow
as positions are rounded."""


@dataclass(frozen=True)
class Offered:
    """velocity: (N, K, 2) [m/s]; log_area: (N, K) log of [m^2/s^2], -inf beyond the fastest."""

    velocity: Array
    log_area: Array


def offered(velocity: Array, max_speed: float, designs: Sequence[Design] = DESIGNS) -> Offered:
    """For people who walk at velocity (N, 2): as many as all designs have, each."""
    about = [of.share * velocity[:, None] + _spiral(of.scale, of.count) for of in designs]
    return _weighed(velocity, np.concatenate(about, 1), designs, max_speed)


def drawn_at_random(
    velocity: Array, max_speed: float, rng: np.random.Generator, designs: Sequence[Design] = DRAWN
) -> Offered:
    """As `offered`, of points that are drawn."""
    about = [
        of.share * velocity[:, None] + _at_random(of.scale, (len(velocity), of.count), rng)
        for of in designs
    ]
    return _weighed(velocity, np.concatenate(about, 1), designs, max_speed)


def _weighed(velocity: Array, every: Array, designs: Sequence[Design], max_speed: float) -> Offered:
    """Points (N, K, 2) of all designs, and what they stand for."""
    density = sum(
        of.count * _density(every - of.share * velocity[:, None], of.scale) for of in designs
    )
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
