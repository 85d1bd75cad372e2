"""Statistics of a choice that no reward weighs: a wrong model shows in them (`core.misfit`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

NEAR_M = 1.5
"""The robot is near within about this distance."""
PLACES_M, WIDTH_M = tuple(float(d) for d in range(1, 8)), 0.6
"""Places on the way, by their distance to the goal, and how far around each reaches."""


class Statistic(NamedTuple):
    """name; more, less: how somebody walks of whom there is more, or less, than expected"""

    name: str
    more: str
    less: str


LEFT_OUT = (
    Statistic("left", "keeps further to the left", "keeps further to the right"),
    Statistic("ahead", "walks faster towards the goal", "walks slower towards the goal"),
    Statistic("left^2", "turns aside more", "turns aside less"),
    Statistic("ahead^2", "varies the pace more", "varies the pace less"),
    Statistic("away near", "turns away from the robot more", "turns towards the robot more"),
    Statistic("ahead near", "is faster near the robot", "is slower near the robot"),
    Statistic(
        "change near", "changes pace more near the robot", "changes pace less near the robot"
    ),
    *(
        Statistic(
            f"left at {d:g}",
            f"keeps further left {d:g} m before the goal",
            f"keeps further right {d:g} m before the goal",
        )
        for d in PLACES_M
    ),
    *(
        Statistic(
            f"ahead at {d:g}",
            f"walks faster {d:g} m before the goal",
            f"walks slower {d:g} m before the goal",
        )
        for d in PLACES_M
    ),
)
"""All of velocities in m/s, seen from the person looking at their goal."""


def left_out(own: Tensor, goal: Tensor, robot: Tensor, targets: Tensor) -> Tensor:
    """Of `targets` (M, K, 2) [m/s]: (M, K, 21), as LEFT_OUT names them.

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
    apart_m = way.norm(dim=-1)[:, None] - way.new_tensor(PLACES_M)
    there = torch.exp(-0.5 * (apart_m / WIDTH_M).square())[:, None]
    of_way = [left, ahead, left.square(), ahead.square()]
    of_robot = [-side * near * left, near * ahead, near * change]
    of_places = [there * left[..., None], there * ahead[..., None]]
    return torch.cat([torch.stack([*of_way, *of_robot], -1), *of_places], -1)


def in_words(deviations: Sequence[float]) -> str:
    """The statistic that differs most, in words; deviations: (21,) in standard deviations."""
    worst = max(range(len(LEFT_OUT)), key=lambda i: abs(deviations[i]))
    found = LEFT_OUT[worst]
    return f"{found.more if deviations[worst] > 0.0 else found.less} than foreseen"
