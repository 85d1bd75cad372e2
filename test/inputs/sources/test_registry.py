"""All sources by name: what each subscribes to, what it lacks, and what all have in common."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import Pose, PoseArray, PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import Odometry

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources import SOURCES, SourceOptions, source
from bisirl_ros.nodes.message_types import message_type

from .definitions import Agent, Agents, IdsList, People, Person, header

HERE = SourceOptions(lookup=lambda frame: (0.0, 0.0, 0.0))
ONE_PERSON: dict[str, Any] = {
    "people": lambda h: Odometry(header=h, child_frame_id="anna"),
    "odometry": lambda h: Odometry(header=h),
    "pose": lambda h: PoseStamped(header=h),
    "pose_with_covariance": lambda h: PoseWithCovarianceStamped(header=h),
    "pose_array": lambda h: PoseArray(header=h, poses=[Pose()]),
    "people_msgs": lambda h: People(header=h, people=[Person(name="anna")]),
    "hri": lambda h: IdsList(header=h, ids=["anna"]),
    "hunav": lambda h: Agents(header=h, agents=[Agent(name="anna")]),
}
UNRELEASED = {"people_msgs": "people_msgs", "hri": "hri_msgs", "hunav": "hunav_msgs"}


@pytest.mark.usefixtures("installed")
def test_a_source_is_called_what_it_is_asked_for_by() -> None:
    made = [source(name, HERE) for name in SOURCES]
    assert [one.name for one in made] == list(SOURCES)
    topics = [one.topic for one in made]
    assert len(set(topics)) == len(topics)
    assert not any(topic.startswith("/") for topic in topics)
    assert set(ONE_PERSON) == set(SOURCES) - {"tf"}
    for name, example in ONE_PERSON.items():
        assert isinstance(example(header()), message_type(source(name, HERE).kind or ""))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ONE_PERSON)
def test_a_stamp_that_nobody_set_is_not_told(name: str) -> None:
    """Then the arrival stands in for it; one that was set is kept, whatever the arrival."""
    careless = source(name, HERE).read(ONE_PERSON[name](header(sec=0, nanosec=0)))
    assert careless.stamp_s is None
    assert [person.stamp_s for person in careless.stamped(7.5).people] == [7.5]
    for sec, nanosec, time_s in ((0, 1, 1e-9), (12, 500_000_000, 12.5)):
        careful = source(name, HERE).read(ONE_PERSON[name](header(sec=sec, nanosec=nanosec)))
        assert careful.stamp_s == time_s
        assert [person.stamp_s for person in careful.stamped(7.5).people] == [time_s]


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", sorted(set(ONE_PERSON) - {"hri"}))
def test_a_frame_is_handed_on_without_a_slash_before_it(name: str) -> None:
    for frame, known in (("/base_link", "base_link"), ("robot1/odom", "robot1/odom"), ("", "")):
        sighting = source(name, HERE).read(ONE_PERSON[name](header(frame)))
        assert sighting.frame_id == known
        np.testing.assert_array_equal(sighting.people[0].position, [0.0, 0.0])
        assert sighting.heights == (0.0,)


@pytest.mark.parametrize(("name", "package"), UNRELEASED.items())
def test_a_package_that_is_missing_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=f"^{package}/msg/.*cannot be loaded") as raised:
        message_type(source(name, HERE).kind or "")
    line = str(raised.value)
    assert "\n" not in line
    assert "not released for Kilted" in line or "none of Jazzy, Kilted and Lyrical" in line
    assert f"ros-$ROS_DISTRO-{package.replace('_', '-')}" in line or "https://github.com/" in line


@pytest.mark.parametrize("name", sorted(set(SOURCES) - set(UNRELEASED)))
def test_the_others_need_core_messages_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for package in UNRELEASED.values():
        monkeypatch.setitem(sys.modules, package, None)
    made = source(name, HERE)
    assert made.name == name
    assert made.kind is None or message_type(made.kind)


def test_no_source_needs_its_package_to_read_by() -> None:
    """Of a bag that holds the definitions, for instance."""
    assert [source(name, HERE).kind for name in UNRELEASED] == [
        "people_msgs/msg/People",
        "hri_msgs/msg/IdsList",
        "hunav_msgs/msg/Agents",
    ]


@pytest.mark.usefixtures("installed")
def test_a_package_without_the_type_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(sys.modules["hri_msgs.msg"], "IdsList")
    with pytest.raises(InputError, match="hri_msgs/msg/IdsList: cannot be loaded"):
        message_type(source("hri", HERE).kind or "")


def test_another_name_or_frame_is_refused() -> None:
    with pytest.raises(InputError, match=r"human_source 'kinect' is unknown.*pose_array"):
        source("kinect")
    with pytest.raises(InputError, match=r"human_twist_frame = 'map': choose one of auto, body"):
        SourceOptions(twist_frame="map")
