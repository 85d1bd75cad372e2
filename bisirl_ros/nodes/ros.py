"""What every node shares: parameters from dataclasses, QoS, steady timers, a clean way out."""

from __future__ import annotations

import dataclasses
import gc
import math
import signal
import threading
import typing
from collections.abc import Callable
from typing import Any, TypeVar

import rclpy
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
)
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.signals import SignalHandlerOptions
from rclpy.subscription import Subscription
from rclpy.timer import Timer

from bisirl_ros.config import check_value
from bisirl_ros.errors import InputError
from bisirl_ros.params_file import for_everybody
from bisirl_ros.session.clock import Now

T = TypeVar("T")

ACK_TIMEOUT = Duration(seconds=1.0)
HUGE = 1e18
UNSET_TYPE = {
    tuple[float, ...]: Parameter.Type.DOUBLE_ARRAY,
    tuple[int, ...]: Parameter.Type.INTEGER_ARRAY,
    tuple[str, ...]: Parameter.Type.STRING_ARRAY,
}
BUILT_IN = ("use_sim_time", "start_type_description_service", "qos_overrides.")


class BisirlNode(Node):
    """A node that can be asked to finish, and cleans up in `on_stop`."""

    for_everybody: typing.ClassVar[frozenset[str]] = frozenset()
    """Names of parameters that were given to all nodes, whether they have them or not."""

    def __init__(self, name: str) -> None:
        super().__init__(name, automatically_declare_parameters_from_overrides=False)
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


def declare(node: Node, cls: type[T], prefix: str = "", defaults: T | None = None) -> T:
    """Declare one ROS parameter per field of dataclass `cls`, and read them.

    prefix: before each name; defaults: instead of the fields' own
    A nested dataclass becomes `field.subfield`; a list that is empty by default stays unset until
    it is given. Raises InputError for a wrong type or range, or a parameter that was given and is
    none of them.
    """
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        name, kind = prefix + field.name, hints[field.name]
        default = field.default if defaults is None else getattr(defaults, field.name)
        if dataclasses.is_dataclass(kind):
            nested = None if default is dataclasses.MISSING else default
            values[field.name] = declare(node, typing.cast(type, kind), name + ".", nested)
        else:
            values[field.name] = _declared(node, field, kind, name, default)
    if not prefix:
        refuse_unknown_parameters(node)
    return cls(**values)


def _declared(node: Node, field: dataclasses.Field[Any], kind: Any, name: str, default: Any) -> Any:
    """Declare one parameter, and read it."""
    default = list(default) if isinstance(default, tuple) else default
    where = f"{node.get_name()}: parameter {name}"
    _read_switch(node, field, name)
    try:
        # an empty list does not tell of what it is one
        first = UNSET_TYPE[kind] if default == [] else default
        value = node.declare_parameter(name, first, _descriptor(field, kind)).value
    except InvalidParameterTypeException as error:
        raise InputError(f"{where}: expected {_type_name(kind)}; {error}") from error
    except InvalidParameterValueException as error:
        given = node._parameter_overrides.get(name)
        shown = given.value if given is not None else default
        check_value(field, shown, where)
        raise InputError(f"{where} = {shown}: out of range; {error}") from error
    if value is None:
        if default != []:
            raise InputError(f"{where}: is empty; give at least one value")
        value = []
    value = tuple(value) if isinstance(default, list) else value
    check_value(field, value, where)
    return value


def _read_switch(node: Node, field: dataclasses.Field[Any], name: str) -> None:
    """A bare `on` or `off` is a bool to YAML; here it is the choice of that name."""
    given = node._parameter_overrides.get(name)
    if (
        given is not None
        and isinstance(given.value, bool)
        and "on" in (field.metadata["choices"] or ())
    ):
        node._parameter_overrides[name] = Parameter(name, value="on" if given.value else "off")


def refuse_unknown_parameters(node: Node) -> None:
    """Raise InputError where a parameter was given that the node does not have."""
    others = BisirlNode.for_everybody
    for name in node._parameter_overrides.keys() - others:
        if not node.has_parameter(name) and not name.startswith(BUILT_IN):
            known = sorted(n for n in node._parameters if not n.startswith(BUILT_IN))
            raise InputError(
                f"{node.get_name()}: parameter '{name}' is unknown; known are {', '.join(known)}"
            )


def run(node_class: Callable[[], BisirlNode], arguments: list[str]) -> int:
    """Spin a node until it finishes or a signal comes; whatever happens, `on_stop` runs."""
    stop = threading.Event()
    BisirlNode.for_everybody = for_everybody(arguments)
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
            executor.spin_once(timeout_sec=0.1)
        if node.failure is not None:
            raise node.failure
        return 0
    finally:
        if node is not None:
            node.on_stop()
            node.destroy_node()
        rclpy.try_shutdown()


def _executor(node: BisirlNode) -> Any:
    if node.has_parameter("executor") and node.get_parameter("executor").value == "events":
        try:
            from rclpy.experimental.events_executor import EventsExecutor
        except ImportError:
            node.get_logger().warning("no events executor in this rclpy; using the single-threaded")
        else:
            return EventsExecutor()
    return SingleThreadedExecutor()


def _descriptor(field: dataclasses.Field[Any], kind: Any) -> ParameterDescriptor:
    meta = field.metadata
    unit = f" [{meta['unit']}]" if meta.get("unit") else ""
    choices = f"; one of {', '.join(meta['choices'])}" if meta.get("choices") else ""
    descriptor = ParameterDescriptor(description=f"{meta['doc']}{unit}{choices}", read_only=True)
    low, high = meta.get("low"), meta.get("high")
    if kind is float and (low is not None or high is not None):
        descriptor.floating_point_range = [
            FloatingPointRange(
                from_value=-HUGE if low is None else float(low),
                to_value=HUGE if high is None else float(high),
            )
        ]
    if kind is int and (low is not None or high is not None):
        descriptor.integer_range = [
            IntegerRange(
                from_value=-(2**53) if low is None else int(low),
                to_value=2**53 if high is None else int(high),
                step=1,
            )
        ]
    return descriptor


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))
