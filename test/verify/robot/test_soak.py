"""Growth, gaps and what is left, from figures; and a process that takes all of its own along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.verify.robot import cycles, soak
from bisirl_ros.verify.robot.program import Program, handles, memory_mib, until


def run(**more: Any) -> dict[str, Any]:
    """A run in which all was well."""
    steady = {"first": 100.0, "last": 101.0, "growth": 0.01}
    of = {
        "episodes": 3,
        "batches": 900,
        "warm_up_batches": 30,
        "commands": 900,
        "gap_s": 0.03,
        "waited": 0.0,
        "left": [],
        "ended": "",
    }
    return {**of, "memory": {"learner": steady}, **more}


def test_growth_is_that_of_medians_and_no_spike() -> None:
    assert soak.growth([100.0] * 20 + [900.0] + [110.0] * 19)["growth"] == pytest.approx(0.1)
    assert soak.growth([5.0])["growth"] == 0.0


def test_a_run_is_missed_by_each_of_its_bars() -> None:
    grown = {"learner": {"first": 100.0, "last": 106.0, "growth": 0.06}}
    assert soak.judged(run(), 0, quick=False).holds
    assert "learner grew by 6%" in soak.judged(run(memory=grown), 0, quick=False).note
    assert not soak.judged(run(gap_s=0.13), 0, quick=False).holds
    assert soak.judged(run(gap_s=0.11, memory=grown), 0, quick=True).holds
    assert "9 batches, of 30" in soak.judged(run(warm_up_batches=9), 0, quick=False).note
    for stalled in ("episodes", "batches"):
        assert soak.judged(run(**{stalled: 0}), 0, quick=False).note == f"no {stalled}"
    assert not soak.judged(run(left=["python -m ..."]), 0, quick=True).holds
    assert not soak.judged(run(ended="ended by itself: []"), 0, quick=True).holds


def test_a_gap_is_the_longest_time_between_two_commands_since_it_counts() -> None:
    watched = soak.Watched()
    for sent_s in (0.0, 5.0):
        watched.command(None, sent_s)
    watched.anew(8.9)
    for sent_s in (9.0, 9.1, 9.3):
        watched.command(None, sent_s)
    assert watched.gap_s == pytest.approx(0.2) and watched.commands == 3
    watched.until(10.0)
    assert watched.gap_s == pytest.approx(0.7), "none came any more"


def test_memory_is_judged_once_the_learner_keeps_as_many_batches_as_it_ever_will(
    tmp_path: Path,
) -> None:
    assert soak.FILLED > soak.WINDOW
    given = soak.arguments(tmp_path, seed=0)
    file = Path(given[given.index("--params-file") + 1])
    assert f"evidence_window: {soak.WINDOW}" in file.read_text()
    watched = soak.Watched(batches=soak.FILLED, episodes=300)
    watched.anew(0.0)
    assert (watched.batches, watched.episodes) == (0, 0)


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("python -m bisirl_ros.entry bisirl_node --ros-args", "bisirl_node"),
        ("python -c from multiprocessing.spawn import spawn_main", "learner"),
        ("python -c from multiprocessing.resource_tracker import main", ""),
        ("python -m bisirl_ros.cli sim --episodes 0", "supervisor"),
    ],
)
def test_a_process_is_known_by_its_command_line(line: str, role: str) -> None:
    assert soak.role_of(line) == role


def test_a_cycle_that_leaves_anything_is_a_leak() -> None:
    row = {"memory_mib": 300.0, "files": 20, "threads": 9, "learners": 0}
    rows = [{**row, "memory_mib": 200.0, "files": 18}] * 9 + [row] * 91
    assert cycles.judged(rows, 0, quick=False).holds
    for more in ({"memory_mib": 316.0}, {"files": 22}, {"threads": 10}, {"learners": 1}):
        assert not cycles.judged([*rows[:-1], {**row, **more}], 0, quick=False).holds, more
    stuck = cycles.judged([*rows[:4], {"failed": "no answer"}], 0, quick=False)
    assert not stuck.holds and stuck.note == "cycle 5: no answer"


def test_a_program_is_found_measured_and_killed(tmp_path: Path) -> None:
    program = Program("http.server", ["0"], tmp_path, {})
    try:
        assert until(lambda: (memory_mib(program.pid) or 0.0) > 5.0, 10.0)
        assert list(program.running()) == [program.pid]
        files, threads = handles(program.pid)
        assert files >= 3 and threads >= 1
        assert program.learners() == []
    finally:
        program.close()
    assert program.left_after(0.0) == {}
    assert not program.alive
    assert memory_mib(program.pid) is None
