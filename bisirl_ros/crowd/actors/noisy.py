"""People who sometimes do anything."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.actor import Actor, tell
from bisirl_ros.crowd.actors.bodies import deciding
from bisirl_ros.crowd.imagined_people import FRACTIONS
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class Noisy:
    """Each decision is, with probability `share`, uniform on the disc of possible velocities.

    A trembling hand: epsilon-contamination (Huber 1964) of whatever `actor` does.
    actor: people; share: in [0, 1)
    """

    def __init__(self, actor: Actor, scenario: Scenario, share: float = 0.1) -> None:
        self._actor, self._scenario, self._share = actor, scenario, share

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`."""
        tell(self._actor, phi, episode)

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`.

        A luck below `share` says that they tremble; stretched to [0, 1) it is the luck of where to,
        and above, the actor's own.
        """
        share = self._share
        trembles = luck < share
        usual = self._actor.act(
            situation, torch.where(trembles, luck, (luck - share) / (1 - share))
        )
        where = luck / share if share > 0.0 else luck
        speed = self._scenario.person.max_speed * torch.sqrt(where.clamp(max=1.0))
        around = 2.0 * math.pi * (where * FRACTIONS % 1.0)
        anything = torch.stack([speed * torch.cos(around), speed * torch.sin(around)], -1)
        trembles = (trembles & deciding(self._scenario, situation))[..., None]
        return torch.where(trembles, anything.to(usual), usual)
