"""People as messages, which `bisirl_ros.messages.people` reads."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point, PoseStamped, Twist, TwistStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker

from bisirl_ros.core.arrays import Array
from bisirl_ros.messages.people import UNKNOWN, turn_of
from bisirl_ros.nodes.conversions import odometry_at, stamped_twist, to_stamp
from bisirl_ros.session.reports import PersonReport

EXACT = 1e-12
"""Least variance that is told [m^2, (m/s)^2]: zero would say that it is not known."""


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
        turn = turn_of(yaw)
        _tell(message.twist.covariance, turn.T @ report.velocity_covariance @ turn)
    return message


def person_to_pose(report: PersonReport, frame: str) -> PoseStamped:
    """Where somebody is, as a stamped pose that faces where they walk."""
    odometry = person_to_odometry(report, frame)
    return PoseStamped(header=odometry.header, pose=odometry.pose.pose)


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


def _tell(covariance: Any, block: Array) -> None:
    """Write a covariance (2, 2) into one (36,) of x, y, z, and three angles."""
    covariance[0], covariance[7] = (max(float(v), EXACT) for v in np.diag(block))
    covariance[1] = covariance[6] = 0.5 * float(block[0, 1] + block[1, 0])
