"""What runs in the learner process: the double loop, fed from a queue."""

from __future__ import annotations

import json
import os
import queue
import signal
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.hypergradient import PLAYS_AGAIN, cannot_play_again
from bisirl_ros.core.loop_config import LEARNED
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.core.people_evidence import POOLED
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID
from bisirl_ros.crowd.constant_velocity import ConstantVelocityReference
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode_log import EpisodeLog, decisions_in
from bisirl_ros.crowd.expected_choices import ExpectedChoices, known_of
from bisirl_ros.crowd.foreseen import REALISED
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorder import DecisionRecorder
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import save_checkpoint
from bisirl_ros.io.contract import Snapshot, pack_snapshot, unpack_log
from bisirl_ros.io.records import scenario_records
from bisirl_ros.learner.beginning import beginning, forget_people
from bisirl_ros.learner.device import compiles, resolve_device
from bisirl_ros.learner.give_way import give_way
from bisirl_ros.learner.told import told

POLICIES_KEPT = 256
"""A batch under an older policy than the newest so many is not learned from."""
MakeSolver = Callable[..., CrowdSolver]
"""As CrowdSolver(scenario, policy, device=, likelihood_grid=); sent to the learner's process."""


@dataclass(frozen=True)
class WorkerConfig:
    """What a learner needs to know to start.

    checkpoint: file to go on from, or ""; save_to: file to keep the state in, or ""
    initial_reward: `reward.json` that people are believed by before any was met, or ""
    grid: rings and spokes of the candidates that explain the data
    observe_only: the robot is on record, and does not follow a policy of ours; foresight: of it
    compile: whether imagination is compiled: auto, on, off
    solver: makes the game that is solved; another one than people's own is a baseline
    """

    scenario: Scenario
    loop: LoopConfig
    seed: int
    device: str
    checkpoint: str = ""
    save_to: str = ""
    grid: tuple[int, int] = LIKELIHOOD_GRID
    observe_only: bool = False
    foresight: str = REALISED
    solver: MakeSolver = CrowdSolver
    compile: str = "auto"
    initial_reward: str = ""


def work(config: WorkerConfig, inbox: Any, outbox: Any) -> None:
    """Entry point of the process; ends when the inbox says None or the parent is gone.

    inbox: bytes of `pack_log`; outbox: (snapshot bytes or None, JSON report)
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it is over
    give_way()
    stay_on_one_core()
    try:
        Worker(config, inbox, outbox).run()
    except InputError as error:
        outbox.put((None, json.dumps({"error": " ".join(str(error).split())})))
    except Exception as error:  # whatever it was, the control side has to be told
        what = f"the learner failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        outbox.put((None, json.dumps({"error": what})))
        raise
    os._exit(0)  # at once: a thread that still compiles would abort an orderly end


class Worker:
    """The double loop between two queues."""

    def __init__(self, config: WorkerConfig, inbox: Any, outbox: Any) -> None:
        self._config, self._inbox, self._outbox = config, inbox, outbox
        method = config.loop.estimator.method
        if method in PLAYS_AGAIN:  # nobody can be asked to live through the same episode twice
            raise cannot_play_again(method)
        self._device = resolve_device(config.device)
        policy = InteractionPolicy(config.scenario.robot)
        learns = config.loop.structure == LEARNED
        self._solver = config.solver(
            config.scenario,
            policy,
            device=self._device,
            likelihood_grid=config.grid,
            learn_structure=learns,
            risk=config.loop.risk,
        )
        if compiles(config.compile, self._device):
            self._solver.compile(self._say)
        self._records = scenario_records(config.scenario, policy.size)
        foresight = config.foresight if config.observe_only else ""
        timed = learns and not config.observe_only
        self._recorder = DecisionRecorder(config.scenario, foresight, learn_timing=timed)
        self._state, extra, why = beginning(config, policy, self._records)
        if why:
            self._refuse(why)
        self._recorder.timings.go_on(extra.get("timing", {}))
        self._reference = ConstantVelocityReference(**extra.get("constant_velocity", {}))
        self._deployed: OrderedDict[int, Tensor] = OrderedDict()
        self._report: dict[str, Any] = {}

    def run(self) -> None:
        """Learn until told to stop."""
        while True:
            try:
                bisirl(
                    self._solver, self._state, self._config.loop, self._interact, self._on_report
                )
                return
            except InputError as error:  # a batch that cannot be learned from
                self._refuse(str(error))

    def _interact(self, state: LoopState[Decisions]) -> tuple[Decisions, Tensor] | None:
        """Hand out pi_phi_k, once; wait for a batch that was collected under a policy of ours."""
        if state.k not in self._deployed:
            self._deployed[state.k] = state.phi
            if len(self._deployed) > POLICIES_KEPT:
                self._deployed.popitem(last=False)
            self._hand_out(state)
        while (data := self._next()) is not None:
            try:
                self._batch = batch = self._decisions_in(data)
                return batch, self._phi_of(batch)
            except InputError as error:
                self._refuse(str(error))
        return None

    def _decisions_in(self, data: bytes) -> Decisions:
        log, timing = unpack_log(data, "episode"), self._recorder.timings.best
        try:
            batch = decisions_in(log, self._recorder, self._expects(log))
        except ValueError as error:
            raise InputError(f"episode {log.episode}: {error}") from error
        if batch is None:
            raise InputError(f"episode {log.episode}: {len(log)} reports hold no decision")
        if self._recorder.timings.best is not timing:
            again = forget_people(self._state, self._config, self._records)
            self._say(self._recorder.timings.best.sentence + again)
        return batch

    def _expects(self, log: EpisodeLog) -> ExpectedChoices | None:
        """What those whom an episode is about were expected to do, where their reward is known."""
        config, evidence, theta = self._config, self._state.evidence, self._state.theta
        phi = None if config.observe_only else self.policy(log.policy_version)
        if phi is None:
            return None
        known = known_of(log.identities, evidence, theta)
        return self._solver.expected(phi, known)

    def policy(self, version: int) -> Tensor | None:
        """phi of a policy that was handed out; None where it never was, or is forgotten."""
        return self._deployed.get(version)

    def _phi_of(self, batch: Decisions) -> Tensor:
        if batch.robot_future is not None:
            return self._state.phi
        phi = self.policy(batch.policy_version)
        if phi is None:
            raise InputError(
                f"decisions under policy {batch.policy_version}, which this learner never made"
                " or has forgotten"
            )
        return phi

    def _next(self) -> bytes | None:
        parent = parent_process()
        while True:
            try:
                item: bytes | None = self._inbox.get(timeout=1.0)
                return item
            except queue.Empty:
                if parent is not None and not parent.is_alive():
                    return None

    def _hand_out(self, state: LoopState[Decisions]) -> None:
        evidence, theta = state.evidence, state.theta
        n, names = self._solver.n_features, evidence.identities
        covariances = [evidence.covariance_of(theta, i) for i in names]
        stranger, its_covariance = evidence.newcomer(theta)
        snapshot = Snapshot(
            version=state.k,
            phi=self._deployed[state.k],
            identities=names,
            theta=np.array([evidence.theta_of(theta, i) for i in names]).reshape(-1, n),
            covariance=np.array(covariances).reshape(-1, n, n),
            stranger=stranger,
            stranger_covariance=its_covariance,
            structures=tuple(evidence.structure_of(i) for i in names),
            scenario=self._config.scenario.name,
            features=self._config.scenario.feature_names,
        )
        self.keep(state)
        report, self._report = self._report, {}  # told once
        if report and self._config.loop.reward == POOLED:
            mean, covariance = stranger.tolist(), its_covariance.tolist()
            report["stranger"] = {"mean": mean, "covariance": covariance}
        self._outbox.put((pack_snapshot(snapshot), json.dumps(report)))

    def keep(self, state: LoopState[Decisions]) -> None:
        """Save a state before its policy is deployed; where that fails, it is said."""
        if not self._config.save_to:
            return
        known = {"constant_velocity": asdict(self._reference), "timing": self._recorder.timings.log}
        try:
            save_checkpoint(Path(self._config.save_to), state, self._records, known)
        except OSError as error:
            self._refuse(f"save_to {self._config.save_to}: cannot be written ({error.strerror})")

    def _refuse(self, why: str) -> None:
        self._outbox.put((None, json.dumps({"refused": why})))

    def _say(self, line: str) -> None:
        self._outbox.put((None, json.dumps({"said": line})))

    def _on_report(self, report: OuterReport) -> None:
        batch = self._batch
        self._report = told(report, self._config.scenario) | {
            "episode": batch.episode,
            "constant_velocity": float(np.mean(self._reference.log_density(batch))),
            "timing": self._recorder.timings.best.told,
            "device": str(self._device),
            "settings": asdict(self._config.loop),
        }
        self._reference = self._reference.update(batch)
