"""recorder_node: writes every topic of its namespace to a bag, where rosbag2 is not at hand."""

from __future__ import annotations

import importlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rclpy.type_support import check_for_type_support

from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.config import setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.ros import BisirlNode, spin_once
from bisirl_ros.report.versions import versions

LOOK_S = 0.2
LATE_S, IDLE_ROUNDS = 1.0, 5
"""At the end what has come is taken up, for so long, or until nothing was there so many times."""
DEPTH = 1000
OF_EVERYBODY = ("/clock", "/tf", "/tf_static", "/rosout", "/diagnostics")
CONFIGURATION = "configuration.json"


@dataclass(frozen=True)
class RecorderParameters:
    """Parameters of recorder_node."""

    bag: str = setting("", doc="folder to write; it must not be there")
    exclude: tuple[str, ...] = setting((), doc="topics that are not recorded")
    flush_s: float = setting(
        0.5, doc="on disk at least so often, whatever happens then", unit="s", low=0.01, high=60.0
    )
    config: str = setting("", doc=f"settings of the run, JSON or text, kept in {CONFIGURATION}")
    executor: str = setting("events", doc="rclpy executor", choices=("events", "single"))


@dataclass
class Heard:
    """A topic that is being recorded: its type, and by which terms it is listened to."""

    kind: str
    latched: bool
    reliable: bool
    subscription: Subscription[Any]


class RecorderNode(BisirlNode):
    """Records until it is stopped; where the disk is full it says so, and records no more."""

    def __init__(self) -> None:
        super().__init__("recorder_node")
        self._p = p = declare(self, RecorderParameters)
        if not p.bag:
            raise InputError("recorder_node: parameter bag is empty; name a folder to write")
        self._excluded = {self._full_name(topic) for topic in p.exclude}
        self._heard: dict[str, Heard] = {}
        self._passed_over: set[str] = set()
        self._said: set[str] = set()
        self._written = 0
        self._path = Path(p.bag).expanduser().resolve()
        self._bag: BagWriter | None = BagWriter(self._path)
        self._guard(self._keep_configuration)
        self.steady_timer(LOOK_S, self._look)
        self.steady_timer(p.flush_s, self._flush)

    def begin(self) -> None:
        """What is there already is heard from the start."""
        self._look()

    def _full_name(self, topic: str) -> str:
        try:
            return self.resolve_topic_name(topic)
        except RuntimeError as error:
            raise InputError(
                f"recorder_node: parameter exclude: '{topic}' is no name of a topic"
            ) from error

    def _keep_configuration(self, _: BagWriter) -> None:
        try:
            given = json.loads(self._p.config or "{}")
        except json.JSONDecodeError:
            given = self._p.config
        kept = {"versions": versions(), "settings": given}
        write_whole(self._path / CONFIGURATION, json.dumps(kept, indent=2).encode())

    # -- topics -------------------------------------------------------------------------------
    def _look(self) -> None:
        """Listen to what is new, and by weaker terms to what is now offered by weaker ones."""
        if self._bag is None:
            return
        for topic, _ in self.get_topic_names_and_types():
            if topic in self._passed_over or not self._wanted(topic):
                continue
            offers = self.get_publishers_info_by_topic(topic)
            if offers:
                self._consider(topic, offers)

    def _wanted(self, topic: str) -> bool:
        """Of this namespace or of everybody; not hidden, as those of actions are."""
        inside = topic.startswith(self.get_namespace().rstrip("/") + "/") or topic in OF_EVERYBODY
        return inside and topic not in self._excluded and "/_" not in topic

    def _consider(self, topic: str, offers: list[Any]) -> None:
        heard = self._heard.get(topic)
        kind = heard.kind if heard else offers[0].topic_type
        others = sorted({offer.topic_type for offer in offers} - {kind})
        if others:
            self._say_once(
                f"{topic}: is offered as {kind} and as {', '.join(others)}; the first is recorded"
            )
        qos = [offer.qos_profile for offer in offers if offer.topic_type == kind]
        latched = all(q.durability == DurabilityPolicy.TRANSIENT_LOCAL for q in qos)
        reliable = all(q.reliability == ReliabilityPolicy.RELIABLE for q in qos)
        if heard is None:
            self._record(topic, kind, latched, reliable)
        elif (heard.latched and not latched) or (heard.reliable and not reliable):
            self._say_once(f"{topic}: a publisher offers less than the others; heard by its terms")
            self.destroy_subscription(heard.subscription)
            heard.latched, heard.reliable = heard.latched and latched, heard.reliable and reliable
            message = _message_type(kind)
            heard.subscription = self._subscribe(topic, message, heard.latched, heard.reliable)

    def _record(self, topic: str, kind: str, latched: bool, reliable: bool) -> None:
        message = _message_type(kind)
        if message is None or not BagWriter.knows(kind):
            self._passed_over.add(topic)
            self.get_logger().warning(f"{topic}: type {kind} is unknown here; it is not recorded")
            return
        self._guard(lambda bag: bag.topic(topic, kind, latched, reliable))
        subscription = self._subscribe(topic, message, latched, reliable)
        self._heard[topic] = Heard(kind, latched, reliable, subscription)

    def _subscribe(
        self, topic: str, message: Any, latched: bool, reliable: bool
    ) -> Subscription[Any]:
        durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
        reliability = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
        qos = QoSProfile(depth=DEPTH, durability=durability, reliability=reliability)

        def write(raw: bytes) -> None:  # by the events executor in the order of arrival
            received_ns = time.time_ns()
            self._written += 1
            self._guard(lambda bag: bag.write(topic, received_ns, raw))

        return self.create_subscription(message, topic, write, qos, raw=True)

    # -- the bag ------------------------------------------------------------------------------
    def _flush(self) -> None:
        self._guard(lambda bag: bag.flush())

    def _guard(self, do: Callable[[BagWriter], None]) -> None:
        """Do something with the bag, while there is one; what the disk refuses ends it."""
        if self._bag is None:
            return
        try:
            do(self._bag)
        except OSError as error:
            self._bag = None
            self.get_logger().error(
                f"{self._path}: cannot be written ({error.strerror or error}); nothing more is"
                " recorded, and what was stays: `bisirl bag repair` makes it readable"
            )

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self.get_logger().warning(line)

    def on_stop(self) -> None:
        """What has come already is written too, and the bag is finished."""
        deadline, idle = time.monotonic() + LATE_S, 0
        listening = self._bag is not None and self.executor is not None
        while listening and idle < IDLE_ROUNDS and time.monotonic() < deadline:
            before = self._written
            spin_once(self.executor, 0.0)
            idle = 0 if self._written > before else idle + 1
        self._flush()
        bag, self._bag = self._bag, None
        if bag is not None:
            try:
                bag.close()
            except InputError as error:
                self.get_logger().error(str(error))


def _message_type(kind: str) -> Any:
    """The class of a type, "std_msgs/msg/String"; None where it cannot be listened to."""
    try:
        package, _, name = kind.split("/")
        found = getattr(importlib.import_module(f"{package}.msg"), name)
        check_for_type_support(found)
    except Exception:  # a package that is half there complains in many ways
        return None
    return found


NODE = RecorderNode
