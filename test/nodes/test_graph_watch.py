"""Ends of a topic that can never hear each other are named, with what to change."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from bisirl_ros.nodes.graph_watch import End, mismatch_of_publisher, mismatch_of_subscription
from bisirl_ros.nodes.qos import LATCHED, SENSOR, STANDARD

TWIST, STAMPED = "geometry_msgs/msg/Twist", "geometry_msgs/msg/TwistStamped"
ODOMETRY = "nav_msgs/msg/Odometry"
BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.mark.parametrize(
    ("own", "other", "value"), [(STAMPED, TWIST, "false"), (TWIST, STAMPED, "true")]
)
def test_a_driver_of_the_other_kind_is_named_with_the_parameter(
    own: str, other: str, value: str
) -> None:
    line = mismatch_of_publisher(
        "/cmd_vel", End("", own, STANDARD), End("/base/driver", other, STANDARD)
    )
    for word in ("/cmd_vel", "'/base/driver'", own, other, f"enable_stamped_cmd_vel to {value}"):
        assert word in line
    assert "\n" not in line


def test_what_fits_is_not_spoken_of() -> None:
    for offered in (STANDARD, LATCHED, BEST_EFFORT):
        there, here = End("/tracker", ODOMETRY, offered), End("", ODOMETRY, SENSOR)
        assert mismatch_of_subscription("/odom", here, there) == ""


def test_a_reliable_subscriber_of_what_is_sent_best_effort_hears_nothing_and_is_told() -> None:
    there, here = End("/odom_node", ODOMETRY, BEST_EFFORT), End("", ODOMETRY, STANDARD)
    line = mismatch_of_subscription("/odom", here, there)
    assert "'/odom_node'" in line and "Best effort" in line and "qos_overrides./odom" in line


def test_a_latched_subscriber_of_what_is_not_kept() -> None:
    late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    there, here = End("/map_server", ODOMETRY, STANDARD), End("", ODOMETRY, late)
    assert "keep its last message" in mismatch_of_subscription("/map", here, there)


def test_another_type_on_an_input_is_told() -> None:
    here, there = End("", ODOMETRY, SENSOR), End("/x", "geometry_msgs/msg/Pose", STANDARD)
    assert "remap" in mismatch_of_subscription("/odom", here, there)
