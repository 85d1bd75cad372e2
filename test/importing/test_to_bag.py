"""A recording becomes a bag that holds the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.bags.reading import Bag, Told
from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording
from bisirl_ros.importing.to_bag import write_bag
from bisirl_ros.messages.people import odometry_to_person
from bisirl_ros.messages.robot import odometry_to_robot

ODOMETRY = "nav_msgs/msg/Odometry"


def messages(path: Path) -> list[Told]:
    """All of a bag."""
    with Bag(path) as bag:
        return list(bag.messages())


def stamp_ns(told: Told) -> int:
    """Of its header."""
    stamp = told.message.header.stamp
    return int(stamp.sec) * 10**9 + int(stamp.nanosec)


def circling() -> Recording:
    """A robot that drives a circle of 2 m to the left at 0.5 m/s, and two people."""
    time_s = 0.1 * np.arange(50)
    yaw = 0.25 * time_s
    robot = np.stack([time_s, 2.0 * np.sin(yaw), 2.0 - 2.0 * np.cos(yaw), yaw + 3.0], -1)
    robot[:, 3] = np.arctan2(np.sin(robot[:, 3]), np.cos(robot[:, 3]))
    ann = np.stack([time_s[::10], 1.0 + time_s[::10], -0.5 * time_s[::10]], -1)
    bob = np.array([[0.05, 1.0, 2.0], [4.95, 3.0, 4.0]])
    return Recording("both", "map", 1_700_000_000_123_456_789, {"ann": ann, "bob": bob}, robot)


def test_from_table_to_bag_the_numbers_stay(
    walk: list[list[Any]],
    text: Callable[..., str],
    read: Callable[..., Recording],
    tmp_path: Path,
) -> None:
    assert write_bag(read(text(walk)), tmp_path / "bag") == 280
    told = messages(tmp_path / "bag")
    assert {t.topic for t in told} == {"/odom", "/people/odom"}
    for topic, columns in (("/odom", slice(4, 6)), ("/people/odom", slice(1, 3))):
        these = [t for t in told if t.topic == topic]
        place = [(p.x, p.y) for p in (t.message.pose.pose.position for t in these)]
        np.testing.assert_array_equal(place, [row[columns] for row in walk])
        assert (
            np.abs([t.received_ns - row[0] for t, row in zip(these, walk, strict=True)]).max() < 300
        )
    assert all(t.kind == ODOMETRY and t.received_ns == stamp_ns(t) for t in told)
    assert all(t.message.header.frame_id == "odom" for t in told)
    turned = [t.message.pose.pose.orientation for t in told if t.topic == "/odom"]
    np.testing.assert_allclose([2.0 * math.atan2(q.z, q.w) for q in turned], 0.02, atol=1e-12)


def test_who_is_where_without_a_velocity(tmp_path: Path) -> None:
    write_bag(circling(), tmp_path / "bag")
    told = messages(tmp_path / "bag")
    people = [t.message for t in told if t.topic == "/people/odom"]
    assert [m.child_frame_id for m in people].count("ann") == 5
    assert [m.child_frame_id for m in people].count("bob") == 2
    assert all(m.twist.covariance[0] == -1.0 and m.header.frame_id == "map" for m in people)
    assert all(m.twist.twist.linear.x == 0.0 and not m.pose.covariance.any() for m in people)
    received = [t.received_ns for t in told]
    assert received == sorted(received) and received[0] == 1_700_000_000_123_456_789


def test_the_robots_twist_is_that_of_its_poses(tmp_path: Path) -> None:
    write_bag(circling(), tmp_path / "bag")
    twists = [t.message.twist for t in messages(tmp_path / "bag") if t.topic == "/odom"]
    inner = [(w.twist.linear.x, w.twist.linear.y, w.twist.angular.z) for w in twists[1:-1]]
    expected = (0.5 * math.cos(3.0), -0.5 * math.sin(3.0), 0.25)
    np.testing.assert_allclose(inner, np.tile(expected, (48, 1)), atol=1e-3)
    assert all(w.covariance[0] == 0.0 for w in twists)


def test_people_alone_are_a_bag_without_a_robot(tmp_path: Path) -> None:
    recording = circling()
    alone = Recording("alone", "odom", recording.begin_ns, recording.people)
    assert write_bag(alone, tmp_path / "bag") == 7
    with Bag(tmp_path / "bag") as bag:
        assert bag.kinds == {"/people/odom": ODOMETRY}


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(InputError, match="is there already"):
        write_bag(circling(), tmp_path / "bag")
    assert list((tmp_path / "bag").iterdir()) == []


def test_half_a_bag_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bisirl_ros.bags.writing.BagWriter.tell", full)
    with pytest.raises(InputError, match="cannot be written"):
        write_bag(circling(), tmp_path / "bag")
    assert list(tmp_path.iterdir()) == []


def test_the_node_reads_who_is_where_and_how_the_robot_drives(tmp_path: Path) -> None:
    write_bag(circling(), tmp_path / "bag")
    told = messages(tmp_path / "bag")
    reports = [odometry_to_person(t.message) for t in told if t.topic == "/people/odom"]
    ann = [report for report in reports if report.identity == "ann"]
    np.testing.assert_array_equal([a.position for a in ann], circling().people["ann"][:, 1:])
    assert all(a.velocity is None and a.position_covariance is None for a in ann)
    assert not any(a.covariance_refused for a in ann)
    robot = np.array([odometry_to_robot(t.message) for t in told if t.topic == "/odom"])
    poses = circling().robot
    assert poses is not None
    np.testing.assert_allclose(robot[:, :3], poses[:, 1:], atol=1e-12)
