"""A recording as a bag that replays through the node: `/people/odom`, and `/odom` of the robot."""

from __future__ import annotations

import heapq
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bisirl_ros.bags.messages import ODOMETRY, odometry
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording
from bisirl_ros.importing.twist import twists

ROBOT_TOPIC, PEOPLE_TOPIC = "/odom", "/people/odom"
ROBOT_FRAME: Final = "base_link"

Sent = tuple[int, int, str, Any]
"""When [ns], which track, the topic and the message."""


def write_bag(recording: Recording, out: Path) -> int:
    """Write it whole to a folder that is not there yet, or not at all: how many messages.

    Each is received when it is stamped. Raises InputError where the folder is there, or cannot be
    written.
    """
    if out.exists():
        raise InputError(f"{out}: is there already; name a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from error
    try:
        count = _write(recording, part / out.name)
        (part / out.name).rename(out)
    except OSError as error:
        raise InputError(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return count


def _write(recording: Recording, folder: Path) -> int:
    count = 0
    with BagWriter(folder) as bag:
        if recording.robot is not None:
            bag.topic(ROBOT_TOPIC, ODOMETRY)
        bag.topic(PEOPLE_TOPIC, ODOMETRY)
        for stamp_ns, _, topic, told in heapq.merge(*_tracks(recording), key=_when):
            bag.tell(topic, stamp_ns, told)
            count += 1
    return count


def _when(sent: Sent) -> tuple[int, int]:
    return sent[:2]


def _tracks(recording: Recording) -> list[Iterator[Sent]]:
    """The messages of the robot, and of each person, in order of time."""
    tracks = [] if recording.robot is None else [_robot(recording, recording.robot)]
    for number, (name, track) in enumerate(recording.people.items(), start=1):
        tracks.append(_person(recording, number, name, track))
    return tracks


def _robot(recording: Recording, robot: Array) -> Iterator[Sent]:
    for (time_s, x, y, yaw), twist in zip(robot.tolist(), twists(robot).tolist(), strict=True):
        stamp_ns = recording.begin_ns + round(time_s * 1e9)
        told = odometry(stamp_ns, ROBOT_FRAME, (x, y, yaw), twist, recording.frame)
        yield stamp_ns, 0, ROBOT_TOPIC, told


def _person(recording: Recording, number: int, name: str, track: Array) -> Iterator[Sent]:
    for time_s, x, y in track.tolist():
        stamp_ns = recording.begin_ns + round(time_s * 1e9)
        told = odometry(stamp_ns, name, (x, y, 0.0), frame=recording.frame)
        yield stamp_ns, number, PEOPLE_TOPIC, told
