"""Whole runs without ROS and without a clock: world, tracker, people, session and learner.

The learner is the one that runs in its own process on a robot, the session the one of the node;
only what lies between them, queues and time, is not there. Faster than real time.
"""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import Actor, tell
from bisirl_ros.crowd.actors.registry import make_people
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.io.contract import Snapshot, pack_log, unpack_snapshot
from bisirl_ros.learner.worker import MakeSolver, Worker, WorkerConfig
from bisirl_ros.session.clock import Now
from bisirl_ros.session.driver import SIMULATED
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.session import Session
from bisirl_ros.session.settings import SessionSettings
from bisirl_sim.episode import Episode
from bisirl_sim.tracker import Report, Tracker, TrackerSpec
from bisirl_sim.world import make_world

STEP_S = 0.05
PAUSE_S = 1.0


@dataclass(frozen=True)
class OfflineRun:
    """What is played.

    people: true weights (n,) of everybody who may come, by identity, as many as the scenario has at
    a time; cast: who comes to episode k; None: the first ones, always
    tracker: how they are seen; on_step: is shown the session, 20 times a second
    kind: of people (`actors.registry`), who stay the same as long as the same ones come
    solver: makes the learner's; thought: what the robot takes the scenario for, None: what it is
    late_s: people decide for the first time so long after an episode begins [s]
    """

    scenario: Scenario
    people: Mapping[str, Array]
    loop: LoopConfig = field(default_factory=LoopConfig)
    tracker: TrackerSpec = field(default_factory=TrackerSpec)
    episodes: int = 16
    seed: int = 0
    backend: str = "kinematic"
    grid: tuple[int, int] = LIKELIHOOD_GRID
    cast: Callable[[int], Sequence[str]] | None = None
    on_step: Callable[[int, Session, Episode], None] | None = None
    kind: str = "soft_expert"
    solver: MakeSolver = CrowdSolver
    thought: Scenario | None = None
    late_s: float = 0.0

    def names(self, episode: int) -> tuple[str, ...]:
        """Who comes to an episode."""
        if self.cast is not None:
            return tuple(self.cast(episode))
        return tuple(self.people)[: self.scenario.people]


@dataclass(frozen=True)
class Outcome:
    """outcomes: how each episode ended; commands: (N, 3) all that was published

    tick_s: (N,) how long each command took [s]
    snapshots: of each policy, in order; reports: of the learner; refused: what it would not learn
    """

    outcomes: list[str]
    commands: Array
    tick_s: Array
    snapshots: list[Snapshot]
    reports: list[dict[str, Any]]
    refused: list[str]

    @property
    def last(self) -> Snapshot:
        """The newest."""
        return self.snapshots[-1]


def play_offline(run: OfflineRun) -> Outcome:
    """Play and learn, one after the other."""
    stage = _Stage(run)
    thought = run.thought or run.scenario
    config = WorkerConfig(thought, run.loop, run.seed, "cpu", grid=run.grid, solver=run.solver)
    Worker(config, stage, stage).run()
    commands = np.array(stage.commands).reshape(-1, 3)
    return Outcome(
        stage.outcomes,
        commands,
        np.array(stage.tick_s),
        stage.snapshots,
        stage.reports,
        stage.refused,
    )


class _Stage:
    """Both queues of a worker: whoever asks for a batch gets an episode played."""

    def __init__(self, run: OfflineRun) -> None:
        self._run, scenario = run, run.scenario
        self._rng = np.random.default_rng([run.seed, 11])
        self._world = make_world(scenario, run.backend, dt_s=STEP_S)
        self._tracker = Tracker(run.tracker, seed=run.seed)
        settings = SessionSettings(control_period_s=STEP_S, driver=SIMULATED)
        self._session = Session(run.thought or scenario, settings)
        self._crowds: dict[tuple[str, ...], Actor] = {}
        self._played = 0
        self.outcomes: list[str] = []
        self.commands: list[Array] = []
        self.tick_s: list[float] = []
        self.snapshots: list[Snapshot] = []
        self.reports: list[dict[str, Any]] = []
        self.refused: list[str] = []

    def put(self, item: tuple[bytes | None, str]) -> None:
        """A snapshot and a report from the learner."""
        data, report = item[0], json.loads(item[1])
        if "refused" in report:
            self.refused.append(report["refused"])
        elif report and "said" not in report:
            self.reports.append(report)
        if data is not None:
            self.snapshots.append(unpack_snapshot(data, "learner"))
            self._session.offer(self.snapshots[-1])

    def get(self, timeout: float = 0.0) -> bytes | None:
        """The log of one more episode; None after the last. Raises queue.Empty where none is."""
        if self._played == self._run.episodes:
            self._world.close()
            return None
        self._played += 1
        self._play()
        for log in self._session.take():
            return pack_log(log)
        raise queue.Empty

    def _play(self) -> None:
        run, session, world = self._run, self._session, self._world
        session.adopt(self._now())
        for _ in range(round(PAUSE_S / STEP_S)):  # whoever answers the policy knows it by then
            self._tick()
        episode = Episode(run.scenario, world, self._rng)
        self._names = run.names(self._played - 1)
        self._people = self._crowd()
        if session.deployed:
            tell(self._people, session.deployed.phi, self._played - 1)
        self._tracker.clear()
        aims = episode.situation.aims
        goals = {
            name: aims.goals[0, p][torch.isfinite(aims.log_belief[0, p])].numpy()
            for p, name in enumerate(self._names)
        }
        self._hear()
        session.begin(self._now().ros_s, goals, self._played - 1, aims.route[0].numpy())
        per_decision = round(run.scenario.decision_period_s / STEP_S)
        step = -round(run.late_s / STEP_S)
        while episode.outcome is None:
            if step >= 0 and step % per_decision == 0:
                episode.move_people(self)
            self._tick()
            self._hear()
            if run.on_step:
                run.on_step(self._played - 1, session, episode)
            step += 1
        self.outcomes.append(str(episode.outcome))
        session.finish()

    def _crowd(self) -> Actor:
        """Those who come now; some remember earlier episodes."""
        run = self._run
        if self._names not in self._crowds:
            theta = np.array([run.people[name] for name in self._names])
            theta = theta.reshape(-1, len(run.scenario.feature_names))
            policy = InteractionPolicy(run.scenario.robot)
            made = make_people(run.kind, run.scenario, policy, theta, run.seed)
            self._crowds[self._names] = made
        return self._crowds[self._names]

    def _tick(self) -> None:
        began = time.perf_counter()
        command = self._session.tick(self._now())
        self.tick_s.append(time.perf_counter() - began)
        self.commands.append(command)
        self._world.command_robot(*map(float, command))
        self._world.step()

    def reset(self, seed: int) -> None:
        """Their luck is the run's."""

    def decide(self, situation: Any) -> Array:
        """What everybody goes for: (P, 2) [m/s]."""
        luck = torch.from_numpy(self._rng.random((1, situation.count)))
        return np.asarray(self._people.act(situation, luck)[0])

    def _hear(self) -> None:
        now = self._now()
        self._session.hear_robot(self._world.robot_state(), now.ros_s, now)
        people = self._world.people_state()
        for report in self._tracker.observe(now.ros_s, people, self._names):
            self._session.hear_person(heard(report), now)

    def _now(self) -> Now:
        return Now(self._world.time_s + 1.0, self._world.time_s + 1.0)


def heard(report: Report) -> PersonReport:
    """A simulated tracker's report, as a session takes it."""

    def covariance(variance: float | None) -> Array | None:
        return None if variance is None else variance * np.eye(2)

    return PersonReport(
        report.identity,
        report.stamp_s,
        report.position,
        report.velocity,
        covariance(report.position_variance),
        covariance(report.velocity_variance),
    )
