"""The learner process without ROS: episodes' logs in, snapshots out."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import load_checkpoint
from bisirl_ros.io.records import scenario_records
from bisirl_ros.learner import process
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.learner.process import INBOX_SIZE, LearnerProcess, Update
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.verify.robot import stand_in
from bisirl_ros.verify.robot.stand_in import NOT_FINITE, OTHER

LOOP = LoopConfig(policy_steps=1, checked_episodes=16)
PATIENCE_S = 60.0
REPORTED = {
    "k", "episode", "updates", "decisions", "people", "inner", "held_out",
    "constant_velocity", "objective", "gradient_norms", "inner_s", "update_s", "renewed", "device",
    "settings", "timing", "rank", "unidentified", "drift", "drifted", "searches", "switched",
}  # fmt: skip
Start = Callable[..., LearnerProcess]


@pytest.fixture(scope="module")
def crossing() -> Scenario:
    """The scenario that is learned in."""
    return load_scenario("crossing")


@pytest.fixture
def start(crossing: Scenario) -> Iterator[Start]:
    """`start(device="cpu", ...)`: a learner that is stopped at the end."""
    started = []

    def make(device: str = "cpu", loop: LoopConfig = LOOP, **more: str) -> LearnerProcess:
        started.append(LearnerProcess(WorkerConfig(crossing, loop, 0, device, **more)))
        return started[-1]

    yield make
    for learner in started:
        if learner.alive:
            learner.stop()


def wait_for(learner: LearnerProcess, condition: Callable[[Update], object]) -> list[Update]:
    """What came back until an update met the condition, that one included."""
    updates: list[Update] = []
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        alive, came = learner.alive, learner.poll()
        for update in came:
            updates.append(update)
            if condition(update):
                return updates
        assert alive or came, f"the learner died after {updates}"
        time.sleep(0.02)
    raise AssertionError(f"waited in vain; came back: {updates}")


def ended(pid: int) -> bool:
    """Whether no such process runs (a dead one may wait to be reaped)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def wait_until_ended(pid: int, patience_s: float) -> bool:
    """Whether it ended in time."""
    deadline = time.monotonic() + patience_s
    while not ended(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return ended(pid)


def pid_of(learner: LearnerProcess) -> int:
    """Of the process behind the handle."""
    pid = learner._process.pid
    assert pid is not None
    return pid


@pytest.mark.slow
def test_logs_go_in_and_ever_newer_snapshots_come_out(
    start: Start, crossing: Scenario, tmp_path: Path, logs: Any
) -> None:
    file = tmp_path / "checkpoint.safetensors"
    learner = start(save_to=str(file))
    (first,) = wait_for(learner, lambda u: u.snapshot)
    assert first.report == {}
    assert first.snapshot is not None
    assert first.snapshot.version == 0
    assert first.snapshot.features == crossing.feature_names
    assert first.snapshot.identities == ()
    assert not first.snapshot.stranger.any()
    initial = InteractionPolicy(crossing.robot).initial(torch.Generator().manual_seed(0))
    torch.testing.assert_close(first.snapshot.phi, initial.double())

    updates = [first]
    for k in range(3):
        assert learner.offer(logs.log_of(crossing, seed=k, version=updates[-1].snapshot.version))
        updates += wait_for(learner, lambda u: u.snapshot)
    snapshots = [u.snapshot for u in updates]
    assert [s.version for s in snapshots] == [0, 1, 2, 3]
    for k, (update, snapshot) in enumerate(zip(updates[1:], snapshots[1:], strict=True)):
        report = update.report
        assert set(report) == REPORTED
        assert (report["k"], report["episode"], report["decisions"]) == (k + 1, k, 12)
        assert report["updates"] == k + 1
        assert report["device"] == "cpu"
        assert report["inner"]["status"] == "converged"
        assert (report["rank"], report["unidentified"], report["drift"]) == (4, [], 0)
        assert len(report["gradient_norms"]) == len(report["update_s"]) == 1
        (found,) = report["people"].values()
        assert min(found["std"]) > 0.0
        np.testing.assert_array_equal(found["theta"], snapshot.theta[0])
        assert snapshot.identities == tuple(report["people"]) == ("person_0",)
        np.testing.assert_allclose(snapshot.std[0], found["std"])
    assert not torch.equal(snapshots[1].phi, snapshots[0].phi)
    stds = np.array([u.report["people"]["person_0"]["std"] for u in updates[1:]])
    assert np.all(stds[-1] < stds[0]), "more data left the estimate less certain"
    assert updates[-1].report["held_out"] > updates[1].report["held_out"]

    state, extra = load_checkpoint(file, scenario_records(crossing, len(initial)), LOOP)
    assert state.k == 3
    np.testing.assert_array_equal(state.theta, snapshots[-1].theta[0])
    assert extra["constant_velocity"]["decisions"] == 36


@pytest.mark.slow
@pytest.mark.parametrize(
    ("word", "why"), [(NOT_FINITE, "not finite"), (OTHER, "a snapshot of scenario doorway")]
)
def test_a_snapshot_that_cannot_be_used_is_refused_with_a_reason(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(process, "work", stand_in.work)
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    (tmp_path / stand_in.ASKED).write_text(word)
    refused = wait_for(learner, lambda u: u.refused)[-1]
    assert why in refused.refused and refused.snapshot is None


@pytest.mark.slow
def test_it_goes_on_from_a_checkpoint(
    start: Start, crossing: Scenario, tmp_path: Path, logs: Any
) -> None:
    file = tmp_path / "checkpoint.safetensors"
    first = start(save_to=str(file))
    wait_for(first, lambda u: u.snapshot)
    first.offer(logs.log_of(crossing, seed=0, version=0))
    left = wait_for(first, lambda u: u.snapshot)[-1].snapshot
    first.stop()

    (found,) = wait_for(start(checkpoint=str(file)), lambda u: u.snapshot)
    assert found.snapshot.version == left.version == 1
    np.testing.assert_array_equal(found.snapshot.theta, left.theta)
    torch.testing.assert_close(found.snapshot.phi, left.phi)


@pytest.mark.slow
def test_a_batch_that_cannot_be_explained_is_refused_and_learning_goes_on(
    start: Start, crossing: Scenario, logs: Any
) -> None:
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    for version in (-1, 7):
        learner.offer(logs.log_of(crossing, seed=1, version=version))
        (refusal,) = wait_for(learner, lambda u: "refused" in u.report)
        assert refusal.snapshot is None
        assert refusal.report["refused"] == (
            f"decisions under policy {version}, which this learner never made or has forgotten"
        )
    learner._inbox.put(b"not a log")
    (refusal,) = wait_for(learner, lambda u: "refused" in u.report)
    assert refusal.report["refused"].startswith("episode: not a file of this package")
    assert learner.alive
    learner.offer(logs.log_of(crossing, seed=2, version=0))
    assert wait_for(learner, lambda u: u.snapshot)[-1].snapshot.version == 1


def test_a_full_queue_drops_and_counts_and_stop_leaves_no_process(start: Start, logs: Any) -> None:
    learner, batch = start(), logs.large_log(4000)
    taken = [learner.offer(batch) for _ in range(INBOX_SIZE + 5)]  # long before it can read them
    assert taken == [True] * INBOX_SIZE + [False] * 5
    assert learner.dropped == 5
    pid, began = pid_of(learner), time.monotonic()
    learner.stop()
    assert ended(pid)
    assert not learner.alive
    assert time.monotonic() - began < 6.0


@pytest.mark.slow
def test_stop_ends_a_waiting_learner_at_once(start: Start) -> None:
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    pid, began = pid_of(learner), time.monotonic()
    learner.stop()
    assert ended(pid)
    assert learner.exitcode == 0
    assert time.monotonic() - began < 6.0


@pytest.mark.slow
def test_ctrl_c_is_the_parents_business(start: Start) -> None:
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    os.kill(pid_of(learner), signal.SIGINT)
    time.sleep(0.3)
    assert learner.alive


@pytest.mark.slow
def test_the_handle_outlives_a_killed_learner(start: Start, crossing: Scenario, logs: Any) -> None:
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    os.kill(pid_of(learner), signal.SIGKILL)
    learner._process.join(5.0)
    assert not learner.alive
    for k in range(3):
        began = time.monotonic()
        assert not learner.offer(logs.log_of(crossing, seed=k, version=0, decisions=1))
        assert learner.poll() == []
        assert time.monotonic() - began < 5.0
    assert learner.dropped == 3
    learner.stop()


ORPHANING = """
import sys, time
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.learner.process import LearnerProcess
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.verify.robot import stand_in
from bisirl_ros.verify.robot.stand_in import NOT_FINITE, OTHER
learner = LearnerProcess(WorkerConfig(load_scenario("crossing"), LoopConfig(), 0, "cpu"))
print(learner._process.pid, flush=True)
while not learner.poll():
    time.sleep(0.05)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.mark.slow
def test_the_worker_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANING], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            assert parent.stdout.readline() == "ready\n"
            assert not ended(pid)
            parent.kill()
            parent.wait(5.0)
            assert wait_until_ended(pid, 10.0)
        finally:
            parent.kill()
            if not ended(pid):
                os.kill(pid, signal.SIGKILL)


def test_the_device_that_is_named_is_the_device() -> None:
    assert resolve_device("cpu") == torch.device("cpu")
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert resolve_device("auto").type == expected


@pytest.mark.parametrize("name", ["cuda:99", "cpuu", "", "cpu:0", "cuda:", "mps", "cuda:-1", "CPU"])
def test_a_device_that_is_not_there_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(InputError) as refusal:
        resolve_device(name)
    told = str(refusal.value)
    assert told.startswith(f"device '{name}'")
    assert "choose" in told
    assert "\n" not in told


@pytest.mark.slow
def test_a_learner_that_cannot_start_says_why(start: Start, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(os.urandom(1000))
    for learner, why in (
        (start(device="cuda:99"), "device 'cuda:99'"),
        (start(checkpoint=str(foreign)), f"checkpoint {foreign}: not a file of this package"),
        (start(loop=LoopConfig(hypergradient="spsa")), "hypergradient = 'spsa': this game cannot"),
    ):
        (update,) = wait_for(learner, lambda u: "error" in u.report)
        assert update.snapshot is None
        assert update.report["error"].startswith(why)
        assert "\n" not in update.report["error"]
        learner._process.join(5.0)
        assert not learner.alive


def test_a_worker_can_be_described_across_processes(crossing: Scenario) -> None:
    """What is handed to a spawned process must survive pickling, unchanged."""
    import pickle

    config = WorkerConfig(
        crossing, dataclasses.replace(LOOP, policy_steps=0), 3, "cpu", grid=(4, 9)
    )
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.slow
def test_a_learner_that_has_ended_holds_no_file_open(start: Start) -> None:
    """Whoever holds it on; a node that is configured again and again would run out of files."""
    wait_for(start(), lambda u: u.snapshot)  # what all share is open from the first on
    before = len(os.listdir("/proc/self/fd"))
    learner = start()
    wait_for(learner, lambda u: u.snapshot)
    learner.stop()
    assert len(os.listdir("/proc/self/fd")) == before
    assert not learner.alive
    learner.stop()
