"""Poses of one person, and of everybody without names."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import (
    Point,
    Pose,
    PoseArray,
    PoseStamped,
    PoseWithCovarianceStamped,
    Quaternion,
)

from bisirl_ros.inputs.sources import source

from .definitions import header


def crowd(count: int) -> list[Pose]:
    """Poses at (0, 0), (1, -1), ..."""
    return [Pose(position=Point(x=float(i), y=-float(i), z=0.1 * i)) for i in range(count)]


def test_a_pose_tells_a_position_alone() -> None:
    message = PoseStamped(header=header(), pose=crowd(3)[2])
    message.pose.orientation = Quaternion(w=0.0)  # of a tracker that sees no heading
    sighting = source("pose").read(message)
    (person,) = sighting.people
    np.testing.assert_array_equal(person.position, [2.0, -2.0])
    assert (person.identity, person.stamp_s, sighting.stamp_s) == ("human", 12.5, 12.5)
    assert person.velocity is None and person.position_covariance is None
    assert not sighting.complete
    assert sighting.heights == (0.2,)


@pytest.mark.parametrize(
    ("entries", "told", "refused"),
    [
        ({0: 0.04, 1: 0.01, 6: 0.01, 7: 0.09}, [[0.04, 0.01], [0.01, 0.09]], False),
        ({}, None, False),
        ({0: -1.0}, None, False),
        ({0: math.nan, 7: 1.0}, None, True),
        ({0: 1.0, 7: math.inf}, None, True),
        ({0: 1.0, 7: -1.0}, None, True),
        ({0: 1.0, 1: 2.0, 6: 2.0, 7: 1.0}, None, True),
    ],
)
def test_a_covariance_is_told_where_it_can_be_one(
    entries: dict[int, float], told: list[list[float]] | None, refused: bool
) -> None:
    message = PoseWithCovarianceStamped(header=header())
    message.pose.pose = crowd(2)[1]
    message.pose.pose.orientation = Quaternion(w=0.0)
    for i, value in entries.items():
        message.pose.covariance[i] = value
    sighting = source("pose_with_covariance").read(message)
    (person,) = sighting.people
    if told is None:
        assert person.position_covariance is None
    else:
        np.testing.assert_array_equal(person.position_covariance, told)
    assert person.covariance_refused is refused
    np.testing.assert_array_equal(person.position, [1.0, -1.0])
    assert person.velocity is None and person.velocity_covariance is None
    assert (person.identity, person.stamp_s, sighting.complete) == ("human", 12.5, False)


def test_a_place_in_an_array_is_nobodys_name() -> None:
    """The same people in another order are the same sighting, but for the order."""
    poses = crowd(7)
    mixed = random.Random(3).sample(poses, len(poses))
    seen = [source("pose_array").read(PoseArray(header=header(), poses=p)) for p in (poses, mixed)]
    places = [sorted(tuple(person.position) for person in sighting.people) for sighting in seen]
    assert places[0] == places[1] == sorted((float(i), -float(i)) for i in range(7))
    assert {person.identity for sighting in seen for person in sighting.people} == {""}
    for sighting in seen:
        assert [0.1 * p.position[0] for p in sighting.people] == pytest.approx(sighting.heights)


def test_an_empty_array_says_that_nobody_is_there() -> None:
    sighting = source("pose_array").read(PoseArray(header=header()))
    assert (sighting.people, sighting.heights, sighting.complete) == ((), (), True)
    assert (sighting.frame_id, sighting.stamp_s) == ("odom", 12.5)


def test_nobody_of_a_large_crowd_is_left_out_here() -> None:
    poses = crowd(250)
    poses[100].position.x = math.nan
    people = source("pose_array").read(PoseArray(header=header(), poses=poses)).people
    assert len(people) == 250
    assert math.isnan(people[100].position[0])
