"""Where a bisirl_node is tried: a ROS domain of its own, robots that obey, people who are told of.

What is started here is closed and killed here, whatever happens.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from rosgraph_msgs.msg import Clock

from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.nodes.conversions import to_stamp
from bisirl_ros.nodes.qos import STANDARD
from bisirl_ros.parameters.interaction import BisirlParameters
from bisirl_ros.verify.robot.commands import Limits
from bisirl_ros.verify.robot.graph import Graph, Pace, next_domain
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.rig import ODOMETRY_S, Rig
from bisirl_ros.verify.robot.stage_clock import StageClock

ENTRY = "bisirl_ros.entry"
SCENARIO = "crossing"
CLOCK_S = 0.01
STARTED_S = 120.0
"""torch is imported twice, on a machine that may be busy."""
LISTENED_S = 10.0


@dataclass(frozen=True)
class StageSettings:
    """What is on a stage.

    parameters: of bisirl_node, beside those of every stage; module: what is run as the node
    source: of what kind the tracker is; tracker_s: between its messages [s]; people: how many
    simulated: whether the stage keeps the time; robots: how many, each in a namespace of its own
    jitter: how irregular odometry comes, as a share of its period
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    module: str = ENTRY
    source: str = "people"
    tracker_s: float = 0.05
    people: int = 1
    simulated: bool = False
    robots: int = 1
    jitter: float = 0.0


class Stage:
    """A context in which robots drive; folder: the working directory of all that runs in it."""

    def __init__(self, settings: StageSettings, folder: Path) -> None:
        self.settings, self.folder = settings, folder
        self.scenario = load_scenario(SCENARIO, settings.people)
        self.clock = StageClock(settings.simulated)
        plain = {name: v for name, v in settings.parameters.items() if "." not in name}
        self.parameters = p = BisirlParameters(**plain)
        self.limits = Limits(self.scenario.robot, p.gate, 1.0 / p.control_rate)
        self._domain, self._rng = next_domain(), np.random.default_rng(0)
        self.graph = Graph(self._domain)
        self._open = contextlib.ExitStack()
        self._open.callback(self.graph.close)
        self._paces: list[Pace] = []
        names = [f"/robot_{i}" for i in range(settings.robots)] if settings.robots > 1 else [""]
        self.rigs = [
            Rig(self.graph, self.scenario, self.clock, name, settings.source) for name in names
        ]
        self._clock_pub: Any = self.graph.node.create_publisher(Clock, "/clock", STANDARD)

    @property
    def rig(self) -> Rig:
        """The first robot."""
        return self.rigs[0]

    @property
    def late_s(self) -> float:
        """How late the stage's own messages left, at most [s]."""
        return max(pace.late_s for pace in self._paces)

    def __enter__(self) -> Stage:
        try:
            self._begin()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def _begin(self) -> None:
        for rig in self.rigs:
            self.start(rig)
            self._open.callback(rig.close)
        if self.settings.simulated:
            self._pace(self._tick_clock, CLOCK_S)
        for rig in self.rigs:
            self.pace(rig.tick, self._odometry_s)
            self._pace(rig.tracker.tell, self.settings.tracker_s)
        if self.parameters.autostart:
            for rig in self.rigs:
                self.await_drive(rig)

    def start(self, rig: Rig, **more: Any) -> None:
        """Start a robot's node; more: parameters."""
        s = self.settings
        every = {"scenario": SCENARIO, "people": s.people, "device": "cpu"}
        own = {"human_source": s.source, "use_sim_time": s.simulated}
        rig.start(s.module, self.folder, self._domain, every | own | s.parameters | more)

    def await_drive(self, rig: Rig) -> None:
        """Begin an episode once there is a policy; raises TimeoutError where it does not drive."""
        until(lambda: rig.commands or not rig.program.alive or self.error, STARTED_S)
        until(lambda: rig.matched() or not rig.program.alive, LISTENED_S)
        if self.parameters.batch_s:  # nobody tells of episodes, or of goals with them
            drives = rig.sets_off(self.scenario.starts.robot.goal, LISTENED_S)
        else:
            rig.begin()
            drives = rig.drives(LISTENED_S)
        if not drives:
            last = [line for line in rig.program.complaints.splitlines() if line][-1:]
            raise TimeoutError(f"the robot does not drive: {self.error or last}")

    @property
    def error(self) -> Exception | None:
        """Why the stage itself does not work; None where it does."""
        return next((pace.error for pace in self._paces if pace.error), None)

    def pace(self, do: Any, period_s: Any) -> None:
        """Have something called again and again until the stage is closed."""
        self._paces.append(Pace(do, period_s))
        self._open.callback(self._paces[-1].close)

    def _pace(self, do: Any, period_s: float) -> None:
        self.pace(do, lambda: period_s)

    def _odometry_s(self) -> float:
        jitter = self.settings.jitter
        return ODOMETRY_S * float(self._rng.uniform(1.0 - jitter, 1.0 + jitter))

    def _tick_clock(self) -> None:
        self._clock_pub.publish(Clock(clock=to_stamp(self.clock.now_s())))
