"""One robot on a stage: its node, wheels that obey, a tracker, and what it was commanded."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np
import torch
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import String

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.messages.records import EPISODE
from bisirl_ros.messages.robot import command_of
from bisirl_ros.nodes.conversions import json_message, robot_to_odometry, route_to_path
from bisirl_ros.nodes.qos import EVENTS, STANDARD
from bisirl_ros.verify.robot.commands import Sent
from bisirl_ros.verify.robot.graph import Graph, domain_environment
from bisirl_ros.verify.robot.program import Program, until
from bisirl_ros.verify.robot.stage_clock import StageClock
from bisirl_ros.verify.robot.tracker import Tracker

STANDS_AT = (-2.0, 0.0)
ODOMETRY_S = 0.05
HEARS_S = 2.0
"""A goal that did not make it drive within so long was maybe sent before anybody listened."""
ENDS_S = 8.0
"""A node that is interrupted ramps to rest and lets its learner go; DDS tidies up after itself."""
MOVES = 0.6
"""A robot that is faster drives [m/s]: as fast as a new policy drives is 0.8, a fallback 0.3."""


@dataclass(frozen=True)
class Told:
    """A part of a message on /diagnostics: when it was sent [s], its level, message and values."""

    time_s: float
    level: int
    message: str
    values: dict[str, str]


class Rig:
    """A robot on a stand: it stays where it is, and its wheels turn as they are told to.

    streams: the commands that it heard, a list for each time that it began to listen
    whys: what held it back, and since when [s]
    told: the last word of /diagnostics on "control", "inputs", "learner"
    silent, deaf: whether its odometry has stopped, and whether nobody listens to its commands
    heading: gives the yaw that odometry tells [rad]; headings: what it told, and when [s]
    """

    def __init__(
        self, graph: Graph, scenario: Scenario, clock: StageClock, namespace: str, source: str
    ) -> None:
        self._graph, self._scenario, self._clock = graph, scenario, clock
        self.namespace = namespace
        node = graph.node
        self.tracker = Tracker(graph, clock, namespace, max(scenario.people, 1), source)
        self._odom: Any = node.create_publisher(Odometry, f"{namespace}/odom", STANDARD)
        self._plan: Any = node.create_publisher(Path, f"{namespace}/plan", STANDARD)
        self._episode: Any = node.create_publisher(String, f"{namespace}/episode", EVENTS)
        self.streams: list[list[Sent]] = [[]]
        self.whys: list[tuple[float, str]] = []
        self.told: dict[str, Told] = {}
        self.headings: list[tuple[float, float]] = []
        self.heading: Callable[[], float] = lambda: 0.0
        self.silent = False
        self.good_s = 0.0
        self._stamp_s, self._stepped_s = -np.inf, time.monotonic()
        self._state = np.zeros(6)
        self._room = scenario.room
        self.program: Program
        self._heard: Any = None
        self.listen()
        graph.listen(f"{namespace}/bisirl_node/intervention", String, self._on_why, EVENTS)
        graph.listen("/diagnostics", DiagnosticArray, self._on_diagnostics)

    # -- its node -----------------------------------------------------------------------------
    def start(self, module: str, folder: FilePath, domain: int, parameters: dict[str, Any]) -> None:
        """Start its node, which drives as soon as there is an episode."""
        arguments = ["bisirl_node", "--ros-args", "-r", f"__ns:={self.namespace or '/'}"]
        for name, value in parameters.items():
            arguments += ["-p", f"{name}:={json.dumps(value)}"]
        environment = domain_environment(domain)
        self.streams.append([])
        self.program = Program(module, arguments, folder, environment)

    def close(self) -> None:
        """End its node, as Ctrl-C does; kill what is left."""
        self.program.interrupt()
        self.program.left_after(ENDS_S)
        self.program.close()

    def begin(self) -> None:
        """An episode begins."""
        self._tell("started")

    def matched(self) -> bool:
        """Whether its node hears all that is published for it."""
        publishers = (self._odom, self._plan, self._episode, self.tracker.publisher)
        return all(p.get_subscription_count() >= 1 for p in publishers)

    def ask(self, kind: Any, name: str, **request: Any) -> Any:
        """The answer of a service of its node."""
        return self._graph.call(kind, self._service(name), **request)

    def find(self, kind: Any, name: str) -> None:
        """Wait for a service of its node, so that asking it takes no time."""
        self._graph.find(kind, self._service(name))

    def _service(self, name: str) -> str:
        return f"{self.namespace}/bisirl_node/{name}"

    # -- what it hears ------------------------------------------------------------------------
    @property
    def deaf(self) -> bool:
        """Whether nobody listens to its commands."""
        return self._heard is None

    @property
    def commands(self) -> list[Sent]:
        """Of the newest stream, which grows."""
        return self.streams[-1]

    def listen(self) -> None:
        """To its commands."""
        self.streams.append([])
        topic = f"{self.namespace}/cmd_vel"
        self._heard = self._graph.listen(topic, TwistStamped, self._on_command)

    def listen_no_more(self) -> None:
        """It stands, since it hears nothing."""
        heard, self._heard = self._heard, None
        self._graph.listen_no_more(heard)

    def speaks(self) -> list[str]:
        """Who publishes its commands."""
        infos = self._graph.node.get_publishers_info_by_topic(f"{self.namespace}/cmd_vel")
        return [f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in infos]

    @property
    def moves(self) -> bool:
        """Whether its last command drives."""
        return bool(self.commands) and self.commands[-1].speed > MOVES

    def drives(self, timeout_s: float) -> bool:
        """Whether it came to drive within timeout_s [s]; False at once where its node has ended."""
        until(lambda: self.moves or not self.program.alive, timeout_s)
        return self.moves

    def sets_off(self, goal: tuple[float, float], timeout_s: float) -> bool:
        """Whether it came to drive within timeout_s [s], once it had been sent somewhere."""
        deadline = time.monotonic() + timeout_s
        while not self.moves and self.program.alive and time.monotonic() < deadline:
            self.send(goal)
            self.drives(HEARS_S)
        return self.moves

    def _on_command(self, message: TwistStamped, sent_s: float) -> None:
        vx, vy, wz = command_of(message).tolist()
        self.commands.append(Sent(sent_s, (vx, vy, wz)))

    def _on_why(self, message: String, sent_s: float) -> None:
        self.whys.append((sent_s, str(json.loads(message.data)["why"])))

    def _on_diagnostics(self, message: DiagnosticArray, sent_s: float) -> None:
        own = f"{self.namespace}/bisirl_node".strip("/")
        for status in message.status:
            if status.name.rpartition(": ")[0].strip("/") != own:
                continue
            level = int.from_bytes(status.level, "little")
            values = {value.key: value.value for value in status.values}
            part = status.name.rpartition(": ")[2]
            self.told[part] = Told(sent_s, level, status.message, values)

    # -- what it tells ------------------------------------------------------------------------
    def tick(self) -> None:
        """Move, and tell."""
        now_s = time.monotonic()
        dt_s, self._stepped_s = min(max(now_s - self._stepped_s, 0.01), 0.2), now_s
        asked = (0.0, 0.0, 0.0)
        if self.commands and not self.deaf:
            asked = self.commands[-1].twist
        state, command = torch.from_numpy(self._state), torch.tensor(asked, dtype=torch.float64)
        self._state = self._scenario.robot.step(state, command, dt_s, self._room).numpy()
        self._state[:3] = (*STANDS_AT, self.heading())
        if self.silent:
            return
        stamp_s, sent_s = self._clock.now_s(), time.time()
        self._odom.publish(robot_to_odometry(self._state, "odom", stamp_s))
        self.headings.append((sent_s, float(self._state[2])))
        if stamp_s > self._stamp_s:
            self.good_s = sent_s
        self._stamp_s = stamp_s

    def send(self, *route: tuple[float, float]) -> float:
        """Along a route, empty: nowhere; when that was sent [s]."""
        points = np.array(route).reshape(-1, 2)
        sent_s = time.time()
        self._plan.publish(route_to_path(points, "odom", self._clock.now_s()))
        return sent_s

    def _tell(self, event: str) -> None:
        record = {"schema": EPISODE, "event": event, "episode": 0}
        self._episode.publish(json_message({**record, "stamp_s": self._clock.now_s()}))
