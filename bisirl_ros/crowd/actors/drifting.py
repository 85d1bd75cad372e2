"""People whose wishes change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.actor import Actor, tell
from bisirl_ros.crowd.situation import Situation


class Drifting:
    """People whose true weights go from theta0 to theta1 in a straight line over episodes.

    The slow drift of theta* in the settling experiment (FORMULATION section 6).
    make: people of weights (P, n); theta0, theta1: (P, n) at episode 0 and from episode `over` on
    """

    def __init__(
        self, make: Callable[[Array], Actor], theta0: Array, theta1: Array, over: int = 50
    ) -> None:
        self._make, self._ends, self._over = make, (np.array(theta0), np.array(theta1)), over
        self._people = make(self.theta(0))

    def theta(self, episode: int) -> Array:
        """Their true weights in an episode: (P, n)."""
        share = min(1.0, max(0.0, episode / self._over))
        return np.asarray((1.0 - share) * self._ends[0] + share * self._ends[1])

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`."""
        self._people = self._make(self.theta(episode))
        tell(self._people, phi, episode)

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        return self._people.act(situation, luck)
