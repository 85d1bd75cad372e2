"""The expert's response: a softmax over candidate motions (FORMULATION sections 1 and 5b).

The human looks `H` decisions ahead along each candidate, against the closed-loop response of the
robot's deployed policy, and prefers what sums more reward.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.motion import human_path, human_step, robot_step
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario

RobotModel = Callable[[int, Tensor, Tensor], Tensor]
"""(decision h, robot (..., 5), human (..., 4)) -> robot one decision later (..., 5)."""


@dataclass(frozen=True)
class Expert:
    """How a human with linear reward theta . psi anticipates the robot.

    scenario: features psi, horizon, discount, bodies
    """

    scenario: Scenario

    def step(
        self, human: Tensor, target: Tensor, robot_tp1: Tensor, goal: Tensor
    ) -> tuple[Tensor, Tensor]:
        """One decision of the human: (human one decision later (..., 4), psi (..., n))."""
        sc = self.scenario
        human_tp1 = human_step(human, target, sc.human.lag_s, sc.decision_period_s)
        seen = Step(human, human_tp1, robot_tp1, goal, sc.decision_period_s)
        return human_tp1, psi(seen, sc.features, sc.human)

    def features(
        self, human: Tensor, robot: Tensor, targets: Tensor, model: RobotModel, goal: Tensor
    ) -> Tensor:
        """Phi_k = sum_h gamma^h psi_h along each candidate, held for H decisions: (B, K, n).

        human: (B, 4); robot: (B, 5); targets: (B or 1, K, 2) [m/s]; goal: (B or 1, 2) [m]
        """
        sc, count = self.scenario, targets.shape[-2]
        targets = targets.expand(len(human), count, 2)
        start = human[:, None, :].expand(-1, count, 4)
        path = human_path(start, targets, sc.human.lag_s, sc.decision_period_s, sc.horizon)
        robots, robot_h = [], robot[:, None, :].expand(-1, count, 5)
        for h, human_h in enumerate(path.unbind(-2)[:-1]):
            robot_h = model(h, robot_h, human_h)
            robots.append(robot_h)
        seen = Step(
            path[..., :-1, :],
            path[..., 1:, :],
            torch.stack(robots, -2),
            goal[:, None, None, :],
            sc.decision_period_s,
        )
        discounts = sc.discount ** torch.arange(sc.horizon, dtype=path.dtype, device=path.device)
        return torch.einsum("bkhn,h->bkn", psi(seen, sc.features, sc.human), discounts)


def closed_loop(policy: InteractionPolicy, phi: Tensor, scenario: Scenario) -> RobotModel:
    """The robot as it answers the human under pi_phi."""

    def model(h: int, robot: Tensor, human: Tensor) -> Tensor:
        command = policy(phi, robot, human)
        return robot_step(robot, command, scenario.robot, scenario.decision_period_s)

    return model


def recorded(future: Tensor) -> RobotModel:
    """The robot as it moved in a recording, whatever the human does.

    future: (B, H + 1, 5), the robot at each decision from now on
    """

    def model(h: int, robot: Tensor, human: Tensor) -> Tensor:
        return future[:, None, h + 1, :].expand_as(robot)

    return model
