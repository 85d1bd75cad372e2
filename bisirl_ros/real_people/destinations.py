"""Where people of a room may be going, by where walks that are learned from ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.cluster.vq import kmeans2  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array

NOWHERE: Final = 0.1
"""Share of people who go to none of them: they have no goal, and make no progress."""
RESTARTS: Final = 8


@dataclass(frozen=True)
class Destinations:
    """places: (G, 2) [m]; log_prior: (G + 1,) of each, and last of going to none of them."""

    places: Array
    log_prior: Array

    @staticmethod
    def of(ends: Array, count: int) -> Destinations:
        """The middles of `count` groups of the ends (W, 2) of walks; the best of RESTARTS k-means.

        A goal is as probable as walks ended there, one more each; count 0: nobody has one.
        """
        if count == 0:
            return Destinations(np.zeros((0, 2)), np.zeros(1))
        count = min(count, len(np.unique(ends, axis=0)))
        found = [kmeans2(ends, count, seed=seed, minit="++") for seed in range(RESTARTS)]
        places, label = min(found, key=lambda one: _scatter(ends, *one))
        often = np.bincount(label, minlength=count) + 1.0
        shares = np.append((1.0 - NOWHERE) * often / often.sum(), NOWHERE)
        return Destinations(np.asarray(places), np.log(shares))


def _scatter(ends: Array, places: Array, label: Array) -> float:
    return float(np.square(ends - places[label]).sum())
