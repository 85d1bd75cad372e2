"""Who decides where a body goes: the policy, the soft expert, and others alike."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import sunflower_disc
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class Actor(Protocol):
    """The robot, or all people at once."""

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """What they go for: (B, 3) twist of robots, or (B, P, 2) velocity of people.

        luck: (B, P) uniform on [0, 1), all that is random; robots need none
        """
        ...


class PolicyDriver:
    """The robot under pi_phi."""

    def __init__(self, policy: InteractionPolicy, phi: Tensor) -> None:
        self._policy, self._phi = policy, phi

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return self._policy(self._phi.to(situation.robot), situation)


class SoftExpert:
    """People who choose as pi_e says, each with weights of their own, knowing the robot's policy.

    theta: (P, n) true weights; count: candidate motions they choose among, other ones than the
    learner's and turned anew for each decision
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        theta: Array,
        count: int = 400,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        self._scenario, self._policy, self._count = scenario, policy, count
        self._theta, self._dtype = torch.as_tensor(np.atleast_2d(theta), dtype=dtype), dtype
        self.phi: Tensor | None = None
        """The policy they know the robot to follow, (m,); None: nobody decides yet."""

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; (B, P, 2) [m/s], zero for whoever is absent or has arrived."""
        assert self.phi is not None, "SoftExpert.phi: which policy do they answer?"
        count = situation.count
        if count == 0:
            return situation.people[..., :2]
        here = situation.to("cpu", self._dtype)
        # the fractions of a luck make another one: where the spiral begins
        turn = 2.0 * math.pi * float(luck.double().sum() * 1e4 % 1.0)
        candidates = sunflower_disc(self._scenario.person.max_speed, self._count, turn)
        model = CrowdModel(self._scenario, self._policy, candidates, "cpu", self._dtype)
        setting = model.setting(here, here.aims.likeliest, self._theta[:count])
        weights, people = self._policy.weights(self.phi.to(self._dtype)), here.seen
        robot_tp1 = model.drive(weights, self._policy.robot.motion(here.robot), people, setting)
        velocity = model.candidates.velocity
        seen = model.foresee(weights, robot_tp1.repeated(count), people, setting, velocity[None])
        response = model.respond(seen.features, setting)
        target = velocity[response.chosen(luck.to(self._dtype).reshape(-1))]
        going = model.deciding(here.people, setting)[..., None]
        return torch.where(going, target.view(len(here), count, 2), 0.0).to(situation.people)


class ConstantVelocity:
    """People who go on as they walk."""

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return situation.people[..., 2:]


class GoalWalkers:
    """People who walk straight to their goal at the preferred speed, whatever the robot does.

    noise: standard deviation of each component of what they go for [m/s]
    """

    def __init__(self, scenario: Scenario, noise: float = 0.05) -> None:
        self._person, self._noise = scenario.person, noise

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        way = situation.aims.likeliest - situation.people[..., :2]
        left = way.norm(dim=-1, keepdim=True).clamp(min=1e-9)
        speed = (left / self._person.decision_period_s).clamp(max=self._person.preferred_speed)
        around = 2.0 * math.pi * luck
        off = math.sqrt(2.0) * self._noise  # a circle's radius is sqrt(2) deviations of a component
        noise = torch.stack([torch.cos(around), torch.sin(around)], -1) * off
        wanted: Tensor = way / left * speed + noise.to(way)
        return wanted
