"""What of a frame of detections can be used, in an order that the detector has no say in."""

from __future__ import annotations

import collections
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.tracking.noise import told

LARGEST_M = 1e6
MOST_DETECTIONS = 1000
MOST_NOISE_M = 10.0
LEAST_NOISE_M = 0.03
"""A body sways by so much about whatever point of it a detector means, however sharp it sees."""


@dataclass(frozen=True)
class Detections:
    """Usable detections of one moment, sorted by where they are.

    index: (N,) their places in the frame as it came; positions: (N, 2) [m]
    noise: (N, 2, 2) covariance of the positions, at least LEAST_NOISE_M's [m^2]
    """

    index: NDArray[np.intp]
    positions: Array
    noise: Array

    def __len__(self) -> int:
        return len(self.index)


def usable(
    positions: Array,
    covariances: Array | None,
    untold_m: float,
    refused: collections.Counter[str],
    unusable: collections.Counter[str],
) -> Detections:
    """The detections of a frame that can be somebody.

    positions: (N, 2) [m]; covariances: (N, 2, 2) [m^2] or None
    untold_m: standard deviation per axis where no covariance is told that can be one [m]
    refused: counts detections left out: "not_finite", "absurd" (beyond LARGEST_M), "crowd" (more
    than MOST_DETECTIONS); unusable: counts covariances left out, see `noise.told`, and "too_wide",
    which count as MOST_NOISE_M
    Raises InputError for another shape.
    """
    places, spreads = _shaped(positions, covariances)
    finite = np.isfinite(places).all(1)
    sane = (np.abs(places) <= LARGEST_M).all(1)
    index = np.flatnonzero(sane)
    index = index[_order(places[index], None if spreads is None else spreads[index])]
    left_out = {
        "not_finite": int((~finite).sum()),
        "absurd": int((finite & ~sane).sum()),
        "crowd": len(index[MOST_DETECTIONS:]),
    }
    refused.update({why: count for why, count in left_out.items() if count})
    index = index[:MOST_DETECTIONS]
    noise = np.tile(untold_m**2 * np.eye(2), (len(index), 1, 1))
    if spreads is not None:
        for row, place in enumerate(index):
            found = told(spreads[place], unusable)
            if found is not None and np.abs(found).max() > MOST_NOISE_M**2:
                unusable["too_wide"] += 1
                found = MOST_NOISE_M**2 * np.eye(2)
            noise[row] = noise[row] if found is None else found
    return Detections(index, places[index], noise + LEAST_NOISE_M**2 * np.eye(2))


def _shaped(positions: Array, covariances: Array | None) -> tuple[Array, Array | None]:
    places = np.asarray(positions, float)
    places = places if places.size else places.reshape(0, 2)
    if places.ndim != 2 or places.shape[1] != 2:
        raise InputError(f"detections: positions have shape {places.shape}; give (N, 2), in metres")
    if covariances is None or not len(places):
        return places, None
    spreads = np.asarray(covariances, float)
    if spreads.shape != (len(places), 2, 2):
        raise InputError(
            f"detections: covariances have shape {spreads.shape};"
            f" give ({len(places)}, 2, 2), one for each position, or None"
        )
    return places, spreads


def _order(places: Array, spreads: Array | None) -> NDArray[np.intp]:
    """By x, then y, then covariance: the same for the same detections, however they come."""
    keys = [places[:, 1], places[:, 0]]
    if spreads is not None:
        keys = [*spreads.reshape(-1, 4).T, *keys]
    return np.lexsort(keys)
