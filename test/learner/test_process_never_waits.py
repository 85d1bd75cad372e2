"""The control side's handle, with a learner that is killed, stopped, hung or orphaned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.io.contract import pack_log
from bisirl_ros.learner import process
from bisirl_ros.learner.process import INBOX_SIZE, UPDATES_PER_POLL, LearnerProcess, Update

pytestmark = pytest.mark.timeout(60)
PATIENCE_S = 20.0
AT_ONCE_S = 2.0
"""Beyond this somebody waited; what is measured is a hundredth, on a machine of one's own."""
Start = Callable[[str], LearnerProcess]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch, stand_ins: Any) -> Iterator[Start]:
    """`start("hang")`: a learner that does what that stand-in does; it is gone at the end."""
    started: list[LearnerProcess] = []

    def make(name: str) -> LearnerProcess:
        monkeypatch.setattr(process, "work", getattr(stand_ins, name))
        started.append(LearnerProcess(None))  # type: ignore[arg-type]
        return started[-1]

    yield make
    for learner in started:
        if learner.alive:
            learner._process.kill()
        learner.stop()


def pid_of(learner: LearnerProcess) -> int:
    """Of the process behind the handle."""
    pid = learner._process.pid
    assert pid is not None
    return pid


def updates_of(learner: LearnerProcess, count: int) -> list[Update]:
    """What came back, when so many have."""
    updates: list[Update] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(updates) < count:
        assert time.monotonic() < deadline, f"waited in vain; came back: {updates}"
        came, took_s = timed(learner.poll)
        assert took_s < AT_ONCE_S
        updates += came
        time.sleep(0.002)
    return updates


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What the call gives, and how long it takes [s]."""
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


def test_a_learner_that_dies_while_it_writes_holds_up_nobody(start: Start, logs: Any) -> None:
    learner = start("die_while_writing")
    deadline = time.monotonic() + PATIENCE_S
    while learner.alive:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert learner._process.exitcode == -signal.SIGKILL
    updates, took_s = timed(learner.poll)
    assert [u.report for u in updates] == [{"n": 1}, {"n": 2}]
    assert took_s < AT_ONCE_S
    assert learner.poll() == []
    taken, took_s = timed(lambda: learner.offer(logs.large_log(2500)))
    assert (taken, learner.dropped) == (False, 1)
    assert took_s < AT_ONCE_S


def test_a_learner_that_stands_still_costs_dropped_batches_only(start: Start, logs: Any) -> None:
    learner = start("measure")
    updates_of(learner, 1)
    os.kill(pid_of(learner), signal.SIGSTOP)
    batches = [logs.large_log(1500 + k) for k in range(INBOX_SIZE + 8)]
    offers = [timed(lambda b=batch: learner.offer(b)) for batch in batches]  # type: ignore[misc]
    polls = [timed(learner.poll) for _ in range(50)]
    assert [taken for taken, _ in offers] == [True] * INBOX_SIZE + [False] * 8
    assert learner.dropped == 8
    assert max(took_s for _, took_s in offers + polls) < AT_ONCE_S
    os.kill(pid_of(learner), signal.SIGCONT)
    kept = [len(pack_log(batch)) for batch in batches[:INBOX_SIZE]]
    assert [u.report["bytes"] for u in updates_of(learner, INBOX_SIZE)] == kept
    assert learner.offer(batches[-1])


def test_a_poll_takes_so_many_updates_and_the_next_one_goes_on(start: Start, logs: Any) -> None:
    learner = start("measure")
    updates_of(learner, 1)
    for k in range(2 * UPDATES_PER_POLL):
        assert learner.offer(logs.large_log(1 + k))
    time.sleep(0.5)
    assert 0 < len(learner.poll()) <= UPDATES_PER_POLL
    updates_of(learner, UPDATES_PER_POLL)


@pytest.mark.parametrize("stopped", [False, True])
def test_stop_ends_a_learner_that_hangs_in_its_time(start: Start, stopped: bool, logs: Any) -> None:
    learner = start("hang")
    updates_of(learner, 1)
    if stopped:
        os.kill(pid_of(learner), signal.SIGSTOP)
    for _ in range(INBOX_SIZE + 1):
        learner.offer(logs.large_log(1500))
    _, took_s = timed(lambda: learner.stop(timeout_s=0.3))
    assert 0.29 < took_s < AT_ONCE_S
    assert not learner.alive
    assert learner.exitcode == -signal.SIGKILL
    assert learner.poll() == []
    assert not learner.offer(logs.large_log(1))
    learner.stop()


def test_stop_hears_the_last_words_out(start: Start) -> None:
    learner = start("write_much")
    learner.stop(timeout_s=PATIENCE_S)
    assert learner.exitcode == 0


def test_stop_lets_the_learner_read_what_it_was_offered(start: Start, logs: Any) -> None:
    learner = start("measure")
    for _ in range(INBOX_SIZE):
        assert learner.offer(logs.large_log(2500))
    learner.stop(timeout_s=PATIENCE_S)
    assert learner.exitcode == 0


ORPHANING = """
import sys, time
from bisirl_ros.learner import process
import stand_ins
process.work = getattr(stand_ins, sys.argv[1])
learner = process.LearnerProcess(None)
while not learner.poll():
    time.sleep(0.02)
print(learner._process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("name", ["measure", "write_much"])
def test_a_learner_ends_when_its_parent_is_killed(name: str) -> None:
    """Whether it waits for a batch, or to be read."""
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", ORPHANING, name],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        try:
            assert ended_in_time(pid)
        except AssertionError:
            os.kill(pid, signal.SIGKILL)
            raise


def ended_in_time(pid: int) -> bool:
    """Whether the process ends (a dead one may wait to be reaped)."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] in "ZX":
            return True
        time.sleep(0.02)
    return False
