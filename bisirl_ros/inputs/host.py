"""What inputs need of whom they work for: clocks, somebody to complain to, and messages."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol

from bisirl_ros.session.clock import Now


class Quality(Enum):
    """How a topic is listened to; `bisirl_ros.nodes.qos` has the profiles."""

    STANDARD = "reliable"
    LATCHED = "reliable, and the last one"
    LATEST = "reliable, one at a time"
    EVENTS = "reliable, and the last few"
    PEOPLE = "reliable, a crowd at once"
    SENSOR = "best effort"
    SENSOR_PEOPLE = "best effort, a crowd at once"


class Host(Protocol):
    """Who has the time: a node, or a bag that is replayed."""

    def now(self) -> Now:
        """On both clocks."""

    def now_s(self) -> float:
        """ROS time [s]."""

    def steady_s(self) -> float:
        """Steady time [s]."""

    def complain(self, about: str, line: str) -> None:
        """Warn, seldom about the same thing."""


class Listening(Protocol):
    """Who brings messages, and calls back in time."""

    def listen(
        self, kind: str, topic: str, callback: Callable[[Any], None], quality: Quality
    ) -> None:
        """Have messages of a type, "nav_msgs/msg/Odometry", handed to `callback`; one that it
        refuses by an InputError is told and passed over."""

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Any:
        """Call back at a steady rate."""
