"""Statistics of a choice that no reward weighs: a wrong model shows in them (`core.misfit`).

Some are of how somebody walks, the others of where: how long they would be near each of some
places, going on as they chose. Who keeps away from something that nobody else sees, or seeks it,
differs there, whichever way they pass it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario

NEAR_M = 1.5
"""The robot is near within about this distance."""
APART_M, MOST = 1.0, 40
"""Places are so far apart, or further where there would be more than so many."""
AROUND_M = 1.0
"""They reach so far beyond where people start and go."""
WIDTH = 0.8
"""How far a place reaches, of the distance between two."""
STEP_S, STEPS = 0.4, 6
"""How finely, and how far ahead, it is looked at where somebody would be."""


class Statistic(NamedTuple):
    """more, less: how somebody walks of whom there is more, or less, than expected"""

    name: str
    more: str
    less: str


OF_WAY = (
    Statistic("left", "keeps further to the left", "keeps further to the right"),
    Statistic("ahead", "walks faster towards the goal", "walks slower towards the goal"),
    Statistic("left^2", "turns aside more", "turns aside less"),
    Statistic("ahead^2", "varies the pace more", "varies the pace less"),
    Statistic("away near", "turns away from the robot more", "turns towards the robot more"),
    Statistic("ahead near", "is faster near the robot", "is slower near the robot"),
    Statistic(
        "change near", "changes pace more near the robot", "changes pace less near the robot"
    ),
)
"""Of velocities in m/s, seen from the person looking at their goal."""


class LeftOut:
    """Those of one scenario: OF_WAY, and of the places where its people may be.

    statistics: all of them, in their order; those of places are in s
    """

    def __init__(self, scenario: Scenario) -> None:
        self._x, self._y, self._width = _grid(scenario)
        places = [(x, y) for x in self._x for y in self._y]
        self.statistics = (*OF_WAY, *(_at(x, y) for x, y in places))

    def of_way(self, own: Tensor, goal: Tensor, robot: Tensor, targets: Tensor) -> Tensor:
        """Of `targets` (M, K, 2) [m/s]: (M, K, 7), as OF_WAY names them.

        own: (M, 4) who chooses; goal: (M, 2) theirs [m]; robot: (M, 2) where it is now [m]
        """
        way = goal - own[:, :2]
        forwards = way / way.norm(dim=-1, keepdim=True).clamp(min=1e-6)
        leftwards = torch.stack([-forwards[:, 1], forwards[:, 0]], -1)
        ahead = (targets * forwards[:, None]).sum(-1)
        left = (targets * leftwards[:, None]).sum(-1)
        apart = robot - own[:, :2]
        near = torch.exp(-0.5 * (apart.norm(dim=-1) / NEAR_M).square())[:, None]
        side = torch.sign((apart * leftwards).sum(-1))[:, None]
        change = (targets - own[:, None, 2:]).square().sum(-1)
        of_robot = [-side * near * left, near * ahead, near * change]
        return torch.stack([left, ahead, left.square(), ahead.square(), *of_robot], -1)

    def of_places(self, own: Tensor, targets: Tensor) -> Tensor:
        """Of `targets` (M, K, 2) [m/s]: seconds near each place (M, K, P)."""
        after_s = STEP_S * torch.arange(1, STEPS + 1).to(own)
        then = own[:, None, None, :2] + after_s[:, None] * targets[:, :, None]  # (M, K, H, 2)
        near = [
            torch.exp(-0.5 * ((then[..., axis, None] - own.new_tensor(at)) / self._width).square())
            for axis, at in enumerate((self._x, self._y))
        ]
        return STEP_S * (near[0].transpose(-1, -2) @ near[1]).flatten(-2)

    def in_words(self, deviations: Sequence[float]) -> str:
        """The statistic that differs most; deviations: of each, in standard deviations."""
        worst = int(np.argmax(np.abs(deviations)))
        found = self.statistics[worst]
        return f"{found.more if deviations[worst] > 0.0 else found.less} than foreseen"


def _at(x: float, y: float) -> Statistic:
    place = f"({x:.1f}, {y:.1f})"
    return Statistic(f"at {place}", f"comes nearer to {place}", f"keeps further from {place}")


def _grid(scenario: Scenario) -> tuple[Array, Array, float]:
    """x and y of a grid over where people start and go [m], and how far each place reaches [m]."""
    people = scenario.starts.people[: scenario.people]
    spots = np.array([spot for p in people for spot in (p.position, *p.goals)]).reshape(-1, 2)
    if not len(spots):
        spots = np.zeros((1, 2))
    low, high = spots.min(0) - AROUND_M, spots.max(0) + AROUND_M
    apart = APART_M
    while (counts := 1 + ((high - low) / apart).astype(int)).prod() > MOST:
        apart *= 1.05
    middle = 0.5 * (low + high)
    x, y = (m + apart * (np.arange(n) - 0.5 * (n - 1)) for m, n in zip(middle, counts, strict=True))
    return x, y, WIDTH * apart
