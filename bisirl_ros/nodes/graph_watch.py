"""Notices ends of this node's topics that can never hear each other: other types, other QoS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.qos import QoSCompatibility, qos_check_compatible

from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.ros import BisirlNode

EVERY_S, AGAIN_S = 2.0, 30.0
VELOCITY = {"geometry_msgs/msg/Twist", "geometry_msgs/msg/TwistStamped"}


@dataclass(frozen=True)
class End:
    """One end of a topic: whose it is, its type, its QoS."""

    node: str
    type: str
    qos: Any


Mismatch = Callable[[str, End, End], str]


class GraphWatch:
    """Looks every two seconds at what others publish and subscribe to on this node's topics."""

    def __init__(
        self, node: BisirlNode, endpoints: Endpoints, complain_again_s: float = 30.0
    ) -> None:
        self._node, self._again_s = node, complain_again_s
        self._said: dict[str, float] = {}
        endpoints.steady_timer(EVERY_S, self.look)

    def look(self) -> None:
        """Complain of every end that does not fit."""
        node = self._node
        for topic in {publisher.topic_name for publisher in node.publishers}:
            sent = node.get_publishers_info_by_topic(topic)
            heard = node.get_subscriptions_info_by_topic(topic)
            self._say(topic, sent, heard, mismatch_of_publisher)
        for topic in {subscription.topic_name for subscription in node.subscriptions}:
            sent = node.get_publishers_info_by_topic(topic)
            heard = node.get_subscriptions_info_by_topic(topic)
            self._say(topic, heard, sent, mismatch_of_subscription)

    def _say(
        self, topic: str, here: Sequence[Any], there: Sequence[Any], mismatch: Mismatch
    ) -> None:
        """Of each end of others on a topic that fits none of this node's own."""
        name = (self._node.get_name(), self._node.get_namespace())
        own = [_end(info) for info in here if (info.node_name, info.node_namespace) == name]
        others = [_end(info) for info in there if (info.node_name, info.node_namespace) != name]
        for other in others:
            lines = [mismatch(topic, mine, other) for mine in own]
            if not lines or not all(lines):
                continue
            now_s = self._node.steady_s()
            if now_s - self._said.get(lines[0], -AGAIN_S) >= AGAIN_S:
                self._said[lines[0]] = now_s
                self._node.get_logger().warning(lines[0])


def mismatch_of_publisher(topic: str, own: End, other: End) -> str:
    """Why a subscriber `other` hears nothing that this node publishes; "" where it does."""
    if own.type != other.type:
        line = f"{topic}: '{other.node}' listens to {other.type}, this node sends {own.type}"
        if {own.type, other.type} == VELOCITY:
            stamped = "true" if other.type.endswith("Stamped") else "false"
            line += f"; set enable_stamped_cmd_vel to {stamped}"
        return line
    return _of_qos(topic, own.qos, other.qos, f"'{other.node}' hears nothing of this node", topic)


def mismatch_of_subscription(topic: str, own: End, other: End) -> str:
    """Why nothing is heard of a publisher `other`; "" where it is."""
    if own.type != other.type:
        return (
            f"{topic}: '{other.node}' sends {other.type}, this node listens to {own.type}: nothing"
            " of it is heard; remap one of them"
        )
    return _of_qos(topic, other.qos, own.qos, f"nothing of '{other.node}' is heard", topic)


def _of_qos(topic: str, offered: Any, asked: Any, what: str, name: str) -> str:
    compatibility, why = qos_check_compatible(offered, asked)
    if compatibility != QoSCompatibility.ERROR:
        return ""
    told = " ".join(why.split()).strip(" ;")
    kept = "transient local" in told
    do = "let its publisher keep its last message" if kept else f"set qos_overrides.{name}"
    return f"{topic}: {what} ({told}); {do}"


def _end(info: Any) -> End:
    return End(
        f"{info.node_namespace.rstrip('/')}/{info.node_name}", info.topic_type, info.qos_profile
    )
