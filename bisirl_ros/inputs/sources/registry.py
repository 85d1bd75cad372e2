"""All sources by the value of human_source."""

from __future__ import annotations

from collections.abc import Callable

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources.hri import hri
from bisirl_ros.inputs.sources.hunav import hunav
from bisirl_ros.inputs.sources.odometry import odometry, people
from bisirl_ros.inputs.sources.people_message import people_msgs
from bisirl_ros.inputs.sources.poses import pose, pose_array, pose_with_covariance
from bisirl_ros.inputs.sources.source import Source, SourceOptions
from bisirl_ros.inputs.sources.tf import tf

SOURCES: dict[str, Callable[[SourceOptions], Source]] = {
    "people": people,
    "odometry": odometry,
    "pose": pose,
    "pose_with_covariance": pose_with_covariance,
    "pose_array": pose_array,
    "people_msgs": people_msgs,
    "hri": hri,
    "tf": tf,
    "hunav": hunav,
}
DEFAULTS = SourceOptions()


def source(name: str, options: SourceOptions = DEFAULTS) -> Source:
    """The source `name`; raises InputError for another name, or where what it needs is missing."""
    if name not in SOURCES:
        raise InputError(f"human_source '{name}' is unknown; choose one of {', '.join(SOURCES)}")
    return SOURCES[name](options)
