"""What is closed while the node is spun takes nothing with it."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from rclpy.experimental.events_executor import EventsExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

from bisirl_ros.inputs.host import Quality
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.qos import OF
from bisirl_ros.nodes.ros import BisirlNode

pytestmark = [pytest.mark.ros, pytest.mark.slow]
LESS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def test_ends_that_never_fitted_are_closed_without_a_word(place: Any) -> None:
    """The events executor would end by an event of what was destroyed before it was looked at."""
    graph = place.graph()
    node = BisirlNode("closing", context=graph.node.context)
    executor = EventsExecutor(context=graph.node.context)
    executor.add_node(node)
    endpoints = Endpoints(node)
    endpoints.listen("std_msgs/msg/String", "spoken", lambda _: None, Quality.LATCHED)
    endpoints.publisher(String, "told", LESS)
    executor.spin_once(timeout_sec=0.0)
    other = place.graph()
    other.node.create_publisher(String, "spoken", LESS)
    other.node.create_subscription(String, "told", lambda _: None, OF[Quality.LATCHED])

    def both_known() -> bool:
        return bool(
            graph.node.get_publishers_info_by_topic("spoken")
            and graph.node.get_subscriptions_info_by_topic("told")
        )

    graph.until(both_known, "the other ends")
    graph.work(0.5)  # their events are told, and wait
    endpoints.close()
    for _ in range(10):
        executor.spin_once(timeout_sec=0.01)
    executor.shutdown()
    node.destroy_node()
