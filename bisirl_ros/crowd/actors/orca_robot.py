"""The robot that avoids collisions by ORCA."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.reciprocal import Agents, Reciprocal
from bisirl_ros.crowd.actors.steering import to_goal, twist_for
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class OrcaRobot:
    """A robot that takes its half of what avoids everybody (van den Berg et al. 2011).

    It counts on people for the other half; a drive that cannot move sideways turns to the velocity
    that ORCA asks for. Raises InputError where pyrvo is not installed.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._orca = Reciprocal(scenario.decision_period_s)

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        robot, person, count = self._scenario.robot, self._scenario.person, situation.count
        own, people = robot_as_body(situation.robot)[:, None], situation.people
        wanted = torch.cat([to_goal(robot, situation)[:, None], people[..., 2:]], 1)
        present = situation.present
        agents = Agents(
            torch.cat([own, people], 1),
            wanted,
            torch.cat([present.new_ones((len(present), 1)), present], 1),
            (robot.radius_m, *[person.radius_m] * count),
            (robot.max_speed, *[person.max_speed] * count),
        )
        velocity = self._orca.velocity(agents, situation.room)[:, 0]
        return twist_for(robot, situation.robot, velocity)
