"""Which method is better, and how sure that is: over seeds, and across scenarios."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.metrics.bootstrap import bootstrap_iqm, bootstrap_mean, interquartile_mean


@dataclass(frozen=True)
class Spread:
    """One figure over n seeds: mean, sample standard deviation (nan of one), 95 % interval.

    interval: percentile bootstrap of the mean, low and high
    """

    n: int
    mean: float
    sd: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Paired:
    """A method against one baseline: difference method - baseline over the pairs.

    p: of the Wilcoxon signed-rank test, two-sided; p_holm: for all baselines of the comparison
    """

    difference: Spread
    p: float
    p_holm: float


@dataclass(frozen=True)
class Interquartile:
    """Interquartile mean over runs and scenarios, and its 95 % stratified bootstrap interval."""

    mean: float
    interval: tuple[float, float]


def spread(values: Array | list[float], seed: int = 0) -> Spread:
    """Mean, sd and interval of values (R,); seed: of the redraws.

    Raises InputError where there is no value or one is not finite.
    """
    found = _finite("values", values, 1)
    sd = float(found.std(ddof=1)) if len(found) > 1 else math.nan
    low, high = bootstrap_mean(found, seed)
    return Spread(len(found), float(found.mean()), sd, (low, high))


def against_baselines(
    method: Array, baselines: Mapping[str, Array], seed: int = 0
) -> dict[str, Paired]:
    """A method against each baseline on the same seeds or scenarios (Demsar 2006, s. 3.1.3, 3.2.2).

    Wilcoxon 1945, with Holm's correction for the number of baselines. With fewer than six pairs no
    difference is significant at 5 %, whatever its size.

    method: (R,); baselines: (R,) each, paired by place
    Raises InputError where lengths differ or a value is not finite.
    """
    ours = _finite("method", method, 1)
    apart = {}
    for name, values in baselines.items():
        theirs = _finite(name, values, 1)
        if theirs.shape != ours.shape:
            raise InputError(f"{name} has shape {theirs.shape}; it must be {ours.shape}, in pairs")
        apart[name] = ours - theirs
    p_values = [signed_rank_p(difference) for difference in apart.values()]
    return {
        name: Paired(spread(difference, seed), p, p_holm)
        for (name, difference), p, p_holm in zip(
            apart.items(), p_values, holm(p_values), strict=True
        )
    }


def signed_rank_p(difference: Array) -> float:
    """Two-sided p of Wilcoxon's signed-rank test of difference (R,); 1 where all are zero.

    Zeros are left out (Wilcoxon 1945); exact up to 50 pairs without ties, and up to 13 with them.
    """
    from scipy.stats import wilcoxon  # type: ignore[import-untyped]

    moved = difference[difference != 0.0]
    return float(wilcoxon(moved).pvalue) if len(moved) else 1.0


def holm(p_values: list[float] | Array) -> list[float]:
    """Adjusted p of Holm 1979, in the order given: reject those at most alpha.

    The i-th smallest of m counts m - i + 1 fold, and no less than those before it.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0.0) & (p <= 1.0)):
        raise InputError(f"p_values = {p_values}: must be a list of numbers in [0, 1]")
    order = np.argsort(p, kind="stable")
    grown = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(grown, 1.0)
    return [float(value) for value in adjusted]


def normalised(scores: Array, go_to_goal: Array, oracle: Array) -> Array:
    """Scores on the span from go-to-goal (0) to oracle (1) of each scenario: (R, M).

    Beyond both ends it goes on; nothing is clipped.

    scores: (R, M) of R runs in M scenarios; go_to_goal, oracle: mean scores (M,)
    Raises InputError where shapes do not fit, a value is not finite, or an oracle is not better.
    """
    found = _finite("scores", scores, 2)
    low, high = _finite("go_to_goal", go_to_goal, 1), _finite("oracle", oracle, 1)
    if not low.shape == high.shape == found.shape[1:]:
        rule = f"both must be {found.shape[1:]}, one a scenario"
        raise InputError(f"go_to_goal has shape {low.shape}, oracle {high.shape}; {rule}")
    if not np.all(high > low):
        at = int(np.argmin(high - low))
        raise InputError(
            f"scenario {at}: oracle {high[at]:g} is not above go_to_goal {low[at]:g}; "
            "it shows nothing, leave it out"
        )
    return np.asarray((found - low) / (high - low))


def interquartile(scores: Array, seed: int = 0) -> Interquartile:
    """Interquartile mean of normalised scores (R, M), all pooled (Agarwal et al. 2021).

    Raises InputError where there is no score or one is not finite.
    """
    found = _finite("scores", scores, 2)
    low, high = bootstrap_iqm(found, seed)
    return Interquartile(float(interquartile_mean(found.ravel())), (low, high))


def _finite(name: str, values: Array | list[float], ndim: int) -> Array:
    """As float64: not empty, finite, with `ndim` axes."""
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != ndim or found.size == 0:
        shape = {1: "(R,)", 2: "(R, M)"}[ndim]
        raise InputError(f"{name} has shape {found.shape}; it must be {shape}, not empty")
    if not np.isfinite(found).all():
        raise InputError(f"{name}: every entry must be finite")
    return found
