"""What people see who decide where to go."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True, eq=False)
class Seen:
    """What N people who decide see; O others at most, H moments ahead.

    place, velocity: (N, 2) where they are [m] and how they came [m/s]; others: (N, O, 4), AWAY_M
    where absent; ahead: (N, H, 2) where they foresee the robot [m], AWAY_M where none is
    """

    place: Array
    velocity: Array
    others: Array
    ahead: Array

    def __len__(self) -> int:
        return len(self.place)

    def at(self, rows: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Seen:
        """Some of them."""
        return Seen(self.place[rows], self.velocity[rows], self.others[rows], self.ahead[rows])
