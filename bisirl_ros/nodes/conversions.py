"""The robot, its commands, routes and records as messages, which `bisirl_ros.messages` reads."""

from __future__ import annotations

import array
import json
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, Quaternion, Twist, TwistStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import String, UInt8MultiArray
from transforms3d.euler import euler2quat

from bisirl_ros.core.arrays import Array


def to_stamp(time_s: float) -> Time:
    """Seconds as a stamp."""
    nanoseconds = round(time_s * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


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


def velocity_command(twist: Array, stamped: bool, time_s: float) -> Any:
    """vx, vy [m/s], wz [rad/s] (3,) as a Twist, or a TwistStamped in base_link."""
    message = _twist(twist)
    return stamped_twist(message, "base_link", time_s) if stamped else message


def stamped_twist(twist: Twist, frame: str, time_s: float) -> TwistStamped:
    """A twist at time_s [s], in `frame`."""
    message = TwistStamped(twist=twist)
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    return message


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


def bytes_message(data: bytes) -> UInt8MultiArray:
    """Raw bytes as a message."""
    message = UInt8MultiArray()
    message.data = array.array("B", data)
    return message


def json_message(record: dict[str, Any]) -> String:
    """A record as JSON text; raises ValueError for a value that is not finite."""
    return String(data=json.dumps(record, allow_nan=False))


def _twist(twist: Array) -> Twist:
    message = Twist()
    message.linear.x, message.linear.y = float(twist[0]), float(twist[1])
    message.angular.z = float(twist[2])
    return message
