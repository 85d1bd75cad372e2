"""A robot among people, free of ROS: reports and goals in; commands and episodes' logs out.

The node, replay, tests and benchmarks drive this one class, at whatever speed their clocks run.
"""

from __future__ import annotations

import collections
import math
import time
from collections.abc import Callable, Mapping

import numpy as np
import torch

from bisirl_ros.control.faults import Fault
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.episode_log import EpisodeLog
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.session.clock import JumpWatch, Now, Pace
from bisirl_ros.session.diary import SETTLE_S, Diary
from bisirl_ros.session.driver import Driven, Driver
from bisirl_ros.session.goals import GoalFilter, checked_route
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.settings import SessionSettings
from bisirl_ros.session.state_input import StateInput
from bisirl_ros.session.tracks import Tracks

LATELY = 100


class Session:
    """Callbacks store; `tick` commands. Nothing here waits, or depends on how far time went.

    complain: is told what about, and a line (throttle it); stopwatch: as `Driver`'s
    """

    def __init__(
        self,
        scenario: Scenario,
        settings: SessionSettings,
        complain: Callable[[str, str], None] = lambda about, line: None,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._scenario, self._settings, self._complain = scenario, settings, complain
        self._policy, self._room = InteractionPolicy(scenario.robot), scenario.room
        period_s, scale, drives = settings.control_period_s, settings.time_scale, settings.driver
        self.driver = Driver(scenario, self._policy, drives, period_s, complain, scale, stopwatch)
        self.robot = StateInput("odom", settings.frame, settings.robot_timeout_s, complain)
        self.people = Tracks(scenario.person.max_speed, settings.people_timeout_s, complain)
        self.goals = GoalFilter(scenario, self._policy)
        start = scenario.starts.robot
        self._route, self._sent = np.array([*start.via, start.goal], float), settings.batch_s == 0.0
        self._watch, self.jumps = JumpWatch(), 0
        self.deployed: Snapshot | None = None
        self.newest: Snapshot | None = None
        self.enabled = True
        self._told: set[Fault] = set()
        self._diary = Diary(settings.observe_only)
        self._adopted_s = self._cut_at_s = self._since_s = -np.inf
        self._pace = Pace(period_s, scale)
        self.driven: Driven | None = None
        self._lately: collections.deque[tuple[PersonReport, Now]] = collections.deque(maxlen=LATELY)

    def reconfigure(self, settings: SessionSettings) -> None:
        """Other timeouts, and other settings between policy and wheels, from now on."""
        self._settings = settings
        self.robot.timeout_s = settings.robot_timeout_s
        self.people.timeout_s = settings.people_timeout_s
        self.driver.reconfigure(settings.driver)

    # -- what is heard ------------------------------------------------------------------------
    def hear_robot(self, state: Array, stamp_s: float, now: Now, frame: str | None = None) -> None:
        """The robot's state (6,) at stamp_s [s]."""
        frame = self._settings.frame if frame is None else frame
        if self.robot.accept(state, frame, stamp_s, now.ros_s, now.steady_s):
            self._diary.robot(stamp_s, state)

    def hear_person(self, report: PersonReport, now: Now) -> None:
        """A tracker's report of somebody."""
        self._lately.append((report, now))
        if report.stamp_s < self._since_s:  # of the episode before, and late
            return
        heard = self.people.hear(report, now)
        if heard is not None:
            self._diary.person(heard, report)

    def go(self, route: Array, now: Now) -> None:
        """Send the robot along a route (L, 2) [m], now; raises InputError, and keeps the last."""
        self._route, self._sent = checked_route(self._scenario, route), True
        if self._diary.book is not None:
            self._diary.book.turned(now.ros_s, self._route)

    def withdraw_goal(self) -> None:
        """Send the robot nowhere: it stops, until it is sent somewhere again."""
        self._sent = False

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
            self._route, self._sent = checked_route(self._scenario, route), True
        lately = [report for report in self._lately if report[0].stamp_s >= stamp_s - 1e-6]
        self._open(stamp_s, goals, episode)
        self.driver.forget()
        # everybody may be elsewhere now; what was heard of before means nothing
        self.people.forget()
        self._since_s = stamp_s - 1e-6
        for report, heard in lately:
            self.hear_person(report, heard)

    def _open(self, stamp_s: float, goals: Mapping[str, Array] | None, episode: int) -> None:
        version = -1 if self.deployed is None else self.deployed.version
        mixed = stamp_s <= self._adopted_s
        book = self._diary.open(stamp_s, version, episode, self._route, goals, mixed)
        self.goals.begin(book.goals)
        if self.robot.state is not None and self.robot.stamp_s >= stamp_s - 1e-6:
            self._diary.robot(self.robot.stamp_s, self.robot.state)

    def finish(self, keep: bool = True) -> None:
        """The episode is over; its log is kept where it was driven, under one policy."""
        if not keep:
            self._diary.drop()
        why = self._diary.close(self.goals.default)
        if why:
            self._complain("batch", why)

    def take(self) -> list[EpisodeLog]:
        """The logs of what is over, oldest first; each is handed out once."""
        return self._diary.take()

    # -- the policy ---------------------------------------------------------------------------
    def offer(self, snapshot: Snapshot) -> None:
        """A newer policy; it is deployed between episodes, never within one.

        One that is not finite is refused: the learner has diverged, and the last one is kept.
        """
        finite = bool(torch.isfinite(snapshot.phi).all())
        self.tell(Fault.LEARNER_DIVERGED, not finite)
        if finite:
            self.newest = snapshot

    def adopt(self, now: Now) -> bool:
        """Deploy the newest policy, if it may be now; whether that changed anything."""
        if self.newest is None or self.newest is self.deployed:
            return False
        if self._diary.book is not None and self.deployed is not None:
            return False
        self.deployed, self._adopted_s = self.newest, now.ros_s
        return True

    def tell(self, fault: Fault, holds: bool) -> None:
        """A fault that somebody else sees, the learner's for instance, holds from now on or not."""
        (self._told.add if holds else self._told.discard)(fault)

    # -- control ------------------------------------------------------------------------------
    def tick(self, now: Now) -> Array:
        """The twist (3,) = vx, vy [m/s], wz [rad/s] to command now; 0 where somebody else does."""
        jump = self._watch.jump(now)
        if jump:
            self._start_anew(jump, now)
        dt_s = self._pace.since_last(now)
        watching = self._settings.observe_only
        found = self.situation(now) if not watching or self.goals.due(now) else None
        if found is not None and self._diary.book is not None and self.deployed is not None:
            self.goals.watch(found[0], found[1], now, self.deployed)
        if watching:
            self.driver.watch(self._faults(now), now.steady_s)
            return np.zeros(3)
        fresh = self.robot.fresh(now.steady_s)
        self.driven = driven = self.driver.drive(
            self._faults(now),
            None if self.deployed is None else self.deployed.phi,
            found[0] if found is not None and fresh else None,
            self.people.lost(now),
            now.steady_s,
            dt_s,
        )
        self._diary.driven(now.ros_s, driven.followed and not self.driver.disobeyed)
        return driven.twist

    def halt(self, now: Now) -> Array:
        """Ramp to rest whatever is the matter: the twist (3,) to command now."""
        self._diary.driven(math.inf, False)
        return self.driver.halt(now.steady_s, self._pace.since_last(now))

    def cut_by_time(self, now: Now) -> None:
        """Where nobody tells of episodes: one after another, of batch_s each."""
        if self._settings.batch_s <= 0.0 or self.robot.state is None or now.ros_s == 0.0:
            return
        if self._diary.book is not None and now.steady_s < self._cut_at_s:
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
        robot = torch.from_numpy(np.asarray(self.robot.at(now.ros_s), float))[None]
        return Situation(robot, torch.from_numpy(people), present, aims, self._room), names

    def _faults(self, now: Now) -> set[Fault]:
        """What is wrong, beside what the driver sees."""
        quiet = self._scenario.people > 0 and self.people.silent(now)
        holds = {
            Fault.DISABLED: not self.enabled,
            Fault.NO_TIME: now.ros_s == 0.0,
            Fault.NO_EPISODE: self._diary.book is None,
            Fault.NO_GOAL: not self._sent,
            Fault.NO_POLICY: self.deployed is None,
            Fault.ODOMETRY_SILENT: not self.robot.fresh(now.steady_s),
            Fault.TRACKER_SILENT: quiet,
        }
        return self._told | {fault for fault, does in holds.items() if does}

    def _start_anew(self, jump: str, now: Now) -> None:
        """What was heard before a jump of time means nothing; the episode goes on as a new one."""
        book, self._adopted_s, self._since_s = self._diary.book, -np.inf, -np.inf
        self.jumps += 1
        self._lately.clear()
        self.driver.forget()
        self.robot.forget()
        self.people.forget()
        self._diary.drop()
        self._cut_at_s = -np.inf
        self._complain("time", f"{jump}: the open batch is dropped, starting anew")
        if book is not None:
            self._open(now.ros_s + SETTLE_S, book.goals, book.episode)
