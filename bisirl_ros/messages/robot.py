"""The robot, its commands and its routes (REP-103: SI, x forward)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from transforms3d.euler import quat2euler

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError


def stamp_s(time: Any) -> float:
    """A stamp as seconds."""
    return float(time.sec) + 1e-9 * float(time.nanosec)


def yaw_of(q: Any) -> float:
    """Heading [rad] of an orientation; NaN where it is not a rotation."""
    norm = math.hypot(q.w, q.x, q.y, q.z)
    if not 0.5 < norm < 2.0:
        return math.nan
    return float(quat2euler((q.w, q.x, q.y, q.z))[2])


def odometry_to_robot(message: Any) -> Array:
    """Odometry as robot (6,): x, y, yaw, and vx, vy, wz in base_link."""
    pose = message.pose.pose
    place = [pose.position.x, pose.position.y, yaw_of(pose.orientation)]
    return np.concatenate([place, command_of(message.twist.twist)])


def command_of(message: Any) -> Array:
    """vx, vy [m/s], wz [rad/s] (3,) in a Twist or a TwistStamped."""
    twist = message.twist if hasattr(message, "twist") else message
    return np.array([twist.linear.x, twist.linear.y, twist.angular.z])


def route_of(message: Any) -> Array:
    """The route (L, 2) [m] in a `goal_pose` (L = 1) or `plan`.

    Raises InputError for a path without a pose, or a point that is not finite.
    """
    one = hasattr(message, "pose")
    what, poses = ("goal_pose", [message]) if one else ("plan", message.poses)
    if not len(poses):
        raise InputError(f"{what}: holds no pose; give at least the goal")
    points = [(p.pose.position.x, p.pose.position.y) for p in poses]
    if not np.isfinite(points).all():
        raise InputError(f"{what}: a position is not finite; check what plans it")
    return np.array(points)


def message_bytes(message: Any) -> bytes:
    """The raw bytes of a UInt8MultiArray."""
    return bytes(message.data)
