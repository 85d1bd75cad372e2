"""Messages and arrays: there and back."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import Quaternion, Twist, TwistStamped
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros.errors import InputError
from bisirl_ros.nodes import conversions as c

ROBOT = np.array([1.5, -2.25, 2.5, 0.75, -0.5])
HUMAN = np.array([0.5, -3.0, -0.6, 0.8])


@pytest.mark.parametrize("time_s", [0.0, 0.01, 12.999999999, 1.7e9 + 0.125])
def test_a_stamp_keeps_its_time(time_s: float) -> None:
    stamp = c.to_stamp(time_s)
    assert 0 <= stamp.nanosec < 10**9
    assert c.stamp_s(stamp) == pytest.approx(time_s, abs=1e-6)


@pytest.mark.parametrize("yaw", [-3.1, -math.pi / 2, -1e-3, 0.0, 0.4, math.pi / 2, 3.1])
def test_a_heading_comes_back_from_its_quaternion(yaw: float) -> None:
    q = c.quaternion_of(yaw)
    assert q.w**2 + q.x**2 + q.y**2 + q.z**2 == pytest.approx(1.0)
    assert (q.x, q.y) == pytest.approx((0.0, 0.0))
    assert c.yaw_of(q) == pytest.approx(yaw)


def test_heading_is_counterclockwise_from_x_and_ignores_sign_and_scale() -> None:
    half = math.sqrt(0.5)
    assert c.yaw_of(Quaternion(z=half, w=half)) == pytest.approx(math.pi / 2)
    assert c.yaw_of(Quaternion(z=-half, w=-half)) == pytest.approx(math.pi / 2)
    assert c.yaw_of(Quaternion(z=1.1 * half, w=1.1 * half)) == pytest.approx(math.pi / 2)


def test_heading_of_a_tilted_body() -> None:
    """Roll by 0.3 about x, then yaw by 0.7 about z: q = q_z q_x."""
    cz, sz, cx, sx = math.cos(0.35), math.sin(0.35), math.cos(0.15), math.sin(0.15)
    q = Quaternion(w=cz * cx, x=cz * sx, y=sz * sx, z=sz * cx)
    assert c.yaw_of(q) == pytest.approx(0.7)


@pytest.mark.parametrize(
    "q",
    [
        Quaternion(x=0.0, y=0.0, z=0.0, w=0.0),
        Quaternion(w=math.nan),
        Quaternion(w=math.inf),
        Quaternion(z=30.0, w=2.0),
    ],
)
def test_what_is_no_rotation_has_no_heading(q: Quaternion) -> None:
    assert math.isnan(c.yaw_of(q))


def test_robot_comes_back_from_odometry() -> None:
    message = c.robot_to_odometry(ROBOT, "odom", 3.25)
    np.testing.assert_allclose(c.odometry_to_robot(message), ROBOT)
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "base_link")
    assert c.stamp_s(message.header.stamp) == 3.25


def test_human_comes_back_from_odometry_whose_twist_is_in_the_bodys_frame() -> None:
    message = c.human_to_odometry(HUMAN, "map", 3.25)
    np.testing.assert_allclose(c.odometry_to_human(message), HUMAN)
    assert message.twist.twist.linear.x == pytest.approx(1.0)
    assert message.twist.twist.linear.y == 0.0
    assert c.yaw_of(message.pose.pose.orientation) == pytest.approx(math.atan2(0.8, -0.6))
    message.twist.twist.linear.y = 1.0  # to the left of where they face
    np.testing.assert_allclose(c.odometry_to_human(message)[2:], [-0.6 - 0.8, 0.8 - 0.6])


def test_a_standing_human_comes_back_from_odometry() -> None:
    standing = np.array([0.5, -3.0, 0.0, 0.0])
    message = c.human_to_odometry(standing, "odom", 0.0)
    np.testing.assert_array_equal(c.odometry_to_human(message), standing)


def test_a_pose_is_that_of_the_odometry() -> None:
    pose, odometry = c.human_to_pose(HUMAN, "odom", 2.0), c.human_to_odometry(HUMAN, "odom", 2.0)
    assert pose.header == odometry.header
    assert pose.pose == odometry.pose.pose


def test_odometry_with_a_broken_orientation_is_not_finite() -> None:
    message = c.robot_to_odometry(ROBOT, "odom", 0.0)
    message.pose.pose.orientation = Quaternion(w=0.0)
    assert not np.isfinite(c.odometry_to_robot(message)).all()
    assert not np.isfinite(c.odometry_to_human(message)).all()


@pytest.mark.parametrize("stamped", [True, False])
def test_velocity_command_of_either_type(stamped: bool) -> None:
    message = c.velocity_command(0.5, -0.25, stamped, 7.5)
    assert type(message) is c.velocity_type(stamped) is (TwistStamped if stamped else Twist)
    twist = c.twist_of(message)
    assert (twist.linear.x, twist.angular.z) == (0.5, -0.25)
    if stamped:
        assert message.header.frame_id == "base_link"
        assert c.stamp_s(message.header.stamp) == 7.5


def test_bytes_come_back() -> None:
    data = bytes(range(256)) * 3
    message = c.bytes_message(data)
    assert isinstance(message, UInt8MultiArray)
    assert c.message_bytes(message) == data


def test_a_record_comes_back_from_json() -> None:
    record = {"schema": c.EPISODE, "event": "started", "human_goal": [0.0, 3.6], "x": None}
    assert c.read_json(c.json_message(record), c.EPISODE, "episode") == record


def test_a_record_that_is_not_finite_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        c.json_message({"schema": c.EPISODE, "stamp_s": math.nan})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON record"),
        ("nonsense", "not a JSON record"),
        ("[1, 2]", "not a JSON record"),
        ("3.0", "not a JSON record"),
        ("{}", f"schema None, expected {c.EPISODE}"),
        (json.dumps({"schema": c.LEARNING}), f"schema {c.LEARNING}, expected {c.EPISODE}"),
    ],
)
def test_a_foreign_record_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(InputError) as refusal:
        c.read_json(String(data=text), c.EPISODE, "episode")
    assert str(refusal.value).startswith(f"episode: {why}")
    assert "\n" not in str(refusal.value)


def test_path_marker_draws_the_path() -> None:
    path = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    marker = c.path_marker(path, "odom", 1.5, 7, 2.0, "human")
    assert [(p.x, p.y) for p in marker.points] == [(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)]
    assert (marker.header.frame_id, marker.ns, marker.id) == ("odom", "human", 7)
    assert marker.pose.orientation.w == 1.0
    assert marker.color.a == pytest.approx(1.0)
    assert 0.0 < c.path_marker(path, "odom", 1.5, 7, 0.0, "human").color.a < 0.1
