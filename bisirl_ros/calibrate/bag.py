"""A drive out of a rosbag2 recording (sqlite3 or mcap), read without ROS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.calibrate.driving import Driving
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

STAMPED = "geometry_msgs/msg/TwistStamped"
COMMANDS = ("geometry_msgs/msg/Twist", STAMPED)
ODOMETRY = ("nav_msgs/msg/Odometry",)
STILL = 1e-6
"""A twist [m/s, rad/s] or a change of pose [m, rad] so small is none."""


@dataclass(frozen=True)
class Recorded:
    """A drive, and what the recording tells of the robot's topics, by their full names."""

    driving: Driving
    cmd_vel_topic: str
    stamped: bool
    odom_topic: str


def read_driving(path: Path, cmd_vel: str, odom: str) -> Recorded:
    """Commands and velocities of the topics `cmd_vel` and `odom`, with or without a namespace.

    Odometry that leaves its twist at zero while it moves is taken by its poses.
    Raises InputError for a path that is no bag, a topic that is not in it or of another type, or
    less driving than a fit takes.
    """
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ModuleNotFoundError as error:
        raise InputError(f"{path}: reading bags takes rosbags: pip install rosbags") from error
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; check the path")
    try:
        # Bags older than Iron hold no definitions; those of these types have not changed since.
        with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
            cmd_vel = _topic(reader, path, cmd_vel, COMMANDS)
            odom = _topic(reader, path, odom, ODOMETRY)
            stamped = reader.topics[cmd_vel].msgtype == STAMPED
            commands = _timed(_messages(reader, cmd_vel, _command), 3)
            odometry = _timed(_messages(reader, odom, _odometry), 6)
    except InputError:
        raise
    except Exception as error:  # of a damaged bag the library complains in many ways
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path}: cannot be read as a bag ({reason}); give the folder or file of a finished"
            " `ros2 bag record`"
        ) from error
    try:
        return Recorded(_driving(*commands, *odometry), cmd_vel, stamped, odom)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _driving(command_time: Array, command: Array, time: Array, odometry: Array) -> Driving:
    pose, twist = odometry[:, :3], odometry[:, 3:]
    still = np.abs(twist).max(initial=0.0) < STILL
    if still and len(pose) > 0 and np.ptp(pose, axis=0).max() > STILL:
        return Driving.from_poses(command_time, command, time, pose)
    return Driving.of(command_time, command, time, twist)


def _topic(reader: Any, path: Path, wanted: str, types: tuple[str, ...]) -> str:
    """The full name of a topic of one of the types; the namespace may be left out."""
    name = "/" + wanted.strip("/")
    there = {topic: info.msgtype for topic, info in reader.topics.items()}
    found = [name] if name in there else [topic for topic in there if topic.endswith(name)]
    kinds = " or ".join(kind.split("/")[-1] for kind in types)
    if len(found) != 1:
        fitting = [topic for topic, kind in there.items() if kind in types]
        of_these = f"of type {kinds} there is {', '.join(fitting) or 'none'}"
        many = f"{len(found)} topics end in {name}" if found else f"there is no topic {name}"
        raise InputError(
            f"{path}: {many}; {of_these}, of all {', '.join(there)}; name the topic in full"
        )
    if there[found[0]] not in types:
        raise InputError(f"{path}: {found[0]} is a {there[found[0]]}; expected {kinds}")
    return found[0]


def _messages(reader: Any, topic: str, row: Callable[[Any, str], list[float]]) -> Array:
    """One row a message: seconds since the bag began, seconds as stamped, and its values."""
    rows = []
    for connection, received, raw in reader.messages(reader.topics[topic].connections):
        values = row(reader.deserialize(raw, connection.msgtype), connection.msgtype)
        rows.append([(received - reader.start_time) * 1e-9, *values])
    return np.array(rows, float)


def _command(message: Any, kind: str) -> list[float]:
    twist = message.twist if kind == STAMPED else message
    stamp = _seconds(message.header.stamp) if kind == STAMPED else math.nan
    return [stamp, twist.linear.x, twist.linear.y, twist.angular.z]


def _odometry(message: Any, _: str) -> list[float]:
    place, q = message.pose.pose.position, message.pose.pose.orientation
    yaw = math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z))
    twist = message.twist.twist
    moves = [twist.linear.x, twist.linear.y, twist.angular.z]
    return [_seconds(message.header.stamp), place.x, place.y, yaw, *moves]


def _seconds(stamp: Any) -> float:
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def _timed(rows: Array, count: int) -> tuple[Array, Array]:
    """Times (N,) on the recorder's clock, and values (N, count).

    Stamps that run as fast as the recorder's clock tell when something was; that clock, by the
    quickest of the messages, how the two differ.
    """
    received, stamp, values = np.split(rows.reshape(-1, 2 + count), [1, 2], axis=1)
    received, stamp = received[:, 0], stamp[:, 0]
    if len(stamp) < 2 or not np.isfinite(stamp).all():
        return received, values
    took = received[-1] - received[0]
    if abs(stamp[-1] - stamp[0] - took) > 0.1 + 0.01 * took:
        return received, values
    return stamp + (received - stamp).min(), values
