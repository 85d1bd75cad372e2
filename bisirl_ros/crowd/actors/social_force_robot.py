"""The robot whom social forces move."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.forces import SocialForces
from bisirl_ros.crowd.actors.steering import to_goal, twist_for
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class SocialForceRobot:
    """A robot that walks like a person among people (FORMULATION section 7), as its drive can.

    The forces of `SocialForces` say its velocity one decision later, people going on as they walk.
    """

    def __init__(self, scenario: Scenario, forces: SocialForces | None = None) -> None:
        self._scenario = scenario
        self._forces = forces or SocialForces(top_speed=1.0)

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        robot, own = self._scenario.robot, robot_as_body(situation.robot)[:, None]
        wanted = to_goal(robot, situation)
        speed = wanted.norm(dim=-1)[:, None]
        velocity = self._forces.velocity_tp1(
            own,
            situation.seen,
            own[..., :2] + 1e3 * wanted[:, None],
            speed,
            situation.room,
            robot.radius_m,
            self._scenario.decision_period_s,
        )
        return twist_for(robot, situation.robot, velocity[:, 0])
