"""What runs in the learner process: the double loop, fed from a queue."""

from __future__ import annotations

import json
import os
import queue
import signal
from dataclasses import asdict, dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.hypergradient import PLAYS_AGAIN, cannot_play_again
from bisirl_ros.crowd.constant_velocity import ConstantVelocity
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import RecedingHorizonSolver
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import load_checkpoint, save_checkpoint
from bisirl_ros.io.contract import Snapshot, pack_snapshot, unpack_interactions
from bisirl_ros.io.plain import json_ready
from bisirl_ros.io.records import scenario_records
from bisirl_ros.learner.device import resolve_device

NICENESS = 10


@dataclass(frozen=True)
class WorkerConfig:
    """What a learner needs to know to start.

    checkpoint: file to go on from, or ""; save_to: file to keep the state in, or ""
    grid: rings and spokes of the candidates that explain the data
    """

    scenario: Scenario
    loop: LoopConfig
    seed: int
    device: str
    checkpoint: str = ""
    save_to: str = ""
    grid: tuple[int, int] = (8, 18)


def work(config: WorkerConfig, inbox: Any, outbox: Any) -> None:
    """Entry point of the process; ends when the inbox says None or the parent is gone.

    inbox: bytes of `pack_interactions`; outbox: (snapshot bytes or None, JSON report)
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it is over
    os.nice(NICENESS)
    torch.set_num_threads(1)
    try:
        Worker(config, inbox, outbox).run()
    except InputError as error:
        outbox.put((None, json.dumps({"error": " ".join(str(error).split())})))
    except Exception as error:  # whatever it was, the control side has to be told
        what = f"the learner failed: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
        outbox.put((None, json.dumps({"error": what})))
        raise


class Worker:
    """The double loop between two queues."""

    def __init__(self, config: WorkerConfig, inbox: Any, outbox: Any) -> None:
        self._config, self._inbox, self._outbox = config, inbox, outbox
        method = config.loop.estimator.method
        if method in PLAYS_AGAIN:  # nobody can be asked to live through the same episode twice
            raise cannot_play_again(method)
        self._device = resolve_device(config.device)
        policy = InteractionPolicy(config.scenario.robot)
        self._solver = RecedingHorizonSolver(
            config.scenario, policy, device=self._device, likelihood_grid=config.grid
        )
        n = self._solver.n_features
        self._records = scenario_records(config.scenario, policy.size)
        if config.checkpoint:
            path = Path(config.checkpoint)
            self._state = load_checkpoint(path, self._records, config.loop)
        else:
            phi = policy.initial(torch.Generator().manual_seed(config.seed))
            self._state = LoopState.start(phi, n, config.loop, config.seed)
        self._deployed: dict[int, Tensor] = {}
        self._baseline = ConstantVelocity()
        self._baseline_log_density = float("nan")
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

    def _interact(self, state: LoopState[Interactions]) -> tuple[Interactions, Tensor] | None:
        """Hand out pi_phi_k; wait for a batch that was collected under a policy of ours."""
        phi = state.phi.detach().clone()
        self._deployed[state.k] = phi
        self._hand_out(state, phi)
        while (data := self._next()) is not None:
            try:
                batch = unpack_interactions(data, "interactions")
                phi_of_batch = self._phi_of(batch)
            except InputError as error:
                self._refuse(str(error))
                continue
            self._episode = batch.episode
            scores = self._baseline.log_density(batch)
            self._baseline_log_density = float(np.mean(scores))
            self._baseline = self._baseline.update(batch)
            return batch, phi_of_batch
        return None

    def _phi_of(self, batch: Interactions) -> Tensor:
        if batch.robot_future is not None:
            return self._state.phi.detach()
        if batch.policy_version not in self._deployed:
            raise InputError(
                f"interactions under policy {batch.policy_version}, which this learner never made"
            )
        return self._deployed[batch.policy_version]

    def _next(self) -> bytes | None:
        parent = parent_process()
        while True:
            try:
                item: bytes | None = self._inbox.get(timeout=1.0)
                return item
            except queue.Empty:
                if parent is not None and not parent.is_alive():
                    return None

    def _hand_out(self, state: LoopState[Interactions], phi: Tensor) -> None:
        snapshot = Snapshot(
            version=state.k,
            phi=phi,
            theta=state.theta,
            covariance=state.evidence.covariance(state.theta),
            scenario=self._config.scenario.name,
            features=self._config.scenario.feature_names,
        )
        if self._config.save_to:
            self._save(state)
        report, self._report = self._report, {}  # told once
        self._outbox.put((pack_snapshot(snapshot), json.dumps(report)))

    def _save(self, state: LoopState[Interactions]) -> None:
        try:
            save_checkpoint(Path(self._config.save_to), state, self._records)
        except OSError as error:
            self._refuse(f"save_to {self._config.save_to}: cannot be written ({error.strerror})")

    def _refuse(self, why: str) -> None:
        self._outbox.put((None, json.dumps({"refused": why})))

    def _on_report(self, report: OuterReport) -> None:
        told = {
            "k": report.k,
            "episode": self._episode,
            "updates": report.updates,
            "decisions": report.decisions,
            "theta": report.theta.tolist(),
            "std": report.std.tolist(),
            "inner": {
                "status": report.inner.status.value,
                "iterations": report.inner.iterations,
                "grad_norm": report.inner.residual,
                "starts": report.inner.starts,
                "agreeing": report.inner.agreeing,
            },
            "held_out": report.held_out,
            "constant_velocity": self._baseline_log_density,
            "objective": report.objective,
            "rank": report.rank,
            "unidentified": report.identified.unidentified(self._config.scenario.feature_names),
            "drift": report.drift,
            "gradient_norms": list(report.gradient_norms),
            "inner_s": report.inner_s,
            "update_s": list(report.update_s),
            "device": str(self._device),
            "settings": asdict(self._config.loop),
        }
        self._report = json_ready(told)
