"""Messages for bags, made without ROS."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from bisirl_ros.bags.library import message

ODOMETRY: Final = "nav_msgs/msg/Odometry"
NOT_TOLD: Final = -1.0
"""First of a twist's covariance where no velocity is told."""


def stamp(stamp_ns: int) -> Any:
    """builtin_interfaces/Time of nanoseconds."""
    parts = {"sec": stamp_ns // 10**9, "nanosec": stamp_ns % 10**9}
    return message("builtin_interfaces/msg/Time", **parts)


def odometry(
    stamp_ns: int,
    child: str,
    pose: tuple[float, float, float],
    twist: Sequence[float] | None = None,
    frame: str = "odom",
) -> Any:
    """nav_msgs/Odometry at x, y [m], yaw [rad], with vx, vy [m/s], wz [rad/s] in the body's frame.

    twist: None: no velocity is told. Covariances are zero: not told.
    """
    (x, y, yaw), (vx, vy, wz) = pose, twist or (0.0, 0.0, 0.0)
    covariance = np.zeros(36)
    covariance[0] = 0.0 if twist is not None else NOT_TOLD
    turn = {"x": 0.0, "y": 0.0, "z": math.sin(0.5 * yaw), "w": math.cos(0.5 * yaw)}
    place = message(
        "geometry_msgs/msg/Pose",
        position=message("geometry_msgs/msg/Point", x=float(x), y=float(y), z=0.0),
        orientation=message("geometry_msgs/msg/Quaternion", **turn),
    )
    vector = "geometry_msgs/msg/Vector3"
    moves = message(
        "geometry_msgs/msg/Twist",
        linear=message(vector, x=float(vx), y=float(vy), z=0.0),
        angular=message(vector, x=0.0, y=0.0, z=float(wz)),
    )
    return message(
        ODOMETRY,
        header=message("std_msgs/msg/Header", stamp=stamp(stamp_ns), frame_id=frame),
        child_frame_id=child,
        pose=message("geometry_msgs/msg/PoseWithCovariance", pose=place, covariance=np.zeros(36)),
        twist=message("geometry_msgs/msg/TwistWithCovariance", twist=moves, covariance=covariance),
    )
