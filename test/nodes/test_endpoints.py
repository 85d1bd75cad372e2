"""What is closed while the node is spun takes nothing with it; what is due comes in between."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.host import Quality
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.qos import OF
from bisirl_ros.nodes.ros import BisirlNode, spin_once

pytestmark = [pytest.mark.ros, pytest.mark.slow]
UNTOLD = PublisherEventCallbacks(use_default_callbacks=False)
UNHEARD = SubscriptionEventCallbacks(use_default_callbacks=False)
LESS = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)


def test_what_is_closed_before_its_event_is_looked_at_is_passed_over(place: Any) -> None:
    """A publisher that offers less, a subscriber that asks for more, and a message."""
    graph = place.graph()
    node = BisirlNode("closing", context=graph.node.context)
    executor = EventsExecutor(context=graph.node.context)
    executor.add_node(node)
    endpoints = Endpoints(node)
    endpoints.listen("std_msgs/msg/String", "spoken", lambda _: None, Quality.LATCHED)
    endpoints.listen("std_msgs/msg/String", "heard", lambda _: None, Quality.STANDARD)
    endpoints.publisher(String, "told", LESS)
    spin_once(executor, 0.0)
    other = place.graph()
    talks = other.publisher("heard", String)
    other.node.create_publisher(String, "spoken", LESS, event_callbacks=UNTOLD)
    asks_for_more = OF[Quality.LATCHED]
    other.node.create_subscription(
        String, "told", lambda _: None, asks_for_more, event_callbacks=UNHEARD
    )

    def both_known() -> bool:
        return bool(
            graph.node.get_publishers_info_by_topic("spoken")
            and graph.node.get_subscriptions_info_by_topic("told")
        )

    graph.until(both_known, "the other ends")
    other.until(talks.get_subscription_count, "a listener")
    talks.publish(String(data="a word"))
    graph.work(0.5)  # their events are told, and wait
    endpoints.close()
    for _ in range(10):
        spin_once(executor, 0.01)
    executor.shutdown()
    node.destroy_node()


def test_between_messages_others_have_their_turn(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each one of a heap, also after one that is refused."""
    graph = place.graph()
    node = BisirlNode("patient", context=graph.node.context)
    monkeypatch.setattr(node, "complain", lambda about, line: order.append("told"))
    executor = EventsExecutor(context=graph.node.context)
    executor.add_node(node)
    order: list[str] = []

    def hear(message: String) -> None:
        order.append(message.data)
        if message.data == "odd":
            raise InputError("heard: an odd word")

    endpoints = Endpoints(node, lambda: order.append("turn"))
    endpoints.listen("std_msgs/msg/String", "heard", hear, Quality.PEOPLE)
    other = place.graph()
    talks = other.publisher("heard", String)
    other.until(talks.get_subscription_count, "a listener")
    for word in ("one", "odd", "two"):
        talks.publish(String(data=word))
    for _ in range(100):
        spin_once(executor, 0.05)
        if len(order) == 7:
            break
    endpoints.close()
    executor.shutdown()
    node.destroy_node()
    assert order == ["one", "turn", "odd", "turn", "told", "two", "turn"]
