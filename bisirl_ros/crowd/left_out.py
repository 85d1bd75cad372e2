"""Statistics of a choice that no reward weighs: a wrong model shows in them (`core.misfit`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

NEAR_M = 1.5
"""The robot is near within about this distance."""
PLACE_M = 5.0
"""Period of the waves along the way that tell places apart."""
SIDES = ("keeps further left in some places and right in others",) * 2
PACES = ("walks faster in some places and slower in others",) * 2


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
    Statistic("left sin", *SIDES),
    Statistic("left cos", *SIDES),
    Statistic("ahead sin", *PACES),
    Statistic("ahead cos", *PACES),
)
"""All of velocities in m/s, seen from the person looking at their goal."""


def left_out(own: Tensor, goal: Tensor, robot: Tensor, targets: Tensor) -> Tensor:
    """Of `targets` (M, K, 2) [m/s]: (M, K, 11), as LEFT_OUT names them.

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
    wave = 2.0 * math.pi / PLACE_M * way.norm(dim=-1)[:, None]
    change = (targets - own[:, None, 2:]).square().sum(-1)
    return torch.stack(
        [
            left,
            ahead,
            left.square(),
            ahead.square(),
            -side * near * left,
            near * ahead,
            near * change,
            torch.sin(wave) * left,
            torch.cos(wave) * left,
            torch.sin(wave) * ahead,
            torch.cos(wave) * ahead,
        ],
        -1,
    )


def in_words(deviations: Sequence[float]) -> str:
    """The statistic that differs most, in words; deviations: (11,) in standard deviations."""
    worst = max(range(len(LEFT_OUT)), key=lambda i: abs(deviations[i]))
    found = LEFT_OUT[worst]
    return f"{found.more if deviations[worst] > 0.0 else found.less} than foreseen"
