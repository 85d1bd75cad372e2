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
    return percentile_interval(found[rows].mean(1))


def bootstrap_iqm(scores: Array, seed: int = 0) -> list[float]:
    """95 % percentile interval [low, high] of the interquartile mean of scores (R, M).

    Stratified (Agarwal et al. 2021, section 4): the R runs are redrawn in each of the M scenarios
    by itself, so that no draw leaves a scenario out.
    """
    found = np.asarray(scores, float)
    rows = np.random.default_rng(seed).integers(len(found), size=(DRAWS, *found.shape))
    drawn = np.take_along_axis(found[None], rows, axis=1)
    return percentile_interval(interquartile_mean(drawn.reshape(DRAWS, -1)))


def interquartile_mean(scores: Array) -> Array:
    """Mean of the middle half of scores (..., N): (...,) (Agarwal et al. 2021, section 4).

    floor(N / 4) values are cut at each end, as `scipy.stats.trim_mean` does.
    """
    ordered = np.sort(scores, axis=-1)
    cut = ordered.shape[-1] // 4
    return np.asarray(ordered[..., cut : ordered.shape[-1] - cut].mean(-1))


def percentile_interval(draws: Array) -> list[float]:
    """The middle 95 % of redrawn figures (DRAWS,): [low, high], each one that was drawn."""
    return [float(end) for end in np.percentile(draws, [2.5, 97.5], method="nearest")]
