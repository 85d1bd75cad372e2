"""People who avoid collisions by ORCA."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import deciding, intent
from bisirl_ros.crowd.actors.reciprocal import Agents, Reciprocal
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

NUDGE = 0.1
"""A random part of what they want breaks ties, as in RVO2's own examples [m/s].

Five who meet in the middle of a circle stand there for good with 0.001, in pyrvo alone as here.
"""


class Orca:
    """People who avoid each other by ORCA (van den Berg et al. 2011, Reciprocal n-body avoidance).

    sees_robot: whether the robot is one of those they avoid; they then take half of it, and count
    on the robot for the other half
    Raises InputError where pyrvo is not installed.
    """

    def __init__(self, scenario: Scenario, sees_robot: bool = True) -> None:
        self._scenario, self._sees_robot = scenario, sees_robot
        self._orca = Reciprocal(scenario.decision_period_s)

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; zero for whoever is absent or has arrived.

        Who has arrived stands, and is avoided.
        """
        if situation.count == 0:
            return situation.people[..., :2]
        person, people = self._scenario.person, situation.people
        going = deciding(self._scenario, situation)[..., None]
        wanted = torch.where(going, self._wanted(situation, luck), 0.0)
        state, present = people, situation.present
        radius, fastest = [person.radius_m] * situation.count, [person.max_speed] * situation.count
        if self._sees_robot:
            robot = robot_as_body(situation.robot)[:, None]
            state, wanted = torch.cat([state, robot], 1), torch.cat([wanted, robot[..., 2:]], 1)
            present = torch.cat([present, torch.ones_like(present[:, :1])], 1)
            radius.append(self._scenario.robot.radius_m)
            fastest.append(self._scenario.robot.max_speed)
        agents = Agents(state, wanted, present, tuple(radius), tuple(fastest))
        velocity = self._orca.velocity(agents, situation.room)[:, : situation.count]
        return torch.where(going, intent(person, people[..., 2:], velocity), 0.0)

    def _wanted(self, situation: Situation, luck: Tensor) -> Tensor:
        person, way = self._scenario.person, situation.aims.likeliest - situation.people[..., :2]
        left = way.norm(dim=-1, keepdim=True).clamp(min=1e-9)
        speed = (left / person.decision_period_s).clamp(max=person.preferred_speed)
        around = 2.0 * math.pi * luck.to(way)
        nudge = NUDGE * torch.stack([torch.cos(around), torch.sin(around)], -1)
        wanted: Tensor = way / left * speed + nudge
        return wanted
