"""Whether the learner compiles what it imagines, what it says of it, and that it still ends."""

from __future__ import annotations

import json
import multiprocessing
import queue
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.learner.device import compiles
from bisirl_ros.learner.process import LearnerProcess
from bisirl_ros.learner.worker import Worker, WorkerConfig


@pytest.mark.parametrize(("choice", "device", "does"), [
    ("auto", "cpu", False), ("auto", "cuda", True), ("auto", "cuda:1", True),
    ("on", "cpu", True), ("on", "cuda", True), ("off", "cpu", False), ("off", "cuda", False),
])  # fmt: skip
def test_auto_is_on_where_a_gpu_is(choice: str, device: str, does: bool) -> None:
    assert compiles(choice, torch.device(device)) is does


class Talkative(CrowdSolver):
    """Done at once."""

    def compile(self, tell: Callable[[str], None]) -> None:
        """Nothing, and say so."""
        tell("imagination is compiled now, after 0 s")


@pytest.mark.parametrize(("choice", "said"), [
    ("auto", []), ("off", []), ("on", [{"said": "imagination is compiled now, after 0 s"}]),
])  # fmt: skip
def test_the_worker_compiles_where_it_is_told_to_and_passes_on_the_line(
    choice: str, said: list[Any]
) -> None:
    outbox: queue.SimpleQueue[tuple[None, str]] = queue.SimpleQueue()
    config = WorkerConfig(
        load_scenario("crossing"), LoopConfig(), 0, "cpu", solver=Talkative, compile=choice
    )
    Worker(config, None, outbox)
    found = [outbox.get() for _ in range(outbox.qsize())]
    assert [(data, json.loads(report)) for data, report in found] == [(None, s) for s in said]


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_learner_that_compiles_learns_on_and_ends_when_told(logs: Any) -> None:
    scenario = load_scenario("crossing")
    learner = LearnerProcess(
        WorkerConfig(
            scenario, LoopConfig(policy_steps=1, checked_episodes=16), 0, "cpu", compile="on"
        )
    )
    reports: list[dict[str, Any]] = []

    def wait_for(version: int) -> None:
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            for update in learner.poll():
                reports.append(update.report)
                if update.snapshot is not None and update.snapshot.version == version:
                    return
            time.sleep(0.02)
        raise AssertionError(f"waited in vain; came back: {reports}")

    try:
        for version in range(2):
            wait_for(version)
            assert learner.offer(logs.log_of(scenario, seed=version, version=version))
        wait_for(2)
        assert not [r for r in reports if {"said", "error", "refused"} & set(r)]
    finally:
        began = time.monotonic()
        learner.stop()
    assert time.monotonic() - began < 10.0  # about as long as it may take to end of itself
    assert learner.exitcode == 0
    assert not multiprocessing.active_children()
