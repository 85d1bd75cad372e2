"""A robot among people, free of ROS: reports and goals in; commands and episodes' logs out.

The node, replay, tests and benchmarks drive this one class, at whatever speed their clocks run.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.config import setting
from bisirl_ros.control.gate import STOP, SafetyGate
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.episode_log import EpisodeLog, LogBook
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.session.clock import JumpWatch, Now
from bisirl_ros.session.goals import GoalFilter, checked_route
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.state_input import StateInput
from bisirl_ros.session.tracks import Tracks

LONGEST_PERIOD_S = 0.25
LATELY = 100
SETTLE_S = 0.2
"""A new policy has reached whoever answers it by then, and everybody was reported once."""


@dataclass(frozen=True)
class SessionSettings:
    """How a session goes."""

    control_period_s: float = setting(0.05, doc="between commands", unit="s", low=0.001)
    time_scale: float = setting(1.0, doc="ROS seconds per steady second", low=0.001)
    observe_only: bool = setting(False, doc="learn from watching; command nothing")
    people_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01)
    robot_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01)
    batch_s: float = setting(
        0.0, doc="cut episodes every so long; 0 waits to be told", unit="s", low=0.0
    )
    frame: str = setting("odom", doc="of all states")


class Session:
    """Callbacks store; `tick` commands. Nothing here waits, or depends on how far time went.

    complain: is told what about, and a line (throttle it)
    """

    def __init__(
        self,
        scenario: Scenario,
        settings: SessionSettings,
        complain: Callable[[str, str], None] = lambda about, line: None,
    ) -> None:
        self._scenario, self._settings, self._complain = scenario, settings, complain
        self._policy = InteractionPolicy(scenario.robot)
        self._room = scenario.room
        self.gate = SafetyGate(scenario.robot)
        self.robot = StateInput("odom", settings.frame, settings.robot_timeout_s, complain)
        self.people = Tracks(scenario.person.max_speed, settings.people_timeout_s, complain)
        self.goals = GoalFilter(scenario, self._policy)
        start = scenario.starts.robot
        self._route = np.array([*start.via, start.goal], float)
        self._watch = JumpWatch()
        self.deployed: Snapshot | None = None
        self.newest: Snapshot | None = None
        self.enabled = True
        self._book: LogBook | None = None
        self._followed = self._mixed = False
        self._adopted_s = self._cut_at_s = -np.inf
        self._driven_s: float | None = None
        self._ready: list[EpisodeLog] = []
        self._lately: collections.deque[tuple[PersonReport, Now]] = collections.deque(maxlen=LATELY)
        self._since_s = -np.inf

    # -- what is heard ------------------------------------------------------------------------
    def hear_robot(self, state: Array, stamp_s: float, now: Now, frame: str | None = None) -> None:
        """The robot's state (6,) at stamp_s [s]."""
        frame = self._settings.frame if frame is None else frame
        if self.robot.accept(state, frame, stamp_s, now.ros_s, now.steady_s) and self._book:
            self._book.robot(stamp_s, state)

    def hear_person(self, report: PersonReport, now: Now) -> None:
        """A tracker's report of somebody."""
        self._lately.append((report, now))
        if report.stamp_s < self._since_s:  # of the episode before, and late
            return
        reading = self.people.hear(report, now)
        if reading is None or self._book is None:
            return
        self._book.person(
            reading.time_s,
            report.identity,
            reading.position,
            reading.velocity,
            report.position_covariance,
            report.velocity_covariance,
            reading.anew,
        )

    def go(self, route: Array, now: Now) -> None:
        """Send the robot along a route (L, 2) [m], now; raises InputError, and keeps the last."""
        self._route = checked_route(self._scenario, route)
        if self._book is not None:
            self._book.turned(now.ros_s, self._route)

    # -- episodes -----------------------------------------------------------------------------
    def begin(
        self,
        stamp_s: float,
        goals: Mapping[str, Array] | None = None,
        episode: int = -1,
        route: Array | None = None,
    ) -> None:
        """An episode begins at stamp_s [s]; goals: (G, 2) where each person may be going [m].

        Raises InputError for a route the robot cannot take; then it goes on with the last.
        """
        if route is not None:
            self._route = checked_route(self._scenario, route)
        lately = [report for report in self._lately if report[0].stamp_s >= stamp_s - 1e-6]
        self._open(stamp_s, goals, episode)
        # everybody may be elsewhere now; what was heard of before means nothing
        self.people.forget()
        self._since_s = stamp_s - 1e-6
        for report, heard in lately:
            self.hear_person(report, heard)

    def _open(self, stamp_s: float, goals: Mapping[str, Array] | None, episode: int) -> None:
        version = -1 if self.deployed is None else self.deployed.version
        self._book = LogBook(stamp_s, version, episode, self._route, dict(goals or {}))
        self.goals.begin(self._book.goals)
        self._followed, self._mixed = True, stamp_s <= self._adopted_s
        if self.robot.state is not None and self.robot.stamp_s >= stamp_s - 1e-6:
            self._book.robot(self.robot.stamp_s, self.robot.state)

    def finish(self, keep: bool = True) -> None:
        """The episode is over; its log is kept where it was driven, under one policy."""
        book, self._book = self._book, None
        if book is None or not keep:
            return
        if not self._settings.observe_only and (self._mixed or not self._followed):
            self._complain("batch", "the robot did not follow one policy: batch not learned from")
        elif book.numbers and (book.policy_version >= 0 or self._settings.observe_only):
            self._ready.append(book.closed(self.goals.default))

    def take(self) -> list[EpisodeLog]:
        """The logs of what is over, oldest first; each is handed out once."""
        ready, self._ready = self._ready, []
        return ready

    @property
    def in_episode(self) -> bool:
        """Whether an episode is going on."""
        return self._book is not None

    # -- the policy ---------------------------------------------------------------------------
    def offer(self, snapshot: Snapshot) -> None:
        """A newer policy; it is deployed between episodes, never within one."""
        self.newest = snapshot

    def adopt(self, now: Now) -> bool:
        """Deploy the newest policy, if it may be now; whether that changed anything."""
        if self.newest is None or self.newest is self.deployed:
            return False
        if self._book is not None and self.deployed is not None:
            return False
        self.deployed, self._adopted_s = self.newest, now.ros_s
        return True

    # -- control ------------------------------------------------------------------------------
    def tick(self, now: Now) -> Array:
        """The twist (3,) = vx, vy [m/s], wz [rad/s] to command now, through the gate."""
        jump = self._watch.jump(now)
        if jump:
            self._start_anew(jump, now)
        period_s = self._settings.control_period_s
        since_s = period_s if self._driven_s is None else now.steady_s - self._driven_s
        self._driven_s = now.steady_s
        dt_s = self._settings.time_scale * min(max(since_s, period_s), LONGEST_PERIOD_S)
        wanted = self._wanted(now)
        if self._book is not None and now.ros_s >= self._book.begin_s + SETTLE_S:
            self._followed &= wanted is not None
        return self.gate.admit(STOP if wanted is None else wanted, dt_s)

    def cut_by_time(self, now: Now) -> None:
        """Where nobody tells of episodes: one after another, of batch_s each."""
        if self._settings.batch_s <= 0.0 or self.robot.state is None:
            return
        if self._book is not None and now.steady_s < self._cut_at_s:
            return
        self.finish()
        self.adopt(now)
        self._open(now.ros_s + SETTLE_S, None, -1)
        self._cut_at_s = now.steady_s + self._settings.batch_s / self._settings.time_scale

    def situation(self, now: Now) -> tuple[Situation, tuple[str, ...]] | None:
        """What is known of everybody who is there (B = 1), and who they are; float64."""
        if self.robot.state is None:
            return None
        there = self.people.present(now)
        names, count = tuple(there), len(there)
        people = np.array(list(there.values())).reshape(1, count, 4)
        goals, belief = self.goals.of(names)
        aims = Aims(*(torch.from_numpy(v)[None] for v in (self._route, goals, belief)))
        present = torch.ones((1, count), dtype=torch.bool)
        robot = torch.from_numpy(np.asarray(self.robot.state, float))[None]
        return Situation(robot, torch.from_numpy(people), present, aims, self._room), names

    def _wanted(self, now: Now) -> Array | None:
        """The policy's twist (3,); None where it must not drive."""
        if not (self.enabled and self._book is not None and self.deployed is not None):
            return None
        found = self.situation(now) if self.robot.fresh(now.steady_s) else None
        nobody = found is None or (found[0].count == 0 and self._scenario.people > 0)
        if found is None or nobody:
            self._complain("stale", "stale people or odometry: stopping")
            return None
        self.goals.watch(found[0], found[1], now, self.deployed)
        with torch.inference_mode():
            return np.asarray(self._policy(self.deployed.phi, found[0])[0])

    def _start_anew(self, jump: str, now: Now) -> None:
        """What was heard before a jump of time means nothing; the episode goes on as a new one."""
        book, self._adopted_s, self._since_s = self._book, -np.inf, -np.inf
        self._lately.clear()
        self.robot.forget()
        self.people.forget()
        self._book, self._cut_at_s = None, -np.inf
        self._complain("time", f"{jump}: the open batch is dropped, starting anew")
        if book is not None:
            self._open(now.ros_s + SETTLE_S, book.goals, book.episode)
