"""nav_msgs/Odometry: one message a person, with a velocity and both covariances."""

from __future__ import annotations

from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources.headers import sighting
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.messages.people import OLD_IDENTITY, odometry_to_person
from bisirl_ros.session.sighting import Sighting, clean_identity

ODOMETRY = "nav_msgs/msg/Odometry"


def people(options: SourceOptions) -> Source:
    """Everybody on one topic: child_frame_id is who it is."""

    def convert(message: Any) -> Sighting:
        identity = clean_identity(message.child_frame_id)
        if not identity:
            raise InputError("child_frame_id is empty; put the person's identity there")
        return _read(message, identity, options.twist_frame)

    return Source("people", "people/odom", ODOMETRY, convert)


def odometry(options: SourceOptions) -> Source:
    """One person, whatever child_frame_id is."""
    return Source(
        "odometry",
        "human/odom",
        ODOMETRY,
        lambda message: _read(message, OLD_IDENTITY, options.twist_frame),
    )


def _read(message: Any, identity: str, twist_frame: str) -> Sighting:
    report = odometry_to_person(message, identity, twist_frame)
    return sighting(message.header, [report], False, [message.pose.pose.position.z])
