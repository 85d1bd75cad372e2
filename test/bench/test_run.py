"""A benchmark's cells: kept, gone on with, never lost, never mixed with another run's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.bench.grid import Grid
from bisirl_ros.bench.methods import METHODS
from bisirl_ros.bench.run import CELLS, RUNS, measured, run_grid, runs_of
from bisirl_ros.bench.table import read_table
from bisirl_ros.bench.task import Prepared, Task
from bisirl_ros.errors import InputError

METHODS_OF = ("bisirl", "oracle", "go_to_goal")
GRID = Grid(("crossing", "guide"), ("soft_expert",), METHODS_OF, 3)
ORIGIN = {"command": "bisirl bench", "machine": "a machine"}


def fake(scenario: str, people: str, method: str, seed: int, *_: Any) -> dict[str, Any]:
    """A cell that is known at once."""
    who = {"scenario": scenario, "people": people, "method": method, "seed": seed}
    worth = {"bisirl": 1.0, "oracle": 2.0, "go_to_goal": 0.0}[method]
    return {**who, "return": len(scenario) * worth + 0.1 * seed * worth**2, "seconds": 0.0}


def test_a_folder_that_was_cut_anywhere_ends_with_the_same_table(tmp_path: Path) -> None:
    whole = run_grid(GRID, tmp_path / "whole", ORIGIN, cell=fake)
    assert list(whole) == [cell.name for cell in GRID.cells]
    data = (tmp_path / "whole" / CELLS).read_bytes()
    for cut in [*np.random.default_rng(0).integers(len(data), size=60), 0, len(data)]:
        out = tmp_path / "cut"
        out.mkdir(exist_ok=True)
        (out / CELLS).write_bytes(data[:cut])
        assert run_grid(GRID, out, ORIGIN, cell=fake) == whole
        assert read_table(out) == read_table(tmp_path / "whole")


def test_a_folder_of_another_size_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    run_grid(GRID, tmp_path, ORIGIN, cell=fake)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=r"another run.*choose another --out"):
        run_grid(GRID.quick(), tmp_path, ORIGIN, cell=fake)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_folder_grows_by_seeds_and_says_of_what_it_is(tmp_path: Path) -> None:
    run_grid(Grid(GRID.scenarios, GRID.people, GRID.methods, 1), tmp_path, ORIGIN, cell=fake)
    said: list[str] = []
    run_grid(GRID, tmp_path, ORIGIN, said.append, cell=fake)
    assert "6 of 18 parts measured before" in said[0]
    assert "min left" in said[1]
    assert [run["grid"]["seeds"] for run in runs_of(tmp_path)] == [1, 3]
    assert runs_of(tmp_path)[0]["command"] == "bisirl bench"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / RUNS).write_text('{"a": 1}')
    with pytest.raises(InputError, match=r"runs\.json: is no file of a benchmark"):
        run_grid(GRID, tmp_path, ORIGIN, cell=fake)
    assert [path.name for path in tmp_path.iterdir()] == [RUNS]


def test_a_cell_that_fails_says_why_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(task: Task) -> Prepared:
        raise RuntimeError(f"no luck\nwith seed {task.seed}")

    monkeypatch.setitem(METHODS, "broken", broken)
    grid = Grid(("crossing",), ("soft_expert",), ("broken", "go_to_goal"), 2).quick()
    rows = list(run_grid(grid, tmp_path, ORIGIN).values())
    assert [row["method"] for row in rows] == ["broken", "go_to_goal"]
    assert rows[0]["failed"] == "RuntimeError: no luck with seed 0"
    assert "failed" not in rows[1] and np.isfinite(rows[1]["return"])
    assert all(row["seconds"] >= 0.0 for row in rows)


def test_a_cell_is_the_same_whenever_it_is_measured() -> None:
    cell = ("crossing", "soft_expert", "wrong_person", 3)
    size = {"updates": 1, "starts": 1, "longer": 1, "episodes": 4}
    first, second = (measured(*cell, size, 1) for _ in range(2))
    for row in (first, second):
        del row["seconds"], row["prepare_s"]
    assert first == second


PROGRAM = """
import sys, time
from pathlib import Path
from bisirl_ros.bench.grid import Grid
from bisirl_ros.bench.run import run_grid

def slow(scenario, people, method, seed, *_):
    time.sleep(0.04)
    who = {"scenario": scenario, "people": people, "method": method, "seed": seed}
    worth = {"bisirl": 1.0, "oracle": 2.0, "go_to_goal": 0.0}[method]
    return {**who, "return": len(scenario) * worth + 0.1 * seed * worth**2, "seconds": 0.0}

if __name__ == "__main__":
    grid = Grid(("crossing", "guide"), ("soft_expert",), ("bisirl", "oracle", "go_to_goal"), 12)
    run_grid(grid, Path(sys.argv[1]), {"command": "program"}, jobs=2, cell=slow)
"""


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_table_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    program, out = tmp_path / "program.py", tmp_path / "out"
    program.write_text(PROGRAM)
    command = [sys.executable, str(program), str(out)]
    rng, kept = np.random.default_rng(), 0
    for _ in range(2):
        run = subprocess.Popen(command, env=os.environ)
        deadline, until = time.monotonic() + 100.0, kept + int(rng.integers(1, 12))
        while run.poll() is None and _lines(out / CELLS) < until:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(float(rng.uniform(0.0, 0.05)))
        run.send_signal(signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL, "it was over before it could be killed"
        kept = _lines(out / CELLS)
    assert 0 < kept < 73
    subprocess.run(command, check=True, timeout=100)
    grid = Grid(GRID.scenarios, GRID.people, GRID.methods, 12)
    run_grid(grid, tmp_path / "alone", {}, cell=fake)
    killed, alone = read_table(out), read_table(tmp_path / "alone")
    assert killed == alone and len(killed.cells) == 72
    assert killed.aggregates() == alone.aggregates() != {}
    assert all(killed.against(arena) == alone.against(arena) != {} for arena in alone.arenas)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0
