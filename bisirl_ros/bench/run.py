"""Measures the cells of a grid; each is a line in the folder as soon as it is known."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.bench.cell import Size, played
from bisirl_ros.bench.grid import Grid
from bisirl_ros.bench.methods import METHODS
from bisirl_ros.bench.task import Task
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.plain import json_ready
from bisirl_ros.report.run_folder import RunFolder
from bisirl_ros.verify.parts import Engine, Parts, Row, in_processes

CELLS, RUNS = "cells.jsonl", "runs.json"
"""One line a cell; what was asked for, each time that it was."""


def run_grid(
    grid: Grid,
    out: Path,
    origin: Mapping[str, Any],
    say: Callable[[str], None] = lambda line: None,
    jobs: int = 1,
    cell: Callable[..., Row] | None = None,
    engine: Engine = in_processes,
) -> dict[str, Row]:
    """The cells of a grid by name; those that `out` already holds are not measured again.

    origin: see `provenance`; cell: measures one, None: `measured`
    engine: measures them side by side; jobs: see the engine
    Raises InputError, and changes nothing, where `out` holds a run of another size.
    """
    folder = RunFolder(out)
    parts = Parts(folder.path / CELLS, jobs, grid.told, engine)
    parts.measure(measured, {})  # refuses the folder of another run before anything is written
    call = {**origin, "jobs": jobs or "as many as there is room for", "grid": asdict(grid)}
    runs = [*runs_of(folder.path), json_ready(call)]
    folder.write(RUNS, (json.dumps(runs, indent=2, ensure_ascii=False) + "\n").encode())
    size = asdict(grid.size)
    wanted = {
        c.name: (c.scenario, c.people, c.method, c.seed, size, grid.episodes) for c in grid.cells
    }
    try:
        return parts.measure(cell or measured, wanted, say)
    except BrokenProcessPool as error:
        raise InputError(
            f"{folder.path}: a process was killed from outside, perhaps for its memory; the same"
            " command goes on, perhaps with fewer --jobs"
        ) from error


def measured(
    scenario: str, people: str, method: str, seed: int, size: Mapping[str, int], episodes: int
) -> dict[str, Any]:
    """One cell; where it fails, `failed` says why.

    prepare_s: of planning or learning; seconds: of all [s]
    """
    began = time.perf_counter()
    row: dict[str, Any] = {"scenario": scenario, "people": people, "method": method, "seed": seed}
    try:
        task = Task(load_scenario(scenario), people, seed, Size(**size), episodes)
        ready = METHODS[method](task)
        row["prepare_s"] = round(time.perf_counter() - began, 3)
        theta, count = task.theta_at_end, task.size.episodes
        found = played(task.scenario, ready.plan, task.judges(), theta, count, seed)
        if not np.isfinite(found["return"]):
            raise ValueError("its return is not finite")
        row |= found | dict(ready.figures)
    except Exception as error:  # the others go on
        row["failed"] = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return row | {"seconds": round(time.perf_counter() - began, 3)}


def runs_of(folder: Path) -> list[dict[str, Any]]:
    """What was asked for in a folder, oldest first; none where it is not (yet) one."""
    path = folder / RUNS
    if not path.is_file():
        return []
    try:
        found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(found, list) and all(isinstance(run["grid"], dict) for run in found)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise InputError(f"{path}: is no file of a benchmark; choose another --out") from error
    return found
