"""Robots on record: their own, and others that stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.importing.twist import twists
from bisirl_ros.tracking.samples import Samples

GAP_S: Final = 1.0
"""A robot is on record where its poses are at most so far apart [s]."""


def robot_samples(robot: Array | None) -> Samples | None:
    """A robot's poses (T, 4) as states with twists; None where there are none."""
    if robot is None or len(robot) < 2:
        return None
    pose = robot[:, 1:].copy()
    pose[:, 2] = np.unwrap(pose[:, 2])
    states = np.concatenate([pose, twists(robot)], -1)
    return Samples(list(zip(robot[:, 0], states, strict=True)), GAP_S)


def stand_ins(robots: Sequence[Array | None], scenes: Sequence[str]) -> list[Array | None]:
    """For each recording, of these scenes, the robot of its scene's next, from the first pose."""
    found: list[Array | None] = [None] * len(robots)
    for scene in dict.fromkeys(scenes):
        numbers = [i for i, name in enumerate(scenes) if name == scene]
        for number, after in zip(numbers, [*numbers[1:], numbers[0]], strict=True):
            own, other = robots[number], robots[after]
            if own is not None and other is not None:
                since = Samples(
                    list(zip(other[:, 0] - other[0, 0], other[:, 1:], strict=True)), GAP_S
                )
                found[number] = np.concatenate([own[:, :1], since.at(own[:, 0] - own[0, 0])], -1)
    return found
