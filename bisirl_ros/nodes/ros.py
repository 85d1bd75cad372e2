"""What every node shares: steady timers, throttled complaints, a clean way out."""

from __future__ import annotations

import contextlib
import gc
import math
import signal
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.exceptions import InvalidHandle
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from bisirl_ros.errors import InputError
from bisirl_ros.nodes import parameters
from bisirl_ros.params_file import for_everybody
from bisirl_ros.session.clock import Now

ACK_TIMEOUT = Duration(seconds=1.0)


class BisirlNode(Node):
    """A node that can be asked to finish, and cleans up in `on_stop`."""

    def __init__(self, name: str, context: Context | None = None) -> None:
        super().__init__(
            name, context=context, automatically_declare_parameters_from_overrides=False
        )
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.finished = False
        self.failure: InputError | None = None
        self.stopping: Callable[[], bool] = lambda: False
        self._complained_s: dict[str, float] = {}

    def begin(self) -> None:
        """Called once, before the node is spun."""

    def on_stop(self) -> None:
        """Called once, with the context still valid, on every way out."""

    def listen(
        self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> Subscription[Any]:
        """Subscribe; a message that `callback` refuses by an InputError is told and passed over."""

        def guarded(message: Any) -> None:
            try:
                callback(message)
            except InputError as error:
                self.complain(topic, str(error))

        override = QoSOverridingOptions.with_default_policies()
        return self.create_subscription(kind, topic, guarded, qos, qos_overriding_options=override)

    def complain(self, about: str, line: str) -> None:
        """Warn, at most once per second about the same thing."""
        now_s = self.steady_s()
        if now_s - self._complained_s.get(about, -math.inf) >= 1.0:
            self._complained_s[about] = now_s
            self.get_logger().warning(line)

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """Call back at a steady rate, whatever ROS time does."""
        return self.create_timer(period_s, callback, clock=self.steady)

    def now_s(self) -> float:
        """ROS time [s]."""
        return self.get_clock().now().nanoseconds * 1e-9

    def now(self) -> Now:
        """Both."""
        return Now(self.now_s(), self.steady_s())

    def steady_s(self) -> float:
        """Steady time [s]."""
        return self.steady.now().nanoseconds * 1e-9


def run(node_class: Callable[[], BisirlNode], arguments: list[str]) -> int:
    """Spin a node until it finishes or a signal comes; whatever happens, `on_stop` runs."""
    stop = threading.Event()
    parameters.given_to_everybody = for_everybody(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    try:
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # RCLError and UnknownROSArgsError
        what = str(error).removeprefix("failed to initialize rcl: ").split(", at /")[0]
        raise InputError(f"ROS arguments: {what}; check what follows --ros-args") from error
    node = None
    try:
        node = node_class()
        node.stopping = stop.is_set
        executor = _executor(node)
        executor.add_node(node)
        node.begin()
        gc.collect()
        gc.freeze()
        while not stop.is_set() and not node.finished and node.failure is None:
            spin_once(executor, 0.1)
        if node.failure is not None:
            raise node.failure
        return 0
    finally:
        if node is not None:
            node.on_stop()
            node.destroy_node()
        rclpy.try_shutdown()


def spin_once(executor: Executor, timeout_s: float) -> None:
    """Work for one event at most.

    One of what was closed before it was looked at (a message, a publisher that offers less) ends
    the events executor; the others of rclpy pass over it, and so is done here.
    """
    with contextlib.suppress(InvalidHandle):
        executor.spin_once(timeout_sec=timeout_s)


def _executor(node: BisirlNode) -> Executor:
    if node.has_parameter("executor") and node.get_parameter("executor").value == "events":
        try:
            from rclpy.experimental.events_executor import EventsExecutor
        except ImportError:
            node.get_logger().warning("no events executor in this rclpy; using the single-threaded")
        else:
            return EventsExecutor()
    return SingleThreadedExecutor()
