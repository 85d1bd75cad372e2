"""Learners that differ from BISIRL in one thing: the game that they believe to be in (section 7).

Each is a `CrowdSolver`, so that loop, optimiser, policy, imagination and data are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.core.solver import Collected
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights

HYPOTHESES = 64
ELSEWHERE = 1_000_003
"""Seed of the hypotheses: nobody's truth is among them."""


class PassiveSolver(CrowdSolver):
    """People are explained and imagined as if they were alone: the expert of passive IRL.

    theta*(phi) is the same for every phi then, so use the `first-order` hypergradient.
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> None:
        alone = {**settings, "learn_structure": False}  # a robot that is not seen is not foreseen
        super().__init__(scenario, policy, answered=False, **alone)

    def likelihood(
        self, batch: Decisions, phi: Tensor, before: Collected[Decisions] = ()
    ) -> PeopleLikelihood:
        """The batch's choices, with the robot out of sight."""
        moments, horizon = len(batch.robot), self.model.scenario.person.horizon
        away = np.full((moments, horizon + 1, 6), AWAY_M)
        return super().likelihood(replace(batch, robot_future=away), phi, before)


def no_anticipation(scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> CrowdSolver:
    """What people do is taken as it comes: d_phi f leaves their response out (section 3)."""
    return CrowdSolver(scenario, policy, through=Through.NOTHING, **settings)


def behaviour_cloning(
    scenario: Scenario, policy: InteractionPolicy, **settings: Any
) -> CrowdSolver:
    """A softmax over candidates, linear in what one decision changes; fitted to the decisions.

    It has no foresight and knows no reward: of r_l it plans for r_task alone.
    """
    myopic = replace(scenario.person, horizon=1)
    task = replace(scenario.task, kappa=0.0)
    return CrowdSolver(replace(scenario, person=myopic, task=task), policy, **settings)


class CirlSolver(CrowdSolver):
    """A Bayes belief over finitely many rewards; plans for its mean.

    After cooperative inverse RL (Hadfield-Menell et al. 2016), whose robot plans in the belief's
    own space; here what it will learn later does not enter the plan. The hypotheses are draws of
    the scenario's population: it is told how people are, which BISIRL is not. Their belief is no
    differentiable function of phi: use the `first-order` hypergradient.

    estimate: the belief's mean of everybody met, by identity
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> None:
        super().__init__(scenario, policy, **settings)
        self.hypotheses = true_weights(scenario, seed=ELSEWHERE, count=HYPOTHESES)
        self.estimate: dict[str, Array] = {}

    def belief(self, part: Evidence) -> Array:
        """Of each hypothesis, given somebody's interactions and an even prior: (M,)."""
        log = np.array([-_surprise(part, theta) for theta in self.hypotheses])
        weight = np.exp(log - log.max())
        return np.asarray(weight / weight.sum())

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """See `CrowdSolver.outer_terms`; theta is the belief's mean."""
        mean = self._mean(theta, evidence)
        return super().outer_terms(phi, mean, evidence, recent, rng, beta_i)

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """See `CrowdSolver.returns`; theta is the belief's mean."""
        mean = self._mean(theta, evidence)
        return super().returns(phi, mean, evidence, recent, episodes, rng)

    def _mean(self, theta: Array, evidence: Posterior) -> Array:
        self.estimate = {
            name: self.belief(evidence.parts[name]) @ self.hypotheses
            for name in evidence.identities
        }
        return evidence.exchanged(theta, self.estimate)


def _surprise(part: Evidence, theta: Array) -> float:
    """What the interactions alone say, without the Gaussian prior of the double loop."""
    off = theta - part.prior_mean
    return part.value(theta) - 0.5 * float(off @ part.prior @ off)
