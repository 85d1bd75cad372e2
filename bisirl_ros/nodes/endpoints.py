"""What a node opens when it is configured, and closes when it is cleaned up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.timer import Timer

from bisirl_ros.inputs.host import Quality
from bisirl_ros.nodes.message_types import message_type
from bisirl_ros.nodes.qos import OF
from bisirl_ros.nodes.ros import BisirlNode


class Endpoints:
    """Publishers, subscriptions, services and timers of a node that are closed together.

    between: called after each message, for what must not wait until a heap of them is through: the
    events executor works them off in the order in which they came
    """

    def __init__(self, node: BisirlNode, between: Callable[[], None] = lambda: None) -> None:
        self._node, self._between = node, between
        self._closing: list[tuple[Callable[[Any], object], Any]] = []

    def publisher(self, kind: type, topic: str, qos: QoSProfile) -> Publisher[Any]:
        """One whose QoS parameters may override."""
        override = QoSOverridingOptions.with_default_policies()
        made = self._node.create_publisher(kind, topic, qos, qos_overriding_options=override)
        self._closing.append((self._node.destroy_publisher, made))
        return made

    def listen(
        self, kind: str, topic: str, callback: Callable[[Any], None], quality: Quality
    ) -> None:
        """As `BisirlNode.listen`; raises InputError for a type that is not installed."""

        def hear(message: Any) -> None:
            try:
                callback(message)
            finally:
                self._between()

        made = self._node.listen(message_type(kind), topic, hear, OF[quality])
        self._closing.append((self._node.destroy_subscription, made))

    def service(self, kind: type, name: str, callback: Callable[[Any, Any], Any]) -> None:
        """A service."""
        made = self._node.create_service(kind, name, callback)
        self._closing.append((self._node.destroy_service, made))

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """As `BisirlNode.steady_timer`."""
        made = self._node.steady_timer(period_s, callback)
        self._closing.append((self._node.destroy_timer, made))
        return made

    def close(self) -> None:
        """Close all, the newest first."""
        while self._closing:
            destroy, made = self._closing.pop()
            destroy(made)
