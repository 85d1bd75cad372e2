"""geometry_msgs: poses of one person, or of everybody without saying who is who."""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry

from bisirl_ros.nodes.conversions import stamp_s
from bisirl_ros.nodes.conversions_people import (
    OLD_IDENTITY,
    UNKNOWN,
    odometry_to_person,
    pose_to_person,
)
from bisirl_ros.nodes.sources.headers import sighting
from bisirl_ros.nodes.sources.source import Source, SourceOptions
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import Sighting


def pose(options: SourceOptions) -> Source:
    """PoseStamped of one person."""

    def convert(message: PoseStamped) -> Sighting:
        report = pose_to_person(message)
        return sighting(message.header, [report], False, [message.pose.position.z])

    return Source("pose", "human/pose", PoseStamped, convert)


def pose_with_covariance(options: SourceOptions) -> Source:
    """PoseWithCovarianceStamped of one person."""

    def convert(message: PoseWithCovarianceStamped) -> Sighting:
        still = Odometry(header=message.header, pose=message.pose)
        still.twist.covariance[0] = UNKNOWN
        report = odometry_to_person(still, OLD_IDENTITY)
        return sighting(message.header, [report], False, [message.pose.pose.position.z])

    return Source(
        "pose_with_covariance", "human/pose_with_covariance", PoseWithCovarianceStamped, convert
    )


def pose_array(options: SourceOptions) -> Source:
    """PoseArray of everybody; a pose's place in it is nobody's name."""

    def convert(message: PoseArray) -> Sighting:
        time_s = stamp_s(message.header.stamp)
        places = [one.position for one in message.poses]
        reports = (PersonReport("", time_s, np.array([p.x, p.y]), None, None, None) for p in places)
        return sighting(message.header, reports, True, (p.z for p in places))

    return Source("pose_array", "people/pose_array", PoseArray, convert)
