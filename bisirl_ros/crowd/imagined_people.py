"""People who are imagined to choose as pi_e says, by luck drawn beforehand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import Tensor

from bisirl_ros.crowd.candidates import Candidates
from bisirl_ros.crowd.expert import Response

if TYPE_CHECKING:
    from bisirl_ros.crowd.model import CrowdModel, Robots
    from bisirl_ros.crowd.policy import Weights
    from bisirl_ros.crowd.setting import Setting

FRACTIONS = 4096.0
"""The digits of a luck below 1 / 4096 are another luck, independent of who is chosen by it."""
Last = tuple[Candidates, Tensor]
"""What people chose from the last time, and with which probabilities (M, K)."""


class ImaginedPeople:
    """Chooses decision by decision, and keeps what stood for the disc of choices each time.

    luck: (T, B, P) uniform on [0, 1)
    draws: so many candidates drawn of pi_e stand for all; 0: all that were offered do
    last: what they chose from before, None: nothing yet
    """

    def __init__(
        self,
        model: CrowdModel,
        setting: Setting,
        luck: Tensor,
        draws: int = 0,
        last: Last | None = None,
    ) -> None:
        self._model, self._setting, self._luck, self._draws = model, setting, luck, draws
        self.last = last
        self._kept: list[Candidates] = []

    def choose(self, h: int, weights: Weights, robots: Robots, people: Tensor) -> Tensor:
        """What everybody goes for: (B, P, 2) [m/s]; see `model.Choose`."""
        luck = self._luck[h].reshape(-1)
        if self.last is None and self._model.likely:  # nobody knows yet where to look
            self._offer(weights, robots, people)
        offered, response = self._offer(weights, robots, people)
        if self._draws:
            drawn = response.drawn(luck * FRACTIONS % 1.0, self._draws)
            self._kept.append(_standing_for_all(offered, response, drawn))
        elif self._model.likely:
            self._kept.append(offered)
        return offered.at(response.chosen(luck)).view(*self._luck[h].shape, 2)

    @property
    def offered(self) -> Candidates | None:
        """What stood for the disc, of each of T * B * P people; None: the game's candidates."""
        if not self._kept:
            return None
        return Candidates.joined(self._kept)

    def _offer(
        self, weights: Weights, robots: Robots, people: Tensor
    ) -> tuple[Candidates, Response]:
        model, offered = self._model, self._model.candidates
        if model.likely and self.last:
            offered = model.likely.after(*self.last)
        targets = offered.velocity if offered.velocity.ndim == 3 else offered.velocity[None]
        seen = model.foresee(weights, robots, people, self._setting, targets)
        response = model.respond(seen.features, self._setting, offered)
        self.last = offered, response.p
        return offered, response


def _standing_for_all(offered: Candidates, response: Response, drawn: Tensor) -> Candidates:
    """Draws of pi_e, each of which stands for the area 1 / (M pi_e), pi_e a density."""
    log_area = offered.log_area.expand_as(response.log_p) - response.log_p
    return Candidates(offered.at(drawn), log_area.gather(-1, drawn) - math.log(drawn.shape[-1]))
