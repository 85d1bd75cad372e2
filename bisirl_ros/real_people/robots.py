"""Robots on record: their own, and others that stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.situation import AWAY_M
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
    """For each recording, of these scenes, the robot of its scene's next, from the first pose.

    Who has no robot is passed over; where nobody else has one, it is far away.
    """
    found: list[Array | None] = [None] * len(robots)
    for scene in dict.fromkeys(scenes):
        own = [(i, r) for i, r in enumerate(robots) if scenes[i] == scene and r is not None]
        for (number, robot), (after, other) in zip(own, [*own[1:], *own[:1]], strict=True):
            found[number] = _away(robot) if after == number else _on_stamps_of(robot, other)
    return found


def _away(robot: Array) -> Array:
    away = robot.copy()
    away[:, 1:3] = AWAY_M
    return away


def _on_stamps_of(robot: Array, other: Array) -> Array:
    """Poses of the other, counted from its first, at as many seconds after the robot's first."""
    pose = other[:, 1:].copy()
    pose[:, 2] = np.unwrap(pose[:, 2])
    since = Samples(list(zip(other[:, 0] - other[0, 0], pose, strict=True)), GAP_S)
    return np.concatenate([robot[:, :1], since.at(robot[:, 0] - robot[0, 0])], -1)
