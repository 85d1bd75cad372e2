"""The robot that follows a policy."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.situation import Situation


class PolicyDriver:
    """The robot under pi_phi."""

    def __init__(self, policy: InteractionPolicy, phi: Tensor) -> None:
        self._policy, self._phi = policy, phi

    @torch.no_grad()
    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return self._policy(self._phi.to(situation.robot), situation)
