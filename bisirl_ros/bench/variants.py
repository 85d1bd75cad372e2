"""Learners that differ from BISIRL in one thing: the game that they believe to be in (section 7).

Each is a `CrowdSolver`, so that loop, optimiser, policy, imagination and data are the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.solver import Collected
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.crowd.solver import CrowdSolver


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
