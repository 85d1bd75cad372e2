"""Odometry of people: in whose frame a twist is, and what of it is told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")
pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources import TWIST_FRAMES, SourceOptions, source
from bisirl_ros.messages import people as mp
from bisirl_ros.nodes import conversions_people as c
from bisirl_ros.nodes.conversions import odometry_at
from bisirl_ros.session.reports import PersonReport

few = settings(max_examples=60, deadline=None, database=None, derandomize=True)
speeds = st.floats(-3.0, 3.0)
SPREAD = np.array([[0.04, 0.01], [0.01, 0.09]])


def walking(yaw: float, velocity: tuple[float, float], frame: str, child: str) -> Any:
    """Somebody who faces yaw, with a twist as it is and covariances `SPREAD` of either kind."""
    message = odometry_at(1.5, -2.0, yaw, frame, child, 3.25)
    message.twist.twist.linear.x, message.twist.twist.linear.y = velocity
    for covariance in (message.pose.covariance, message.twist.covariance):
        covariance[0], covariance[7], covariance[1] = SPREAD[0, 0], SPREAD[1, 1], SPREAD[0, 1]
        covariance[6] = SPREAD[1, 0]
    return message


def read(name: str, message: Any, twist_frame: str = "auto") -> PersonReport:
    """The one person of a message."""
    (person,) = source(name, SourceOptions(twist_frame=twist_frame)).read(message).people
    return person


@few
@given(
    st.floats(-math.pi, math.pi),
    st.tuples(speeds, speeds),
    st.sampled_from(TWIST_FRAMES),
    st.sampled_from(["people", "odometry"]),
    st.sampled_from([("odom", "anna"), ("odom", "odom"), ("", "anna")]),
)
def test_a_twist_is_in_the_frame_that_the_parameter_says(
    yaw: float,
    velocity: tuple[float, float],
    twist_frame: str,
    name: str,
    frames: tuple[str, str],
) -> None:
    """In one's own frame, both are turned by the yaw; in the fixed one, neither is."""
    person = read(name, walking(yaw, velocity, *frames), twist_frame)
    fixed = twist_frame == "world" or (twist_frame == "auto" and frames[0] == frames[1])
    angle = 0.0 if fixed else yaw
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    np.testing.assert_allclose(person.velocity, turn @ velocity, atol=1e-12)
    np.testing.assert_allclose(person.velocity_covariance, turn @ SPREAD @ turn.T, atol=1e-12)
    np.testing.assert_allclose(person.position_covariance, SPREAD, atol=1e-12)
    np.testing.assert_array_equal(person.position, [1.5, -2.0])
    assert person.identity == (frames[1] if name == "people" else "human")


def test_without_a_frame_the_persons_own_is_still_theirs() -> None:
    message = walking(math.pi / 2, (1.0, 0.0), "", "")
    np.testing.assert_allclose(read("odometry", message, "body").velocity, [0, 1], atol=1e-12)


@pytest.mark.parametrize("child", ["anna", "odom"])
def test_by_default_everything_is_as_in_conversions(child: str) -> None:
    message = walking(0.7, (0.3, -0.4), "odom", child)
    message.twist.covariance[7] = -4.0
    got, expected = read("people", message), mp.odometry_to_person(message)
    for name in ("position", "velocity", "position_covariance", "velocity_covariance"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))
    assert got.covariance_refused and expected.covariance_refused
    assert (got.identity, got.stamp_s) == (expected.identity, expected.stamp_s)


def test_reading_leaves_the_message_as_it_was() -> None:
    message = walking(0.7, (0.3, -0.4), "odom", "anna")
    for twist_frame in TWIST_FRAMES:
        read("people", message, twist_frame)
    assert message == walking(0.7, (0.3, -0.4), "odom", "anna")


@pytest.mark.parametrize("name", ["people", "odometry"])
def test_a_message_is_about_one_person_alone(name: str) -> None:
    message = walking(0.0, (0.0, 0.0), "odom", "anna")
    message.pose.pose.position.z = 0.9
    sighting = source(name).read(message)
    assert (sighting.complete, sighting.frame_id, sighting.stamp_s) == (False, "odom", 3.25)
    assert sighting.heights == (0.9,)


def test_a_velocity_that_is_not_told_stays_so_in_any_frame() -> None:
    message = c.person_to_odometry(PersonReport("anna", 3.0, np.zeros(2), None, None, None), "odom")
    for twist_frame in TWIST_FRAMES:
        person = read("people", message, twist_frame)
        assert person.velocity is None and person.velocity_covariance is None
        assert not person.covariance_refused


def test_names_are_cleaned_and_somebody_without_one_is_refused() -> None:
    person = read("people", walking(0.0, (0.0, 0.0), "odom", "an\nna\x07" + "a" * 100))
    assert person.identity == "anna" + "a" * 60
    for child in ("", "\n\t "):
        with pytest.raises(InputError, match=r"^people/odom: child_frame_id is empty") as raised:
            read("people", walking(0.0, (0.0, 0.0), "odom", child))
        assert "\n" not in str(raised.value)
        assert read("odometry", walking(0.0, (0.0, 0.0), "odom", child)).identity == "human"


def test_a_position_that_is_not_finite_is_handed_on() -> None:
    message = walking(0.0, (0.0, 0.0), "odom", "anna")
    message.pose.pose.position.x = math.nan
    assert math.isnan(read("people", message).position[0])
