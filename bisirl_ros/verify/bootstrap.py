"""How far a mean over games or repetitions would move if they were drawn again."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array

DRAWS = 2000


def bootstrap_mean(values: Array | list[float], seed: int = 0) -> list[float]:
    """95 % percentile interval [low, high] of the mean of values (R,), infinite ones included.

    The same seed redraws the same repetitions: intervals of several figures are paired.
    """
    found = np.asarray(values, float)
    rows = np.random.default_rng(seed).integers(len(found), size=(DRAWS, len(found)))
    ends = np.percentile(found[rows].mean(1), [2.5, 97.5], method="nearest")
    return [float(end) for end in ends]
