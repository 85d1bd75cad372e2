"""A drive out of a rosbag2 recording (sqlite3 or mcap), read without ROS."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.bags.reading import Bag
from bisirl_ros.calibrate.driving import Driving
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.messages.robot import command_of, odometry_to_robot, stamp_s

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
    with Bag(path) as bag:
        cmd_vel, odom = bag.find(cmd_vel, COMMANDS), bag.find(odom, ODOMETRY)
        stamped = bag.kinds[cmd_vel] == STAMPED
        commands = _timed(_rows(bag, cmd_vel, _command), 3)
        odometry = _timed(_rows(bag, odom, _odometry), 6)
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


def _rows(bag: Bag, topic: str, row: Callable[[Any], list[float]]) -> Array:
    """One row a message: seconds since the bag began, seconds as stamped, and its values."""
    told = bag.messages([topic])
    return np.array([[one.received_s - bag.start_s, *row(one.message)] for one in told], float)


def _command(message: Any) -> list[float]:
    stamped = hasattr(message, "header")
    time_s = stamp_s(message.header.stamp) if stamped else math.nan
    return [time_s, *command_of(message)]


def _odometry(message: Any) -> list[float]:
    return [stamp_s(message.header.stamp), *odometry_to_robot(message)]


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
