"""Whether people in a table walk as people do; else its units are others, or it holds no people."""

from __future__ import annotations

from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout
from bisirl_ros.importing.recording import Recording
from bisirl_ros.io.table import MOST_APART_M
from bisirl_ros.io.units import WALKING_SPEED, implausible, in_degrees, sideways

LEAST_ROWS: Final = 5
MOST_FREAKS: Final = 0.5
BRISK_SPEED: Final = 2.2


def judge(recording: Recording, layout: Layout, arguments: ImportArguments) -> list[str]:
    """What is unusual, for people.

    Raises InputError where most people, or the robot, do what neither does in metres, radians and
    seconds, unless the unit was told; or are never near each other.
    """
    told = []
    x, y = layout.people[0][1:]
    long = [track for track in recording.people.values() if len(track) >= LEAST_ROWS]
    freaks = [why for t in long if (why := implausible(t[:, 0], t[:, 1:3], x, y))]
    why = freaks[0] if len(freaks) > MOST_FREAKS * len(long) else ""
    if freaks and not why:
        told.append(f"{len(freaks)} of {len(long)} people leap, or run faster than anybody does")
    robot, yaw = recording.robot, ""
    if robot is not None and len(robot) >= LEAST_ROWS:
        name = layout.robot[2]
        why = why or implausible(robot[:, 0], robot[:, 1:3], *layout.robot[:2])
        apart_m = _apart(recording.people, robot)
        if apart_m > MOST_APART_M:
            why = why or f"people and robot are {apart_m:,.0f} m apart: are both in one frame?"
        yaw = in_degrees(robot[:, 3], robot[:, 1:3], name)
        note = sideways(robot[:, 3], robot[:, 1:3], name)
        told += [note] if note and not yaw else []
    for complaint, unit, option in (
        (why, arguments.length_unit, "--length-unit, --stamp-unit or --rate"),
        (yaw, arguments.angle_unit, "--angle-unit"),
    ):
        if complaint and unit == "auto":
            raise InputError(f"{complaint}; or say what the units are: {option}")
        told += [f"{complaint}; taken as told"] if complaint else []
    return told


def pace(people: dict[str, Array], layout: Layout) -> list[str]:
    """How fast people walk, and what to check where that is faster than they do."""
    speed = _walking_speed(people)
    fast = f", faster than people do: {layout.if_fast}" if speed > BRISK_SPEED else ""
    return [f"people walk at {speed:.2f} m/s (median){fast}"] if speed else []


def _walking_speed(people: dict[str, Array]) -> float:
    """Median speed from row to row of all who walk [m/s]; 0 where nobody does."""
    speeds = [
        np.linalg.norm(np.diff(track[:, 1:3], axis=0), axis=-1) / np.diff(track[:, 0])
        for track in people.values()
        if len(track) > 1
    ]
    speed = np.concatenate([*speeds, np.zeros(0)])
    moving = speed[speed >= WALKING_SPEED]
    return float(np.median(moving)) if len(moving) else 0.0


def _apart(people: dict[str, Array], robot: Array) -> float:
    """Least distance between the box in which people are, and the robot's [m]."""
    places = np.concatenate([track[:, 1:3] for track in people.values()])
    ours, theirs = robot[:, 1:3], places
    gap = np.maximum(ours.min(0) - theirs.max(0), theirs.min(0) - ours.max(0))
    return float(np.linalg.norm(np.maximum(gap, 0.0)))
