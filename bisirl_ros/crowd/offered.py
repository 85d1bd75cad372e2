"""Velocities that stand for all that somebody might have chosen: dense where choices are narrow.

A choice may be far narrower than an even set of points over the disc lies apart; what falls between
them is then missing from the likelihood's normaliser, and ever sharper rewards explain ever more.
So more points follow bivariate t's about where a choice may peak. Each point, even or not, stands
for its own area times its design's share of all designs' densities there (the balance heuristic:
Veach and Guibas 1995), a smooth partition of one: a smooth density's integral is right whatever it
peaks at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import STANDING, Candidates

CENTRE = 0.25
"""Of a design's first point, the part that stands at its centre."""


@dataclass(frozen=True)
class Design:
    """Points that follow a bivariate t with two degrees of freedom: its scale [m/s], how many."""

    scale: float
    count: int

    def even(self, centre: Array) -> Array:
        """About centre (..., 2), of equal probability (Vogel's spiral): (..., 1 + count, 2).

        The centre comes first, with a part of the first point: however narrow a choice is, what was
        done exactly is counted.
        """
        index = np.arange(self.count) + 0.5
        index[0] /= 1.0 - CENTRE  # so that both have the mean of one
        angle = index * math.pi * (3.0 - math.sqrt(5.0))
        spiral = centre[..., None, :] + self._at(index / self.count, angle)
        return np.concatenate([centre[..., None, :], spiral], -2)

    @property
    def log_part(self) -> Array:
        """Of even points, log of what each is of one in `points_per_area`: (1 + count,)."""
        return np.log([CENTRE, 1.0 - CENTRE, *np.ones(self.count - 1)])

    def drawn(self, centre: Array, rng: np.random.Generator) -> Array:
        """About centre (..., 2), at random: (..., count, 2)."""
        size = (*centre.shape[:-1], self.count)
        share, angle = rng.random(size), 2.0 * math.pi * rng.random(size)
        return np.asarray(centre[..., None, :] + self._at(share, angle))

    def points_per_area(self, off: Array) -> Array:
        """Its points in a unit of velocity space [s^2/m^2], this (..., 2) off the centre: (...)."""
        far = np.square(off).sum(-1) / (2.0 * self.scale**2)
        return np.asarray(self.count / (2.0 * math.pi * self.scale**2 * np.square(1.0 + far)))

    def _at(self, share: Array, angle: Array) -> Array:
        radius = self.scale * np.sqrt(2.0 * share / (1.0 - share))
        return np.asarray(radius[..., None] * np.stack([np.cos(angle), np.sin(angle)], -1))


About = Sequence[tuple[Design, Array]]
"""Designs, and the centre (..., 2) of each."""


@dataclass(frozen=True)
class Offered:
    """velocity: (..., K, 2) [m/s]; log_area: (..., K) log of [m^2/s^2], -inf: not to be chosen."""

    velocity: Array
    log_area: Array


def balanced(about: About, points: Array, max_speed: float, log_part: Array | float) -> Offered:
    """Points (..., K, 2) of all designs, and what each stands for; none beyond max_speed.

    log_part: (K,) of each point, 0 for one that counts whole
    """
    fast = np.linalg.norm(points, axis=-1) > max_speed
    return Offered(points, np.where(fast, -np.inf, log_part - np.log(_per_area(about, points))))


def _per_area(about: About, points: Array) -> Array:
    each = [design.points_per_area(points - centre[..., None, :]) for design, centre in about]
    return np.asarray(sum(each))


NARROW: Final = (Design(0.15, 50), Design(0.03, 20))
"""About going on as one walks, and about what was chosen: with 221 even points, the log of a
Gaussian's integral is off by .01 on average from as narrow as .015 m/s to as wide as the disc, and
by up to .5 at one narrow choice."""

APART_MPS: Final = 1.0 / math.sqrt(sum(d.points_per_area(np.zeros(2)) for d in NARROW))
"""How far they lie apart there [m/s]."""


class Choosable:
    """An even set on the disc, and points about going on and about what was chosen.

    Going on and what was chosen, moved onto the disc, are among them. To stand stays one candidate,
    for all speeds below STANDING.

    even: as `gauss_disc` makes it, to stand its first
    """

    def __init__(self, even: Candidates, max_speed: float) -> None:
        self._velocity = even.velocity.double().cpu().numpy()
        self._log_area = even.log_area.double().cpu().numpy()
        self._per_area = len(even) / (math.pi * max_speed**2)
        self._most = max_speed

    def offered(self, going_on: Array, chosen: Array) -> Offered:
        """To people who walk at going_on (..., 2) and chose chosen (..., 2), about."""
        centres = [self._on_disc(centre) for centre in (going_on, chosen)]
        about = [(design, centre) for centre in centres for design in NARROW]
        even = np.broadcast_to(self._velocity, (*going_on.shape[:-1], *self._velocity.shape))
        points = np.concatenate([even, *(design.even(centre) for design, centre in about)], -2)
        own = np.concatenate(
            [self._log_area + math.log(self._per_area), *(d.log_part for d, _ in about)]
        )
        log_area = own - np.log(self._per_area + _per_area(about, points))
        speed = np.linalg.norm(points, axis=-1)
        log_area[(speed < STANDING) | (speed > self._most)] = -np.inf
        log_area[..., 0] = self._log_area[0]
        return Offered(points, log_area)

    def _on_disc(self, velocity: Array) -> Array:
        speed = np.linalg.norm(velocity, axis=-1, keepdims=True)
        return np.asarray(velocity * np.minimum(1.0, self._most / np.maximum(speed, 1e-12)))
