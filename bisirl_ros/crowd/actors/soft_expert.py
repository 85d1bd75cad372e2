"""People as the model has them: pi_e of FORMULATION sections 1 and 5b."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import sunflower_disc
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


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

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`."""
        self.phi = phi

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`; (B, P, 2) [m/s], zero for whoever is absent or has arrived."""
        count = situation.count
        if count == 0:
            return situation.people[..., :2]
        here = situation.to("cpu", self._dtype)
        # the fractions of a luck make another one: where the spiral begins
        turn = 2.0 * math.pi * float(luck.double().sum() * 1e4 % 1.0)
        candidates = sunflower_disc(self._scenario.person.max_speed, self._count, turn)
        model = CrowdModel(self._scenario, self._policy, candidates, "cpu", self._dtype)
        setting = model.setting(here, here.aims.likeliest, self._theta[:count])
        response = model.respond(self._foreseen(model, here, setting), setting)
        target = model.candidates.velocity[response.chosen(luck.to(self._dtype).reshape(-1))]
        going = model.deciding(here.people, setting)[..., None]
        return torch.where(going, target.view(len(here), count, 2), 0.0).to(situation.people)

    def _foreseen(self, model: CrowdModel, here: Situation, setting: Setting) -> Tensor:
        """Phi_k of each candidate, as these people look ahead: (B * P, K, n)."""
        assert self.phi is not None, "SoftExpert.phi: which policy do they answer?"
        return self._answered(self.phi, model, here, setting)

    def _answered(
        self, phi: Tensor, model: CrowdModel, here: Situation, setting: Setting
    ) -> Tensor:
        """Phi_k against a robot that follows phi: (B * P, K, n)."""
        weights, people = self._policy.weights(phi.to(self._dtype)), here.seen
        robot = self._policy.robot.motion(here.robot)
        robots = (robot, model.drive(weights, robot, people, setting))
        targets = model.candidates.velocity[None]
        return model.foresee(weights, robots, people, setting, targets).features
