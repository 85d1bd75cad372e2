"""Every conversion between ROS messages and arrays, in one place (REP-103: SI, x forward)."""

from __future__ import annotations

import array
import json
import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, PoseStamped, Quaternion, Twist, TwistStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import ColorRGBA, String, UInt8MultiArray
from transforms3d.euler import euler2quat, quat2euler
from visualization_msgs.msg import Marker

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

EPISODE = "bisirl.episode/1"
EVALUATION = "bisirl.evaluation/1"
LEARNING = "bisirl.learning/1"
TRUTH = "bisirl.truth/1"


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


def robot_to_odometry(state: Array, frame: str, time_s: float) -> Odometry:
    """Robot (5,) as odometry: pose in `frame`, twist in base_link."""
    message = _odometry(state[0], state[1], state[2], frame, "base_link", time_s)
    message.twist.twist.linear.x = float(state[3])
    message.twist.twist.angular.z = float(state[4])
    return message


def odometry_to_robot(message: Odometry) -> Array:
    """Odometry as robot (5,)."""
    pose, twist = message.pose.pose, message.twist.twist
    return np.array(
        [
            pose.position.x,
            pose.position.y,
            yaw_of(pose.orientation),
            twist.linear.x,
            twist.angular.z,
        ]
    )


def human_to_odometry(state: Array, frame: str, time_s: float) -> Odometry:
    """Human (4,) as odometry: facing where they walk, twist in their own frame."""
    speed = math.hypot(state[2], state[3])
    yaw = math.atan2(state[3], state[2]) if speed > 1e-6 else 0.0
    message = _odometry(state[0], state[1], yaw, frame, "human", time_s)
    message.twist.twist.linear.x = float(speed)
    return message


def odometry_to_human(message: Odometry) -> Array:
    """Odometry as human (4,), velocity turned into the pose's frame."""
    pose, twist = message.pose.pose, message.twist.twist
    yaw = yaw_of(pose.orientation)
    cos, sin = math.cos(yaw), math.sin(yaw)
    vx, vy = twist.linear.x, twist.linear.y
    return np.array([pose.position.x, pose.position.y, vx * cos - vy * sin, vx * sin + vy * cos])


def human_to_pose(state: Array, frame: str, time_s: float) -> PoseStamped:
    """Human (4,) as a stamped pose."""
    odometry = human_to_odometry(state, frame, time_s)
    return PoseStamped(header=odometry.header, pose=odometry.pose.pose)


def velocity_command(speed: float, turn_rate: float, stamped: bool, time_s: float) -> Any:
    """A Twist, or a TwistStamped in base_link."""
    twist = Twist()
    twist.linear.x, twist.angular.z = float(speed), float(turn_rate)
    if not stamped:
        return twist
    message = TwistStamped(twist=twist)
    message.header.frame_id, message.header.stamp = "base_link", to_stamp(time_s)
    return message


def twist_of(message: Twist | TwistStamped) -> Twist:
    """The velocity in either kind of message."""
    return message.twist if isinstance(message, TwistStamped) else message


def velocity_type(stamped: bool) -> type:
    """The message type of cmd_vel."""
    return TwistStamped if stamped else Twist


def bytes_message(data: bytes) -> UInt8MultiArray:
    """Raw bytes as a message."""
    message = UInt8MultiArray()
    message.data = array.array("B", data)
    return message


def message_bytes(message: UInt8MultiArray) -> bytes:
    """The raw bytes of a message."""
    return bytes(message.data)


def json_message(record: dict[str, Any]) -> String:
    """A record as JSON text."""
    return String(data=json.dumps(record, allow_nan=False))


def read_json(message: String, schema: str, where: str) -> dict[str, Any]:
    """The record in a JSON message; raises InputError for another schema."""
    try:
        record = json.loads(message.data)
        found = record.get("schema")
    except (ValueError, AttributeError) as error:
        raise InputError(f"{where}: not a JSON record ({error})") from error
    if found != schema:
        raise InputError(f"{where}: schema {found}, expected {schema}")
    return dict(record)


def read_episode(message: String) -> dict[str, Any]:
    """A record of topic `episode`; raises InputError where a field is missing or nonsense."""
    record = read_json(message, EPISODE, "episode")
    try:
        x, y = map(float, record["human_goal"])
        stamp = float(record["stamp_s"])
        known = {"event": str(record["event"]), "episode": int(record["episode"])}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"episode: a record without a proper {error}") from error
    if not all(math.isfinite(value) for value in (stamp, x, y)):
        raise InputError("episode: a record that holds a value that is not finite")
    return {**record, **known, "stamp_s": stamp, "human_goal": (x, y)}


def path_marker(
    path: Array, frame: str, time_s: float, number: int, strength: float, name: str
) -> Marker:
    """A path (N, 2) [m] as a line; strength in 0..1 is its opacity."""
    marker = Marker(ns=name, id=number, type=Marker.LINE_STRIP, action=Marker.ADD)
    marker.header.frame_id, marker.header.stamp = frame, to_stamp(time_s)
    marker.scale.x = 0.03
    marker.pose.orientation.w = 1.0
    marker.color = ColorRGBA(r=0.9, g=0.35, b=0.1, a=float(max(0.05, min(strength, 1.0))))
    marker.points = [Point(x=float(x), y=float(y), z=0.02) for x, y in path]
    return marker


def _odometry(x: float, y: float, yaw: float, frame: str, child: str, time_s: float) -> Odometry:
    message = Odometry()
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    message.child_frame_id = child
    message.pose.pose.position.x, message.pose.pose.position.y = float(x), float(y)
    message.pose.pose.orientation = quaternion_of(float(yaw))
    return message
