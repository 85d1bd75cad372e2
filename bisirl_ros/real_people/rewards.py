"""Rewards of each person, of each scene and of people (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.pooled_prior import Hyperprior, PooledPrior, pooled_prior
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import PRIOR_PRECISION, Fit, fit
from bisirl_ros.real_people.held_out import DESTINATIONS, learned
from bisirl_ros.real_people.likelihood import WalksLikelihood


@dataclass(frozen=True)
class Estimate:
    """theta, deviation: (n,); decisions: how many taught it."""

    theta: Array
    deviation: Array
    decisions: int


@dataclass(frozen=True)
class Rewards:
    """all: one reward for everybody; prior: how people differ, of whom somebody new is one

    people: by "scene, person"; scenes: by scene, of those with more walks than weights, clustered
    by walk; dispersion: how much more one person's walks vary than the model has it
    """

    features: tuple[str, ...]
    all: Fit
    prior: PooledPrior
    people: Mapping[str, Estimate]
    scenes: Mapping[str, Estimate]
    dispersion: float


def rewards(chosen: Chosen, destinations: int = DESTINATIONS) -> Rewards:
    """All of them, of all walks."""
    walks = chosen.walks
    known = Destinations.of(walks.end, destinations)
    everybody = learned(chosen, known)
    likelihood = WalksLikelihood(chosen, known)
    said, observed = likelihood.information(everybody.theta), likelihood.observed(everybody.theta)
    dispersion = _dispersion(likelihood.scores(everybody.theta), observed, walks.whose)
    weight = _kept(observed, said) / dispersion
    prior, people = _of_people(likelihood, everybody.theta, weight * said, weight)
    scenes = {}
    for scene in walks.scenes:
        own = chosen.of(walks.in_scenes([scene]))
        if len(own.walks.scene) > len(everybody.theta):
            found = fit(WalksLikelihood(own, known), everybody.theta)
            scenes[scene] = Estimate(found.theta, found.deviation, len(own.walks))
    names = chosen.looked.person.feature_names
    return Rewards(names, everybody, prior, people, scenes, dispersion)


def _dispersion(scores: Array, observed: Array, whose: Sequence[Hashable]) -> float:
    """How much more scores (W, n) vary from walk to walk of a person than observed (W, n, n) says.

    Of people with several walks: what people differ in is not counted; at least 1.
    """
    spread, said = np.zeros(observed.shape[1:]), np.zeros(observed.shape[1:])
    for who in dict.fromkeys(whose):
        own = np.array([name == who for name in whose])
        if (count := int(own.sum())) > 1:
            off = scores[own] - scores[own].mean(0)
            spread += count / (count - 1) * off.T @ off
            said += observed[own].sum(0)
    if not said.any():
        return 1.0
    return max(1.0, float(np.trace(np.linalg.pinv(said, hermitian=True) @ spread)) / len(said))


def _kept(observed: Array, said: Array) -> float:
    """Share of what walks would say (W, n, n), were goals known, that is left as they are not.

    Over all together: of one person the observed information need not be positive.
    """
    left = np.linalg.pinv(said.sum(0), hermitian=True) @ observed.sum(0)
    rank = np.linalg.matrix_rank(said.sum(0), hermitian=True)
    return float(np.clip(np.trace(left) / max(rank, 1), 0.01, 1.0))


def _of_people(
    likelihood: WalksLikelihood, theta: Array, said: Array, weight: float
) -> tuple[PooledPrior, dict[str, Estimate]]:
    """Each person's walks as the Gaussian that their likelihood is at theta, and the pooled prior.

    said: (W, n, n) what each walk says; weight: in it, and of its score, of what it would say, were
    goals known and did walks vary as the model has it
    (quasi-likelihood: McCullagh and Nelder 1989, chapter 9)
    """
    walks = likelihood.walks
    order = list(dict.fromkeys(walks.whose))
    number = np.array([order.index(who) for who in walks.whose])
    score = likelihood.scores(theta)
    precisions: Array = np.zeros((len(order), len(theta), len(theta)))
    pulls = np.zeros((len(order), len(theta)))
    np.add.at(precisions, number, said)
    np.add.at(pulls, number, weight * score)
    pulls += precisions @ theta
    prior = pooled_prior(pulls, precisions, Hyperprior.of(PRIOR_PRECISION))
    counts = np.bincount(number[walks.walk], minlength=len(order))
    people = {}
    for p, (scene, name) in enumerate(order):
        before = np.linalg.inv(prior.others_covariance[p])
        covariance = np.linalg.inv(before + precisions[p])
        mean = covariance @ (before @ prior.others_mean[p] + pulls[p])
        deviation = np.sqrt(np.diag(covariance))
        people[f"{scene}, {name}"] = Estimate(mean, deviation, int(counts[p]))
    return prior, people
