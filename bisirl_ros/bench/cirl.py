"""A Bayes belief over finitely many rewards, in place of the double loop's estimate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from bisirl_ros.bench.other_estimate import OtherEstimate
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.true_weights import true_weights

HYPOTHESES = 64
ELSEWHERE = 1_000_003
"""Seed of the hypotheses: nobody's truth is among them."""


class CirlSolver(OtherEstimate):
    """Plans for the belief's mean.

    After cooperative inverse RL (Hadfield-Menell et al. 2016), whose robot plans in the belief's
    own space; here what it will learn later does not enter the plan. The hypotheses are draws of
    the scenario's population: it is told how people are, which BISIRL is not.
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> None:
        super().__init__(scenario, policy, **settings)
        self.hypotheses = true_weights(scenario, seed=ELSEWHERE, count=HYPOTHESES)

    def belief(self, part: Evidence) -> Array:
        """Of each hypothesis, given somebody's interactions and an even prior: (M,)."""
        log = np.array([-_surprise(part, theta) for theta in self.hypotheses])
        weight = np.exp(log - log.max())
        return np.asarray(weight / weight.sum())

    def estimated(self, evidence: Posterior) -> Mapping[str, Array]:
        """The belief's mean of everybody met."""
        return {
            name: self.belief(evidence.parts[name]) @ self.hypotheses
            for name in evidence.identities
        }


def _surprise(part: Evidence, theta: Array) -> float:
    """What the interactions alone say, without the Gaussian prior of the double loop."""
    off = theta - part.prior_mean
    return part.value(theta) - 0.5 * float(off @ part.prior @ off)
