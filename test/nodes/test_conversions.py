"""Messages and arrays: there and back."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import PoseStamped, Quaternion, Twist, TwistStamped
from nav_msgs.msg import Path
from std_msgs.msg import UInt8MultiArray

from bisirl_ros.errors import InputError
from bisirl_ros.messages import robot as mr
from bisirl_ros.nodes import conversions as c

ROBOT = np.array([1.5, -2.25, 2.5, 0.75, -0.125, -0.5])
ROUTE = np.array([[0.0, 1.0], [2.0, -3.0], [4.0, 5.0]])


@pytest.mark.parametrize("time_s", [0.0, 0.01, 12.999999999, 1.7e9 + 0.125])
def test_a_stamp_keeps_its_time(time_s: float) -> None:
    stamp = c.to_stamp(time_s)
    assert 0 <= stamp.nanosec < 10**9
    assert mr.stamp_s(stamp) == pytest.approx(time_s, abs=1e-6)


@pytest.mark.parametrize("yaw", [-3.1, -math.pi / 2, -1e-3, 0.0, 0.4, math.pi / 2, 3.1])
def test_a_heading_comes_back_from_its_quaternion(yaw: float) -> None:
    q = c.quaternion_of(yaw)
    assert q.w**2 + q.x**2 + q.y**2 + q.z**2 == pytest.approx(1.0)
    assert (q.x, q.y) == pytest.approx((0.0, 0.0))
    assert mr.yaw_of(q) == pytest.approx(yaw)


def test_heading_is_counterclockwise_from_x_and_ignores_sign_and_scale() -> None:
    half = math.sqrt(0.5)
    assert mr.yaw_of(Quaternion(z=half, w=half)) == pytest.approx(math.pi / 2)
    assert mr.yaw_of(Quaternion(z=-half, w=-half)) == pytest.approx(math.pi / 2)
    assert mr.yaw_of(Quaternion(z=1.1 * half, w=1.1 * half)) == pytest.approx(math.pi / 2)


def test_heading_of_a_tilted_body() -> None:
    """Roll by 0.3 about x, then yaw by 0.7 about z: q = q_z q_x."""
    cz, sz, cx, sx = math.cos(0.35), math.sin(0.35), math.cos(0.15), math.sin(0.15)
    q = Quaternion(w=cz * cx, x=cz * sx, y=sz * sx, z=sz * cx)
    assert mr.yaw_of(q) == pytest.approx(0.7)


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
    assert math.isnan(mr.yaw_of(q))


def test_robot_comes_back_from_odometry() -> None:
    message = c.robot_to_odometry(ROBOT, "odom", 3.25)
    np.testing.assert_allclose(mr.odometry_to_robot(message), ROBOT)
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "base_link")
    assert mr.stamp_s(message.header.stamp) == 3.25
    assert (message.twist.twist.linear.x, message.twist.twist.linear.y) == (0.75, -0.125)


def test_odometry_with_a_broken_orientation_is_not_finite() -> None:
    message = c.robot_to_odometry(ROBOT, "odom", 0.0)
    message.pose.pose.orientation = Quaternion(w=0.0)
    assert not np.isfinite(mr.odometry_to_robot(message)).all()


@pytest.mark.parametrize("stamped", [True, False])
def test_velocity_command_of_either_type(stamped: bool) -> None:
    twist = np.array([0.5, 0.125, -0.25])
    message = c.velocity_command(twist, stamped, 7.5)
    assert type(message) is c.velocity_type(stamped) is (TwistStamped if stamped else Twist)
    np.testing.assert_array_equal(mr.command_of(message), twist)
    if stamped:
        assert message.header.frame_id == "base_link"
        assert mr.stamp_s(message.header.stamp) == 7.5
        assert (message.twist.linear.y, message.twist.angular.z) == (0.125, -0.25)


def test_a_goal_and_a_path_come_back_as_routes() -> None:
    goal, path = c.goal_to_pose(ROUTE[1], "odom", 2.0), c.route_to_path(ROUTE, "odom", 2.0)
    assert isinstance(goal, PoseStamped) and isinstance(path, Path)
    np.testing.assert_array_equal(mr.route_of(goal), ROUTE[1:2])
    np.testing.assert_array_equal(mr.route_of(path), ROUTE)
    for message in (goal, path, *path.poses):
        assert (message.header.frame_id, mr.stamp_s(message.header.stamp)) == ("odom", 2.0)
    assert mr.yaw_of(goal.pose.orientation) == 0.0


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (Path(), "plan: holds no pose"),
        (c.goal_to_pose(np.array([0.0, math.nan]), "odom", 0.0), "goal_pose: a position is not"),
        (c.route_to_path(ROUTE + math.inf, "odom", 0.0), "plan: a position is not finite"),
    ],
)
def test_a_route_that_leads_nowhere_is_refused(message: PoseStamped | Path, why: str) -> None:
    with pytest.raises(InputError, match=why) as refusal:
        mr.route_of(message)
    assert "\n" not in str(refusal.value)


def test_bytes_come_back() -> None:
    data = bytes(range(256)) * 3
    message = c.bytes_message(data)
    assert isinstance(message, UInt8MultiArray)
    assert mr.message_bytes(message) == data
