"""Robots on record: their own, and others that stand in for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.tracking.samples import Samples

GAP_S: Final = 1.0
"""A robot is on record where its poses are at most so far apart [s]."""
BACK_S: Final = 0.3
"""Its twist is by the poses of so long before, and none that come after [s]."""


def robot_samples(robot: Array | None) -> Samples | None:
    """A robot's poses (T, 4) as states with twists; None where there are none."""
    if robot is None or len(robot) < 2:
        return None
    pose = robot[:, 1:].copy()
    pose[:, 2] = np.unwrap(pose[:, 2])
    samples = Samples(list(zip(robot[:, 0], pose, strict=True)), GAP_S)
    since = np.maximum(robot[:, 0] - BACK_S, robot[0, 0])
    rate = (pose - samples.at(since)) / np.maximum(robot[:, 0] - since, 1e-6)[:, None]
    cos, sin = np.cos(pose[:, 2]), np.sin(pose[:, 2])
    ahead, left = cos * rate[:, 0] + sin * rate[:, 1], cos * rate[:, 1] - sin * rate[:, 0]
    states = np.column_stack([pose, ahead, left, rate[:, 2]])
    return Samples(list(zip(robot[:, 0], states, strict=True)), GAP_S)


def stand_ins(robots: Sequence[Array | None], scenes: Sequence[str]) -> list[Array | None]:
    """For each recording, of these scenes, another robot of its scene, from the first pose on.

    That of the next recording that lasts as long, or of the longest. Who has no robot is passed
    over; where nobody else has one, it is far away.
    """
    found: list[Array | None] = [None] * len(robots)
    for scene in dict.fromkeys(scenes):
        own = [(i, r) for i, r in enumerate(robots) if scenes[i] == scene and r is not None]
        for place, (number, robot) in enumerate(own):
            others = [other for _, other in (*own[place + 1 :], *own[:place])]
            found[number] = (
                _on_stamps_of(robot, _lasting(others, robot)) if others else _away(robot)
            )
    return found


def _lasting(others: Sequence[Array], robot: Array) -> Array:
    """The first of others that lasts as long as the robot, else the longest."""
    enough = [other for other in others if np.ptp(other[:, 0]) >= np.ptp(robot[:, 0])]
    return enough[0] if enough else max(others, key=lambda other: float(np.ptp(other[:, 0])))


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
