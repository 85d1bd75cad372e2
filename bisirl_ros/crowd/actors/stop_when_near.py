"""The robot that stops for people."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import at_most
from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class StopWhenNear:
    """`GoToGoal` that stands while somebody is near (FORMULATION section 7).

    distance_m: between centres; half_angle: of the cone ahead that counts [rad], pi: all round
    """

    def __init__(
        self, scenario: Scenario, distance_m: float = 1.2, half_angle: float = math.pi
    ) -> None:
        self._driver, self._distance_m = GoToGoal(scenario), distance_m
        self._half_angle = half_angle

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; the twist is zero, not a stop of the body: that takes its brakes."""
        off = situation.people[..., :2] - situation.robot[:, None, :2]
        yaw = situation.robot[:, 2]
        heading = torch.stack([torch.cos(yaw), torch.sin(yaw)], -1)[:, None]
        ahead = (at_most(off * 1e6, 1.0) * heading).sum(-1) >= math.cos(self._half_angle) - 1e-9
        near = (off.norm(dim=-1) < self._distance_m) & ahead & situation.present
        go = self._driver.act(situation, luck)
        return torch.where(near.any(-1, keepdim=True), 0.0, go)
