"""People: one nav_msgs/Odometry per person and report, or a pose.

child_frame_id is who it is. The twist is in the person's own frame, whose x is the pose's yaw;
where child_frame_id is the message's own frame, it is in that. Zero covariances are not told; a
twist covariance that begins with -1 says that no velocity is told.
"""

from __future__ import annotations

import collections
import math
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.messages.robot import stamp_s, yaw_of
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.tracking.noise import told

UNKNOWN = -1.0
OLD_IDENTITY = "human"
"""Who is meant on `human/odom` and `human/pose`, which know one person only."""


def odometry_to_person(message: Any, identity: str = "", twist_frame: str = "auto") -> PersonReport:
    """Odometry as a report in the fixed frame; values may be NaN, for who receives it to refuse.

    identity: who it is; "": child_frame_id says it
    twist_frame: "auto": the twist is in the fixed frame where child_frame_id is frame_id, else in
    the person's own; "body": always in their own; "world": never
    Raises InputError where neither says who it is.
    """
    name = identity or message.child_frame_id
    if not name:
        raise InputError("people/odom: child_frame_id is empty; put the person's identity there")
    pose, twist = message.pose.pose, message.twist.twist
    same = message.child_frame_id == message.header.frame_id
    fixed = twist_frame == "world" or (twist_frame == "auto" and same)
    velocity, turn = None, np.eye(2) if fixed else turn_of(yaw_of(pose.orientation))
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
        covariance_refused=_refused(unusable),
    )


def person_state(report: PersonReport) -> Array:
    """The state (4,) in a report; raises InputError where it is not told or not finite."""
    if report.velocity is None:
        raise InputError(f"{report.identity}: a state without a velocity")
    state = np.concatenate([report.position, report.velocity])
    if not np.isfinite(state).all():
        raise InputError(f"{report.identity}: a state holds a value that is not finite")
    return state


def pose_to_person(message: Any, identity: str = OLD_IDENTITY) -> PersonReport:
    """A stamped pose as a report of a position alone."""
    place = np.array([message.pose.position.x, message.pose.position.y])
    return PersonReport(identity, stamp_s(message.header.stamp), place, None, None, None)


def pose_with_covariance_to_person(message: Any, identity: str = OLD_IDENTITY) -> PersonReport:
    """A stamped pose with its covariance as a report of a position, which may be NaN."""
    unusable: collections.Counter[str] = collections.Counter()
    place = message.pose.pose.position
    return PersonReport(
        identity,
        stamp_s(message.header.stamp),
        np.array([place.x, place.y]),
        None,
        told(_covariance(message.pose.covariance), unusable),
        None,
        covariance_refused=_refused(unusable),
    )


def turn_of(yaw: float) -> Array:
    """From the frame of somebody who heads for yaw [rad] into the fixed one: (2, 2)."""
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.array([[cos, -sin], [sin, cos]])


def _refused(unusable: collections.Counter[str]) -> bool:
    return unusable.total() > unusable["zero"] + unusable["none"]


def _covariance(covariance: Any) -> Array | None:
    """Of x and y (2, 2); None where its first entry says that it is not known."""
    block = np.array([covariance[i] for i in (0, 1, 6, 7)]).reshape(2, 2)
    return None if block[0, 0] == UNKNOWN else block
