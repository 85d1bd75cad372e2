"""People who mind nothing."""

from __future__ import annotations

from torch import Tensor

from bisirl_ros.crowd.situation import Situation


class ConstantVelocity:
    """People who go on as they walk."""

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return situation.people[..., 2:]
