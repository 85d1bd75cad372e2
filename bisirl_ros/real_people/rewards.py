"""Rewards of each person, of each scene and of people (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.pooled_prior import Hyperprior, PooledPrior, pooled_prior
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import PRIOR_PRECISION, Fit
from bisirl_ros.real_people.held_out import DESTINATIONS, learned
from bisirl_ros.real_people.likelihood import WalksLikelihood

LEAST_DECISIONS: Final = 5
"""For each weight, that a scene is fitted by itself."""


@dataclass(frozen=True)
class Estimate:
    """theta, deviation: (n,); decisions: how many taught it."""

    theta: Array
    deviation: Array
    decisions: int


@dataclass(frozen=True)
class Rewards:
    """all: one reward for everybody; prior: how people differ, of whom somebody new is one

    people: by "scene, person"; scenes: by scene, of those with decisions enough
    dispersion: how much larger variances between people are than the model has it
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
    ratio = np.diag(everybody.covariance) / np.diag(everybody.laplace)
    dispersion = max(1.0, float(ratio.mean()))
    prior, people = _of_people(likelihood, everybody.theta, dispersion)
    scenes = {}
    for scene in walks.scenes:
        own = chosen.of(walks.in_scenes([scene]))
        if len(own.walks) >= LEAST_DECISIONS * len(everybody.theta):
            found = learned(own, known, everybody.theta)
            scenes[scene] = Estimate(found.theta, found.deviation, len(own.walks))
    names = chosen.looked.person.feature_names
    return Rewards(names, everybody, prior, people, scenes, dispersion)


def _of_people(
    likelihood: WalksLikelihood, theta: Array, dispersion: float
) -> tuple[PooledPrior, dict[str, Estimate]]:
    """Each person's walks as the Gaussian that their likelihood is at theta, and the pooled prior.

    dispersion: by which what walks say is divided (quasi-likelihood: McCullagh and Nelder 1989, 9)
    """
    walks = likelihood.walks
    order = list(dict.fromkeys(walks.whose))
    number = np.array([order.index(who) for who in walks.whose])
    said, score = likelihood.information(theta), likelihood.scores(theta)
    precisions = np.zeros((len(order), len(theta), len(theta)))
    pulls = np.zeros((len(order), len(theta)))
    np.add.at(precisions, number, said / dispersion)
    np.add.at(pulls, number, score / dispersion)
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
