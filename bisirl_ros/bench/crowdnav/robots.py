"""Robots that cross: by ORCA, or by a policy."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.bench.crowdnav.crossings import ROBOT_GOAL
from bisirl_ros.bench.crowdnav.simulator import STEP_S, OrcaCrowd
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class OrcaDrive:
    """The holonomic robot that counts on people to take their half (CrowdNav's `orca.py`).

    safety_m: its safety space; 0 in the published row where people do not see it, 0.15 m where
    they do
    """

    def __init__(self, safety_m: float = 0.0) -> None:
        self._orca = OrcaCrowd(safety_m)

    def __call__(self, robot: Tensor, people: Tensor) -> Tensor:
        """See `simulator.Drive`."""
        everybody = torch.cat([robot_as_body(robot)[:, None], people], 1)
        goal = everybody[..., :2].clone()
        goal[:, 0] = goal.new_tensor(ROBOT_GOAL)
        velocity = self._orca(everybody, goal)[:, 0]
        place, ahead = robot[:, :2] + velocity * STEP_S, robot[:, 2:3]
        cos, sin, (x, y) = torch.cos(ahead), torch.sin(ahead), torch.split(velocity, 1, -1)
        return torch.cat([place, ahead, cos * x + sin * y, cos * y - sin * x, 0.0 * x], -1)


class PolicyDrive:
    """The robot that follows a policy; its body starts and stops within a step.

    In that step it comes half as far as CrowdNav's robots, whose velocity changes at once.
    phi: (m,) of a policy for `scenario`'s robot
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, phi: Tensor) -> None:
        self._robot, self._policy, self._phi = scenario.robot, policy, phi
        self._room = scenario.room

    def __call__(self, robot: Tensor, people: Tensor) -> Tensor:
        """See `simulator.Drive`."""
        count, here = people.shape[:2], robot.float()
        goal = here.new_tensor(ROBOT_GOAL).expand(count[0], 1, 2)
        nowhere = here.new_zeros((*count, 1, 2)), here.new_zeros((*count, 1))
        there = torch.ones(count, dtype=torch.bool)
        now = Situation(here, people.float(), there, Aims(goal, *nowhere), self._room)
        return self._robot.step(here, self._policy(self._phi, now), STEP_S, self._room)
