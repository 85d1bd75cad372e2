"""HuNavSim's reactions to a robot (Perez-Higueras et al. 2023, RA-L 8(11), 7130).

Distances, speeds and forces are those of its release for ROS 2 Humble; how they walk is the
`SocialForce` people here. Its timers (30 to 40 s, after which the reaction ends) are left out: they
outlast the episodes, and actors hold no state. A body here has no heading: who walks looks where
they walk, who stands looks around, and who "looks at the robot" sees it wherever it is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import deciding
from bisirl_ros.crowd.actors.forces import SocialForces
from bisirl_ros.crowd.actors.social_force import SocialForce
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

HALF_VIEW = math.pi / 2.0 + 0.17
STANDING = 0.1
"""Who is slower looks around [m/s]."""


def sees_robot(situation: Situation, within_m: float, looks_m: float = 0.0) -> Tensor:
    """Who has the robot in view, 100 degrees to either side, and near enough: (B, P) bool.

    within_m: how far they see; looks_m: within which they have turned to it [m]
    """
    off = situation.robot[:, None, :2] - situation.people[..., :2]
    distance, velocity = off.norm(dim=-1), situation.people[..., 2:]
    speed = velocity.norm(dim=-1)
    in_view = (velocity * off).sum(-1) >= math.cos(HALF_VIEW) * speed * distance
    looks = in_view | (speed < STANDING) | (distance <= looks_m)
    seen: Tensor = (distance <= within_m) & looks
    return seen


class Regular(SocialForce):
    """*Regular*: the robot is another human."""


class Impassive:
    """*Impassive*: the robot is an obstacle, whose motion does not matter."""

    def __init__(self, scenario: Scenario, forces: SocialForces | None = None) -> None:
        self._scenario, self._walker = scenario, SocialForce(scenario, forces)

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        robot, contact_m = situation.robot[:, None, :2], self._scenario.contact_distance_m

        def push(place: Tensor) -> Tensor:
            off = place - robot
            distance = off.norm(dim=-1).clamp(min=1e-9)
            away = off / distance[..., None]
            return self._walker.forces.of_surface(distance - contact_m, away)

        target = self._walker.walk(situation, situation.aims.likeliest, push=push)
        return torch.where(deciding(self._scenario, situation)[..., None], target, 0.0)


class _Reacting(ABC):
    """Who sees the robot within `reach_m` reacts; others walk on without minding it.

    looks_m: who is nearer looks at it
    """

    reach_m: float
    looks_m: float = 0.0

    def __init__(self, scenario: Scenario, forces: SocialForces | None = None) -> None:
        self._scenario, self._walker = scenario, SocialForce(scenario, forces)

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; zero for whoever is absent or has arrived."""
        usual = self._walker.walk(situation, situation.aims.likeliest)
        reacting = sees_robot(situation, self.reach_m, self.looks_m)[..., None]
        target = torch.where(reacting, self._react(situation), usual)
        return torch.where(deciding(self._scenario, situation)[..., None], target, 0.0)

    @abstractmethod
    def _react(self, situation: Situation) -> Tensor:
        """What they go for where they react: (B, P, 2) [m/s]."""


class Surprised(_Reacting):
    """*Surprised*: they stop and look at the robot."""

    reach_m = 4.0

    def _react(self, situation: Situation) -> Tensor:
        return torch.zeros_like(situation.people[..., 2:])


class Curious(_Reacting):
    """*Curious*: they leave their way and approach, the slower the nearer, up to 1.5 m."""

    reach_m = 10.0
    looks_m = 1.5
    fastest = 1.8

    def _react(self, situation: Situation) -> Tensor:
        robot = situation.robot[:, None, :2].expand_as(situation.people[..., :2])
        distance = (robot - situation.seen[..., :2]).norm(dim=-1)
        near = distance <= self.looks_m
        target = self._walker.walk(situation, robot, self.fastest * distance / self.reach_m)
        return torch.where(near[..., None], 0.0, target)


class Scared(_Reacting):
    """*Scared*: they slow down, and a force of 4 / gap [m/s^2] drives them away."""

    reach_m = 3.0
    speed, force, least_gap_m = 0.6, 20.0 * 0.2, 0.05

    def _react(self, situation: Situation) -> Tensor:
        robot, radius_m = situation.robot[:, None, :2], self._scenario.person.radius_m

        def push(place: Tensor) -> Tensor:
            off = place - robot
            distance = off.norm(dim=-1, keepdim=True).clamp(min=1e-9)
            gap = (distance - radius_m).clamp(min=self.least_gap_m)
            away: Tensor = self.force / gap * off / distance
            return away

        return self._walker.walk(situation, situation.aims.likeliest, self.speed, push=push)


class Threatening(_Reacting):
    """*Threatening*: they go, fast, to stand 1.1 m before the robot.

    It is aimed at where that place will be at their next decision (HuNavSim decides at every step).
    """

    reach_m = 4.0
    looks_m = 1.2
    speed, ahead_m = 2.0, 1.1

    def _react(self, situation: Situation) -> Tensor:
        body, yaw = robot_as_body(situation.robot), situation.robot[:, 2]
        heading = torch.stack([torch.cos(yaw), torch.sin(yaw)], -1)
        place = body[:, :2] + self._scenario.decision_period_s * body[:, 2:]
        before = (place + self.ahead_m * heading)[:, None].expand_as(situation.people[..., :2])
        return self._walker.walk(situation, before, self.speed)


REACTIONS: dict[str, Callable[[Scenario], SocialForce | Impassive | _Reacting]] = {
    "regular": Regular,
    "impassive": Impassive,
    "surprised": Surprised,
    "curious": Curious,
    "scared": Scared,
    "threatening": Threatening,
}
