"""People who get used to the robot."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


class Learning(SoftExpert):
    """A soft expert who answers the robot's past policies, not the one deployed.

    Fictitious play (Brown 1951) with forgetting (the exponential weights of Fudenberg & Levine,
    The Theory of Learning in Games, 1998, ch. 2): the belief over the robot's policies is the
    exponential average of the episodes so far, and Phi_k is its expectation, sum_i w_i Phi_k(phi_i)
    -- section 1's Q with E over this mixture. What is averaged is the foreseen behaviour: the mean
    of two phi is a third policy, which the robot may never have followed.

    rate: weight of the latest episode; memory: how many different policies they keep in mind
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        theta: Array,
        count: int = 400,
        rate: float = 0.3,
        memory: int = 6,
    ) -> None:
        super().__init__(scenario, policy, theta, count)
        self._rate, self._memory = rate, memory
        self._past: list[tuple[Tensor, float]] = []

    @property
    def belief(self) -> list[tuple[Tensor, float]]:
        """The policies in mind (m,), oldest first, and their weights, which sum to one."""
        total = sum(weight for _, weight in self._past)
        return [(phi, weight / total) for phi, weight in self._past]

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`; after the first episode each counts `rate`, all earlier ones the rest.

        They are told as an episode with phi begins and count it as seen: a person without any
        experience answers the first policy itself.
        """
        phi, first = phi.detach().clone(), not self._past
        self._past = [(past, (1.0 - self._rate) * weight) for past, weight in self._past]
        latest = 1.0 if first else self._rate
        if self._past and torch.equal(self._past[-1][0], phi):
            latest += self._past.pop()[1]
        self._past = [*self._past, (phi, latest)][-self._memory :]

    def _foreseen(self, model: CrowdModel, here: Situation, setting: Setting) -> Tensor:
        assert self._past, "Learning.told: which policies have they met?"
        mixture = [w * self._answered(phi, model, here, setting) for phi, w in self.belief]
        return torch.stack(mixture).sum(0)
