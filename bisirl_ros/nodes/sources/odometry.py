"""nav_msgs/Odometry: one message a person, with a velocity and both covariances."""

from __future__ import annotations

from nav_msgs.msg import Odometry

from bisirl_ros.errors import InputError
from bisirl_ros.nodes.conversions_people import OLD_IDENTITY, odometry_to_person
from bisirl_ros.nodes.sources.headers import sighting
from bisirl_ros.nodes.sources.source import Source, SourceOptions
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.sighting import Sighting, clean_identity


def people(options: SourceOptions) -> Source:
    """Everybody on one topic: child_frame_id is who it is."""

    def convert(message: Odometry) -> Sighting:
        identity = clean_identity(message.child_frame_id)
        if not identity:
            raise InputError("child_frame_id is empty; put the person's identity there")
        return _read(message, identity, options.twist_frame)

    return Source("people", "people/odom", Odometry, convert)


def odometry(options: SourceOptions) -> Source:
    """One person, whatever child_frame_id is."""
    return Source(
        "odometry",
        "human/odom",
        Odometry,
        lambda message: _read(message, OLD_IDENTITY, options.twist_frame),
    )


def _in_twist_frame(message: Odometry, identity: str, twist_frame: str) -> PersonReport:
    """Odometry of somebody as a report in the fixed frame.

    twist_frame: "auto": the twist is in the fixed frame where child_frame_id is frame_id, else in
    the person's own; "body": always in their own; "world": never
    """
    frame = message.header.frame_id
    child = {"auto": message.child_frame_id, "body": f"{frame}/{identity}", "world": frame}
    meant = Odometry(
        header=message.header,
        child_frame_id=child[twist_frame],
        pose=message.pose,
        twist=message.twist,
    )
    return odometry_to_person(meant, identity)


def _read(message: Odometry, identity: str, twist_frame: str) -> Sighting:
    report = _in_twist_frame(message, identity, twist_frame)
    return sighting(message.header, [report], False, [message.pose.pose.position.z])
