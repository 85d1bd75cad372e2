"""The robot, its commands and its routes as messages, and back (REP-103: SI, x forward).

People are in `conversions_people`, records as JSON in `conversions_records`.
"""

from __future__ import annotations

import array
import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, Quaternion, Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import UInt8MultiArray
from transforms3d.euler import euler2quat, quat2euler

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError


def stamp_s(time: Time) -> float:
    """A stamp as seconds."""
    return float(time.sec) + 1e-9 * float(time.nanosec)


def to_stamp(time_s: float) -> Time:
    """Seconds as a stamp."""
    nanoseconds = round(time_s * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def yaw_of(q: Quaternion) -> float:
    """Heading [rad] of an orientation; NaN where it is not a rotation."""
    norm = math.hypot(q.w, q.x, q.y, q.z)
    if not 0.5 < norm < 2.0:
        return math.nan
    return float(quat2euler((q.w, q.x, q.y, q.z))[2])


def quaternion_of(yaw: float) -> Quaternion:
    """Orientation of a heading [rad]."""
    w, x, y, z = euler2quat(0.0, 0.0, yaw)
    return Quaternion(x=float(x), y=float(y), z=float(z), w=float(w))


def odometry_at(x: float, y: float, yaw: float, frame: str, child: str, time_s: float) -> Odometry:
    """Odometry of somebody at x, y [m], heading yaw [rad], at rest."""
    message = Odometry()
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    message.child_frame_id = child
    message.pose.pose.position.x, message.pose.pose.position.y = float(x), float(y)
    message.pose.pose.orientation = quaternion_of(float(yaw))
    return message


def robot_to_odometry(state: Array, frame: str, time_s: float) -> Odometry:
    """Robot (6,) as odometry: pose in `frame`, twist in base_link."""
    message = odometry_at(state[0], state[1], state[2], frame, "base_link", time_s)
    message.twist.twist = _twist(state[3:])
    return message


def odometry_to_robot(message: Odometry) -> Array:
    """Odometry as robot (6,): x, y, yaw, and vx, vy, wz in base_link."""
    pose = message.pose.pose
    place = [pose.position.x, pose.position.y, yaw_of(pose.orientation)]
    return np.concatenate([place, command_of(message.twist.twist)])


def velocity_command(twist: Array, stamped: bool, time_s: float) -> Any:
    """vx, vy [m/s], wz [rad/s] (3,) as a Twist, or a TwistStamped in base_link."""
    message = _twist(twist)
    return stamped_twist(message, "base_link", time_s) if stamped else message


def stamped_twist(twist: Twist, frame: str, time_s: float) -> TwistStamped:
    """A twist at time_s [s], in `frame`."""
    message = TwistStamped(twist=twist)
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    return message


def command_of(message: Twist | TwistStamped) -> Array:
    """vx, vy [m/s], wz [rad/s] (3,) in either kind of message."""
    twist = message.twist if isinstance(message, TwistStamped) else message
    return np.array([twist.linear.x, twist.linear.y, twist.angular.z])


def velocity_type(stamped: bool) -> type:
    """The message type of cmd_vel."""
    return TwistStamped if stamped else Twist


def goal_to_pose(goal: Array, frame: str, time_s: float) -> PoseStamped:
    """A goal (2,) [m] as `goal_pose`."""
    message = PoseStamped()
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    message.pose.position.x, message.pose.position.y = float(goal[0]), float(goal[1])
    message.pose.orientation.w = 1.0
    return message


def route_to_path(route: Array, frame: str, time_s: float) -> Path:
    """A path (L, 2) [m] as `plan`."""
    message = Path(poses=[goal_to_pose(point, frame, time_s) for point in route])
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    return message


def route_of(message: PoseStamped | Path) -> Array:
    """The route (L, 2) [m] in a `goal_pose` (L = 1) or `plan`.

    Raises InputError for a path without a pose, or a point that is not finite.
    """
    one = isinstance(message, PoseStamped)
    what, poses = ("goal_pose", [message]) if one else ("plan", message.poses)
    if not poses:
        raise InputError(f"{what}: holds no pose; give at least the goal")
    points = [(p.pose.position.x, p.pose.position.y) for p in poses]
    if not np.isfinite(points).all():
        raise InputError(f"{what}: a position is not finite; check what plans it")
    return np.array(points)


def bytes_message(data: bytes) -> UInt8MultiArray:
    """Raw bytes as a message."""
    message = UInt8MultiArray()
    message.data = array.array("B", data)
    return message


def message_bytes(message: UInt8MultiArray) -> bytes:
    """The raw bytes of a message."""
    return bytes(message.data)


def _twist(twist: Array) -> Twist:
    message = Twist()
    message.linear.x, message.linear.y = float(twist[0]), float(twist[1])
    message.angular.z = float(twist[2])
    return message
