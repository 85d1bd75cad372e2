"""geometry_msgs: poses of one person, or of everybody without saying who is who."""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.inputs.sources.headers import sighting
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.messages.people import (
    pose_to_person,
    pose_with_covariance_to_person,
)
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import Sighting


def pose(options: SourceOptions) -> Source:
    """PoseStamped of one person."""

    def convert(message: Any) -> Sighting:
        report = pose_to_person(message)
        return sighting(message.header, [report], False, [message.pose.position.z])

    return Source("pose", "human/pose", "geometry_msgs/msg/PoseStamped", convert)


def pose_with_covariance(options: SourceOptions) -> Source:
    """PoseWithCovarianceStamped of one person."""

    def convert(message: Any) -> Sighting:
        report = pose_with_covariance_to_person(message)
        return sighting(message.header, [report], False, [message.pose.pose.position.z])

    return Source(
        "pose_with_covariance",
        "human/pose_with_covariance",
        "geometry_msgs/msg/PoseWithCovarianceStamped",
        convert,
    )


def pose_array(options: SourceOptions) -> Source:
    """PoseArray of everybody; a pose's place in it is nobody's name."""

    def convert(message: Any) -> Sighting:
        time_s = stamp_s(message.header.stamp)
        places = [one.position for one in message.poses]
        reports = (PersonReport("", time_s, np.array([p.x, p.y]), None, None, None) for p in places)
        return sighting(message.header, reports, True, (p.z for p in places))

    return Source("pose_array", "people/pose_array", "geometry_msgs/msg/PoseArray", convert)
