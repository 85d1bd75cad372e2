"""A benchmark that is killed again and again ends as one that was not."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.bench.run import CELLS
from bisirl_ros.errors import InputError
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_S, KILLS = 600.0, 10
QUICK_KILLS = 2
QUICK = ("--scenarios", "crossing", "guide", "--methods", "bisirl", "go_to_goal", "stop_when_near")
TIMES = ("seconds", "prepare_s")
"""Of a row; all else is the same whenever it is measured."""
PATIENCE_S = 3.0 * MOST_S
Rows = dict[str, dict[str, Any]]


def measure(setup: Setup, say: Say) -> Outcome:
    """`bisirl bench --quick`, whole, and killed at moments spread at random over its run time."""
    kills = QUICK_KILLS if setup.quick else KILLS
    options = [*(QUICK if setup.quick else ()), "--jobs", str(max(setup.parts.jobs, 1))]
    rng = np.random.default_rng(setup.seed)
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        began = time.perf_counter()
        _finished(whole, options)
        took = time.perf_counter() - began
        say(f"{len(rows_of(whole))} cells in {took:.0f} s")
        kept = []
        for wait in np.diff(np.sort(rng.uniform(0.0, took, kills)), prepend=0.0):
            kept.append(_killed(killed, options, float(wait)))
            say(f"killed after {wait:.0f} s: {kept[-1]} cells on disk")
        _finished(killed, options)
        same = rows_of(whole) == rows_of(killed)
    figures = {"seconds": took, "cells_at_each_kill": kept, "same_table": same}
    return judged(figures, [setup.seed], setup.quick)


def judged(figures: dict[str, Any], seeds: list[int], quick: bool) -> Outcome:
    """Too slow, another table, or less on disk than before, and it does not hold."""
    kept = figures["cells_at_each_kill"]
    nothing_lost = all(a <= b for a, b in itertools.pairwise(kept))
    return Outcome(
        figures,
        seeds,
        None,
        f"bench --quick within {MOST_S:g} s; killed {len(kept)} times at random it loses no cell"
        " and ends with the same table",
        figures["seconds"] <= MOST_S and nothing_lost and figures["same_table"],
        f"quick: {' '.join(QUICK)}" if quick else "",
    )


def rows_of(out: Path) -> Rows:
    """The cells of a benchmark's folder by name, without the times that they took.

    Raises InputError where a cell failed.
    """
    rows: Rows = {}
    for line in (out / CELLS).read_text(encoding="utf-8").splitlines()[1:]:
        cell = json.loads(line)
        found = cell["found"]
        if "failed" in found:
            raise InputError(f"{cell['part']}: {found['failed']}")
        rows[cell["part"]] = {key: value for key, value in found.items() if key not in TIMES}
    return rows


def _command(out: Path, options: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "bisirl_ros.cli", "bench", "--quick", "--out", str(out), *options]


def _finished(out: Path, options: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            _command(out, options), capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"bisirl bench --quick: not over after {PATIENCE_S:g} s") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise InputError(f"bisirl bench --quick: exit {done.returncode}: {' '.join(last)}")


def _killed(out: Path, options: Sequence[str], wait_s: float) -> int:
    """How many cells are on disk after a SIGKILL that comes `wait_s` after the start."""
    run = subprocess.Popen(
        _command(out, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        code = run.wait(wait_s)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        run.kill()
        run.wait()
    if code is not None:
        raise InputError(f"bisirl bench --quick: exit {code} before it could be killed")
    path = out / CELLS
    return max(path.read_bytes().count(b"\n") - 1, 0) if path.is_file() else 0


def draw(outcome: Outcome, ax: Axes) -> None:
    """What was on disk at each kill."""
    kept = outcome.figures["cells_at_each_kill"]
    ax.plot(range(1, len(kept) + 1), kept, "o-", color="0.2", ms=4)
    ax.set_xlabel("kill", fontsize=8)
    ax.set_ylabel("cells on disk", fontsize=8)
    ax.set_ylim(bottom=0.0)


EXPERIMENT = Experiment("quick", "killed at random, the same table", measure, draw)
