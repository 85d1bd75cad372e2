"""People as messages, and back: one nav_msgs/Odometry per person and report.

child_frame_id is who it is. The twist is in the person's own frame, whose x is the pose's yaw;
where child_frame_id is the message's own frame, it is in that. Zero covariances are not told; a
twist covariance that begins with -1 says that no velocity is told.
"""

from __future__ import annotations

import collections
import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, PoseStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.nodes.conversions import odometry_at, stamp_s, stamped_twist, to_stamp, yaw_of
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.tracking.noise import told

EXACT = 1e-12
"""Least variance that is told [m^2, (m/s)^2]: zero would say that it is not known."""
UNKNOWN = -1.0
OLD_IDENTITY = "human"
"""Who is meant on `human/odom` and `human/pose`, which know one person only."""


def exact_report(identity: str, time_s: float, state: Array) -> PersonReport:
    """Somebody's true state (4,) as a report."""
    zero = np.zeros((2, 2))
    return PersonReport(identity, time_s, np.array(state[:2]), np.array(state[2:]), zero, zero)


def person_to_odometry(report: PersonReport, frame: str) -> Odometry:
    """A report as odometry: facing where they walk, the twist in their own frame."""
    velocity = report.velocity
    speed = 0.0 if velocity is None else math.hypot(*velocity)
    yaw = math.atan2(velocity[1], velocity[0]) if velocity is not None and speed > 1e-6 else 0.0
    x, y = report.position
    message = odometry_at(x, y, yaw, frame, report.identity, report.stamp_s)
    message.twist.twist.linear.x = float(speed)
    if report.position_covariance is not None:
        _tell(message.pose.covariance, report.position_covariance)
    if velocity is None:
        message.twist.covariance[0] = UNKNOWN
    elif report.velocity_covariance is not None:
        turn = _turn(yaw)
        _tell(message.twist.covariance, turn.T @ report.velocity_covariance @ turn)
    return message


def odometry_to_person(message: Odometry, identity: str = "") -> PersonReport:
    """Odometry as a report in the fixed frame; values may be NaN, for who receives it to refuse.

    identity: who it is; "": child_frame_id says it
    Raises InputError where neither says who it is.
    """
    name = identity or message.child_frame_id
    if not name:
        raise InputError("people/odom: child_frame_id is empty; put the person's identity there")
    pose, twist = message.pose.pose, message.twist.twist
    fixed = message.child_frame_id == message.header.frame_id
    velocity, turn = None, np.eye(2) if fixed else _turn(yaw_of(pose.orientation))
    unusable: collections.Counter[str] = collections.Counter()
    velocity_covariance = None
    if message.twist.covariance[0] != UNKNOWN:
        velocity = turn @ [twist.linear.x, twist.linear.y]
        velocity_covariance = told(_covariance(message.twist.covariance), unusable)
    if velocity_covariance is not None:
        velocity_covariance = turn @ velocity_covariance @ turn.T
    return PersonReport(
        name,
        stamp_s(message.header.stamp),
        np.array([pose.position.x, pose.position.y]),
        velocity,
        told(_covariance(message.pose.covariance), unusable),
        velocity_covariance,
        covariance_refused=unusable.total() > unusable["zero"] + unusable["none"],
    )


def person_state(report: PersonReport) -> Array:
    """The state (4,) in a report; raises InputError where it is not told or not finite."""
    if report.velocity is None:
        raise InputError(f"{report.identity}: a state without a velocity")
    state = np.concatenate([report.position, report.velocity])
    if not np.isfinite(state).all():
        raise InputError(f"{report.identity}: a state holds a value that is not finite")
    return state


def person_to_pose(report: PersonReport, frame: str) -> PoseStamped:
    """Where somebody is, as a stamped pose that faces where they walk."""
    odometry = person_to_odometry(report, frame)
    return PoseStamped(header=odometry.header, pose=odometry.pose.pose)


def pose_to_person(message: PoseStamped, identity: str = OLD_IDENTITY) -> PersonReport:
    """A stamped pose as a report of a position alone."""
    place = np.array([message.pose.position.x, message.pose.position.y])
    return PersonReport(identity, stamp_s(message.header.stamp), place, None, None, None)


def person_command(target: Array, frame: str, time_s: float) -> TwistStamped:
    """The velocity (2,) [m/s] in `frame` that a simulated person goes for."""
    twist = Twist()
    twist.linear.x, twist.linear.y = float(target[0]), float(target[1])
    return stamped_twist(twist, frame, time_s)


def path_marker(
    path: Array, frame: str, time_s: float, number: int, strength: float, name: str
) -> Marker:
    """A path (N, 2) [m] as a line, for a second; strength in 0..1 is its opacity."""
    marker = Marker(ns=name, id=number, type=Marker.LINE_STRIP, action=Marker.ADD)
    marker.header.frame_id, marker.header.stamp = frame, to_stamp(time_s)
    marker.scale.x = 0.03
    marker.pose.orientation.w = 1.0
    marker.lifetime = Duration(sec=1)
    marker.color = ColorRGBA(r=0.9, g=0.35, b=0.1, a=float(max(0.05, min(strength, 1.0))))
    marker.points = [Point(x=float(x), y=float(y), z=0.02) for x, y in path]
    return marker


def _turn(yaw: float) -> Array:
    """From the frame of somebody who heads for yaw [rad] into the fixed one: (2, 2)."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.array([[cos, -sin], [sin, cos]])


def _tell(covariance: Any, block: Array) -> None:
    """Write a covariance (2, 2) into one (36,) of x, y, z, and three angles."""
    covariance[0], covariance[7] = (max(float(v), EXACT) for v in np.diag(block))
    covariance[1] = covariance[6] = 0.5 * float(block[0, 1] + block[1, 0])


def _covariance(covariance: Any) -> Array | None:
    """Of x and y (2, 2); None where its first entry says that it is not known."""
    block = np.array([covariance[i] for i in (0, 1, 6, 7)]).reshape(2, 2)
    return None if block[0, 0] == UNKNOWN else block
