"""Where things stand, as vectors from the robot's centre: the nearest of them, whichever way."""

from __future__ import annotations

import math

import numpy as np

from bisirl_ros.core.arrays import Array

SECTORS = 16
"""Directions told apart: what a nearer thing of the same direction hides is at most 22 deg off."""
TINY_M = 1e-12


def none() -> Array:
    """Nothing anywhere: (0, 2)."""
    return np.zeros((0, 2))


def nearest(offsets: Array) -> tuple[float, tuple[float, float]]:
    """Distance [m] of the nearest of (N, 2) [m], and the unit vector x, y towards it.

    Of nothing: inf, and no direction.
    """
    if not len(offsets):
        return math.inf, (0.0, 0.0)
    far = np.hypot(offsets[:, 0], offsets[:, 1])
    index = int(far.argmin())
    gap, (x, y) = float(far[index]), offsets[index].tolist()
    return gap, (x / max(gap, TINY_M), y / max(gap, TINY_M))


def each_way(offsets: Array, sectors: int = SECTORS) -> Array:
    """The nearest of (N, 2) [m] in each direction that has any: (O, 3), O <= sectors.

    Rows: distance [m], unit vector x, y towards it; the nearest first, which is `nearest`.
    """
    far = np.hypot(offsets[:, 0], offsets[:, 1])
    turn = np.arctan2(offsets[:, 1], offsets[:, 0]) / math.tau + 0.5
    sector = (turn * sectors).astype(int) % sectors
    least = np.full(sectors, math.inf)
    np.minimum.at(least, sector, far)
    found = np.flatnonzero(far == least[sector])
    found = found[np.unique(sector[found], return_index=True)[1]]
    found = found[far[found].argsort(kind="stable")]
    return np.column_stack([far[found], offsets[found] / far[found, None].clip(min=TINY_M)])


def clear_of(offsets: Array, others: Array, within_m: float) -> Array:
    """Those of (N, 2) that are further than within_m from each of `others` (P, 2) [m]."""
    x, y, kept = offsets[:, 0], offsets[:, 1], np.ones(len(offsets), bool)
    for at_x, at_y in others.tolist():
        kept &= np.square(x - at_x) + np.square(y - at_y) > within_m**2
    return np.asarray(offsets[kept])
