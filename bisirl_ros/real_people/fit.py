"""The reward that explains walks best, with what is not known of it (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import (
    LowerLevelResult,
    is_positive_definite,
    solve_lower_level,
)
from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.real_people.likelihood import WalksLikelihood

PRIOR_PRECISION = 0.01
"""Of every weight around 0: a deviation of 10."""
TOLERANCE = 1e-5
"""Of the gradient's length, per walk."""


@dataclass(frozen=True)
class Fit:
    """theta: (n,), the posterior's mode; covariance: (n, n) clustered, see `clustered`

    laplace: (n, n) as the model has it; clusters: how many; result: of the search
    """

    theta: Array
    covariance: Array
    laplace: Array
    clusters: int
    result: LowerLevelResult

    @property
    def deviation(self) -> Array:
        """(n,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


@dataclass(frozen=True)
class _Posterior:
    """N g: the negative log posterior."""

    of: WalksLikelihood

    def value(self, theta: Array) -> float:
        return self.of.value(theta) + 0.5 * PRIOR_PRECISION * float(theta @ theta)

    def gradient(self, theta: Array) -> Array:
        return self.of.gradient(theta) + PRIOR_PRECISION * theta

    def hessian(self, theta: Array) -> Array:
        return self.of.hessian(theta) + PRIOR_PRECISION * np.eye(len(theta))

    def fisher(self, theta: Array) -> Array:
        return self.of.fisher(theta) + PRIOR_PRECISION * np.eye(len(theta))


def fit(
    likelihood: WalksLikelihood,
    start: Array | None = None,
    clusters: Sequence[Hashable] | None = None,
) -> Fit:
    """Newton's minimum from `start` (n,), None: from indifference, but for a pull to the goal.

    clusters: (W,) whose each walk is; None: everybody's own
    """
    names = [feature.name for feature in likelihood.looked.person.features]
    begin = np.array([float(name == "progress") for name in names]) if start is None else start
    posterior = _Posterior(likelihood)
    walks = len(likelihood.walks.scene)
    result = solve_lower_level(posterior, begin, trajectories=walks, tolerance=TOLERANCE)
    theta = result.theta
    curvature = posterior.hessian(theta)
    if not is_positive_definite(curvature):  # goals that are not known may bend it down
        curvature = posterior.fisher(theta)
    laplace = np.linalg.inv(curvature)
    laplace = 0.5 * (laplace + laplace.T)
    whose = range(walks) if clusters is None else clusters
    covariance = clustered(laplace, likelihood.scores(theta), whose)
    return Fit(theta, covariance, laplace, len(set(whose)), result)


def resampled(
    likelihood: WalksLikelihood,
    theta: Array,
    clusters: Sequence[Hashable],
    rng: np.random.Generator,
) -> Array:
    """The mode for as many clusters (W,), drawn with replacement, whole: (n,); theta: that of all.

    The bootstrap over clusters (Efron 1979; Cameron and Miller 2015, section VI.C).
    """
    number = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    drawn = rng.multinomial(len(number), np.full(len(number), 1.0 / len(number)))
    times = drawn[[number[name] for name in clusters]].astype(float)
    posterior, walks = _Posterior(likelihood.counted(times)), int(times.sum())
    return solve_lower_level(posterior, theta, trajectories=walks, tolerance=TOLERANCE).theta


def clustered(laplace: Array, scores: Array, clusters: Sequence[Hashable]) -> Array:
    """The sandwich H^-1 B H^-1 with scores (W, n) summed by cluster, nowhere below H^-1: (n, n).

    With G clusters B is widened by G / (G - 1), and all so that 1.96 deviations are what Student's
    t asks for (Cameron and Miller 2015, section VI). Of what nobody shows, H^-1 is the prior's.
    """
    number = {name: i for i, name in enumerate(dict.fromkeys(clusters))}
    total = np.zeros((len(number), scores.shape[1]))
    np.add.at(total, [number[name] for name in clusters], scores)
    groups = len(number)
    if groups < 2:
        return laplace
    wider = (t.ppf(0.975, groups - 1) / NORMAL_95) ** 2 * groups / (groups - 1)
    root = np.linalg.cholesky(laplace)  # all below is in its directions
    sizes, along = np.linalg.eigh(wider * root.T @ (total.T @ total) @ root)
    half = root @ along
    return np.asarray((half * np.maximum(sizes, 1.0)) @ half.T)
