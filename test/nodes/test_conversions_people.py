"""People as odometry: there and back, in either convention, with or without covariances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import Quaternion
from nav_msgs.msg import Odometry

from bisirl_ros.errors import InputError
from bisirl_ros.messages import people as mp
from bisirl_ros.messages.robot import stamp_s, yaw_of
from bisirl_ros.nodes import conversions_people as c
from bisirl_ros.session.reports import PersonReport

POSITION, VELOCITY = np.array([0.5, -3.0]), np.array([-0.6, 0.8])
LONG = np.array([[0.04, 0.01], [0.01, 0.09]])


def report(**changes: Any) -> PersonReport:
    """Somebody who walks at 1 m/s, told with both covariances."""
    given: dict[str, Any] = {
        "identity": "anna",
        "stamp_s": 3.25,
        "position": POSITION,
        "velocity": VELOCITY,
        "position_covariance": LONG,
        "velocity_covariance": 2.0 * LONG,
    }
    return PersonReport(**{**given, **changes})


def assert_same(back: PersonReport, sent: PersonReport) -> None:
    """All that is told."""
    assert (back.identity, back.stamp_s) == (sent.identity, sent.stamp_s)
    for name in ("position", "velocity", "position_covariance", "velocity_covariance"):
        got, was = getattr(back, name), getattr(sent, name)
        assert (got is None) == (was is None), name
        if was is not None:
            np.testing.assert_allclose(got, was, atol=1e-12, err_msg=name)
    assert not back.covariance_refused


@pytest.mark.parametrize(
    "sent",
    [
        report(),
        report(velocity=np.zeros(2)),
        report(position_covariance=None),
        report(velocity_covariance=None),
        report(velocity=None, velocity_covariance=None),
        report(velocity=None, velocity_covariance=None, position_covariance=None),
    ],
)
def test_a_report_comes_back_as_it_was(sent: PersonReport) -> None:
    message = c.person_to_odometry(sent, "map")
    assert (message.header.frame_id, message.child_frame_id) == ("map", "anna")
    assert_same(mp.odometry_to_person(message), sent)


def test_the_twist_and_its_covariance_are_in_the_persons_own_frame() -> None:
    """Who walks along y with an uncertain pace is uncertain along their own x."""
    pace = np.diag([0.01, 0.25])
    sent = report(velocity=np.array([0.0, 1.5]), velocity_covariance=pace)
    message = c.person_to_odometry(sent, "map")
    assert yaw_of(message.pose.pose.orientation) == pytest.approx(math.pi / 2)
    twist = message.twist.twist.linear
    assert (twist.x, twist.y) == (1.5, 0.0)
    assert (message.twist.covariance[0], message.twist.covariance[7]) == pytest.approx((0.25, 0.01))
    message.twist.twist.linear.y = 0.5  # to their left
    np.testing.assert_allclose(mp.odometry_to_person(message).velocity, [-0.5, 1.5], atol=1e-12)


def test_a_twist_in_the_fixed_frame_is_understood() -> None:
    message = c.person_to_odometry(report(), "map")
    message.child_frame_id = "map"
    message.twist.twist.linear.x, message.twist.twist.linear.y = 0.25, -0.75
    message.twist.covariance[0], message.twist.covariance[7] = 0.25, 0.5
    message.twist.covariance[1] = message.twist.covariance[6] = 0.0
    back = mp.odometry_to_person(message, "anna")
    np.testing.assert_array_equal(back.velocity, [0.25, -0.75])
    np.testing.assert_array_equal(back.velocity_covariance, np.diag([0.25, 0.5]))
    assert back.identity == "anna"


def test_what_is_exact_is_told_as_nearly_so() -> None:
    message = c.person_to_odometry(c.exact_report("ben", 1.0, np.arange(4.0)), "odom")
    for covariance in (message.pose.covariance, message.twist.covariance):
        assert covariance[0] == covariance[7] == 1e-12
        assert np.count_nonzero(covariance) == 2
    back = mp.odometry_to_person(message)
    np.testing.assert_allclose(mp.person_state(back), np.arange(4.0))
    np.testing.assert_allclose(back.position_covariance, 1e-12 * np.eye(2), atol=1e-20)


def test_a_velocity_that_is_not_told_is_marked() -> None:
    silent = report(velocity=None, velocity_covariance=None)
    message = c.person_to_odometry(silent, "odom")
    assert message.twist.covariance[0] == -1.0
    message.pose.pose.orientation = Quaternion(w=0.0)  # nothing depends on it then
    assert_same(mp.odometry_to_person(message), silent)
    with pytest.raises(InputError, match="anna: a state without a velocity"):
        mp.person_state(silent)


@pytest.mark.parametrize("which", ["pose", "twist"])
@pytest.mark.parametrize(
    ("entries", "refused"),
    [
        ({}, False),
        ({0: -1.0}, False),
        ({0: 1.0, 7: math.nan}, True),
        ({0: math.inf, 7: 1.0}, True),
        ({0: 1.0, 7: -0.5}, True),
        ({0: -0.5, 7: 1.0}, True),
        ({0: 1.0, 1: 0.5, 7: 1.0}, True),
        ({0: 1.0, 1: 2.0, 6: 2.0, 7: 1.0}, True),
    ],
)
def test_a_covariance_that_makes_no_sense_is_not_told(
    which: str, entries: dict[int, float], refused: bool
) -> None:
    message = c.person_to_odometry(report(position_covariance=None, velocity_covariance=None), "m")
    for i, value in entries.items():
        getattr(message, which).covariance[i] = value
    back = mp.odometry_to_person(message)
    assert back.position_covariance is None and back.velocity_covariance is None
    assert back.covariance_refused is refused
    assert (back.velocity is None) is (which == "twist" and entries.get(0) == -1.0)


def test_who_it_is_has_to_be_told() -> None:
    with pytest.raises(InputError, match="child_frame_id is empty"):
        mp.odometry_to_person(Odometry())
    assert mp.odometry_to_person(Odometry(), "human").identity == "human"


@pytest.mark.parametrize("field", ["position", "velocity"])
def test_values_that_are_not_finite_are_passed_on_and_are_no_state(field: str) -> None:
    broken = report(**{field: np.array([math.nan, 0.0])})
    back = mp.odometry_to_person(c.person_to_odometry(broken, "odom"))
    assert not np.isfinite(getattr(back, field)).all()
    with pytest.raises(InputError, match="anna: a state holds a value that is not finite"):
        mp.person_state(back)


def test_a_pose_is_that_of_the_odometry_and_tells_a_position_alone() -> None:
    pose, odometry = c.person_to_pose(report(), "odom"), c.person_to_odometry(report(), "odom")
    assert (pose.header, pose.pose) == (odometry.header, odometry.pose.pose)
    back = mp.pose_to_person(pose)
    alone = report(velocity=None, position_covariance=None, velocity_covariance=None)
    assert back.identity == "human"
    assert_same(mp.pose_to_person(pose, "anna"), alone)


def test_a_persons_command_is_in_the_fixed_frame() -> None:
    message = c.person_command(VELOCITY, "odom", 7.5)
    assert (message.twist.linear.x, message.twist.linear.y) == (-0.6, 0.8)
    assert (message.header.frame_id, stamp_s(message.header.stamp)) == ("odom", 7.5)


def test_path_marker_draws_the_path_for_a_while() -> None:
    path = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    marker = c.path_marker(path, "odom", 1.5, 7, 2.0, "anna")
    assert [(p.x, p.y) for p in marker.points] == [(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)]
    assert (marker.header.frame_id, marker.ns, marker.id) == ("odom", "anna", 7)
    assert marker.pose.orientation.w == 1.0
    assert marker.lifetime.sec == 1
    assert marker.color.a == pytest.approx(1.0)
    assert 0.0 < c.path_marker(path, "odom", 1.5, 7, 0.0, "anna").color.a < 0.1
