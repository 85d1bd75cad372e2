"""People who get used to the robot."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.in_mind import RATE, in_mind
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


class Learning(SoftExpert):
    """A soft expert who answers the policies that they met (`crowd.in_mind`), not the one deployed.

    rate: share of the latest episode; memory: how many episodes they keep in mind
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        theta: Array,
        count: int = 400,
        rate: float = RATE,
        memory: int = 6,
    ) -> None:
        super().__init__(scenario, policy, theta, count)
        self._rate, self._memory = rate, memory
        self._met: list[Tensor] = []

    @property
    def belief(self) -> list[tuple[Tensor, float]]:
        """The policies in mind (m,), newest first, and their shares, which sum to one."""
        return in_mind(self._met, self._rate)

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`: as an episode with phi begins it counts as met."""
        self._met = [*self._met, phi.detach().clone()][-self._memory :]

    def _foreseen(self, model: CrowdModel, here: Situation, setting: Setting) -> Tensor:
        assert self._met, "Learning.told: which policies have they met?"
        mixture = [share * self._answered(phi, model, here, setting) for phi, share in self.belief]
        return torch.stack(mixture).sum(0)
