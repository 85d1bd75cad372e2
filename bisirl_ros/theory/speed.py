"""Wall time to the expert's exact occupancy, beside MCE-IRL of the `imitation` package.

Both get the same exact expert on the peer's own problems, in one run on one core: the peer its
state occupancy, as it wants it, we the actions that go with it. The clock stops when the expected
visits per state are within 1e-6 of the expert's. A peer that does not get there within its cap
counts with the cap, so that its ratio is a lower bound. `interval`: over repetitions of our solve.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.identified import identified_subspace
from bisirl_ros.core.reward_distance import pearson
from bisirl_ros.errors import InputError
from bisirl_ros.report.plot_style import GREY, INK, PERSON, ROBOT, label_axes
from bisirl_ros.theory.one_agent import Problem, random_problem
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = "at least 20 times faster to occupancy error 1e-6, reward Pearson >= 0.999, on every problem"
TARGET, RATIO, LIKENESS = 1e-6, 20.0, 0.999
PACKAGE = Path(__file__).parents[1]
PEER = "bisirl_ros.theory.peer"
ALONE = {"random-16": (16, 10), "random-100": (100, 50)}


def run(setup: Setup, say: Say) -> Outcome:
    """The peer's problems with both solvers; without a peer, ours alone on problems of its kind."""
    if setup.peer is None:
        figures = {
            name: _ours(random_problem(*size, setup.seed), say) for name, size in ALONE.items()
        }
        note = "no peer: run `make peer`, then give --peer .venv-peer/bin/python"
        return Outcome(figures, [setup.seed], None, BAR, None, note)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for told in _peer(setup.peer, Path(folder), setup.quick, say):
            name = told["problem"]
            with np.load(Path(folder) / f"{name}.npz") as file:
                figures[name] = _compared(dict(file), told, say)
    holds = all(
        f["ratio"] >= RATIO and f["error"] <= TARGET and f["pearson"] >= LIKENESS
        for f in figures.values()
    )
    interval = {name: f["ratio_interval"] for name, f in figures.items()}
    return Outcome(figures, [], interval, BAR, holds)


def _compared(file: dict[str, Array], told: dict[str, Any], say: Say) -> dict[str, Any]:
    problem = Problem.of(
        file["transition"], file["initial"], int(file["horizon"]), file["reward"].astype(float)
    )
    figures = _ours(problem, say)
    if (off := np.abs(problem.arriving - file["occupancy"].sum(0)).max()) > 1e-9:
        raise InputError(f"peer: its expert's occupancy differs from ours by {off:.1e}; check it")
    best = int(np.argmin(file["trace_error"]))
    reached = bool(file["reached"])
    peer_s = float(file["trace_time"][best if reached else -1])
    basis = identified_subspace(problem.solve()[0].fisher(problem.truth)).basis
    likeness = {
        kind: pearson(file[f"{kind}_reward"].astype(float), problem.truth, basis)
        for kind in ("final", "defaults", "own_rule")
    }
    times = figures["times_s"]
    figures |= {
        "peer": told,
        "peer_s": peer_s,
        "peer_reached": reached,
        "peer_error": float(file["trace_error"][best]),
        "peer_pearson": likeness,
        "ratio": peer_s / figures["time_s"],
        "ratio_interval": [peer_s / q for q in np.percentile(times, [97.5, 2.5])],
    }
    at_least = "" if reached else "at least "
    say(f"  peer {peer_s:.2f} s, error {figures['peer_error']:.0e}: ours is {at_least}"
        f"{figures['ratio']:.0f} times faster")  # fmt: skip
    return figures


def _ours(problem: Problem, say: Say, repetitions: int = 20) -> dict[str, Any]:
    times = []
    for _ in range(repetitions):
        began = time.perf_counter()
        likelihood, result = problem.solve()
        times.append(time.perf_counter() - began)
        if sum(times) > 10.0:
            break
    began = time.perf_counter()
    by_newton = problem.solve(from_zero=True)[1]
    newton_s = time.perf_counter() - began
    identified = identified_subspace(likelihood.fisher(problem.truth))
    figures: dict[str, Any] = {
        "states": problem.game.n_states,
        "actions": problem.game.n_expert_actions,
        "horizon": problem.game.horizon,
        "time_s": float(np.median(times)),
        "times_s": times,
        "iterations": result.iterations,
        "status": result.status.value,
        "from_zero": {
            "time_s": newton_s,
            "iterations": by_newton.iterations,
            "error": problem.occupancy_error(by_newton.theta),
        },
        "error": problem.occupancy_error(result.theta),
        "rank": identified.rank,
        "pearson": pearson(result.theta, problem.truth, identified.basis),
    }
    say(f"{figures['states']} states, H {figures['horizon']}: {figures['time_s'] * 1e3:.1f} ms, "
        f"error {figures['error']:.0e}, Pearson {figures['pearson']:.4f} on rank "
        f"{figures['rank']}")  # fmt: skip
    return figures


def _peer(python: Path, folder: Path, quick: bool, say: Say) -> list[dict[str, Any]]:
    problems = ["cliff-7x4", "random-16"] if quick else []
    only = ["--problems", *problems] if problems else []
    cap = ["--cap-s", "5" if quick else "60"]
    say(f"the peer, {python}, works on its own ...")
    # -P: what lies in the current folder must not shadow one of the peer's own modules.
    command = [str(python), "-P", "-m", PEER, "--out", str(folder), *only, *cap]
    told = []
    with (
        _this_package_alone() as path,
        tempfile.TemporaryFile("w+") as complaints,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        ) as peer,
    ):
        for line in peer.stdout or ():
            if line.startswith("{"):
                told.append(json.loads(line))
                say(f"the peer is through with {told[-1]['problem']}")
        if peer.wait() != 0:
            complaints.seek(0)
            why = (complaints.read().strip().splitlines() or ["no output"])[-1]
            raise InputError(f"peer {python}: failed ({why}); run `make peer`")
    if not told:
        raise InputError(f"peer {python}: solved no problem; run `make peer`")
    return told


@contextmanager
def _this_package_alone() -> Iterator[str]:
    """A folder to import this package from, and none of the modules installed beside it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, PACKAGE.name).symlink_to(PACKAGE)
        yield folder


def draw(outcome: Outcome, ax: Axes) -> None:
    """Seconds of both, per problem."""
    names = list(outcome.figures)
    at = np.arange(len(names))
    ours = [outcome.figures[name]["time_s"] for name in names]
    ax.bar(
        at - 0.2, ours, 0.38, color=ROBOT, label="exact likelihood, from Hotz and Miller's start"
    )
    peer = [outcome.figures[name].get("peer_s", np.nan) for name in names]
    if np.isfinite(peer).any():
        ax.bar(at + 0.2, peer, 0.38, color=PERSON, label="imitation's MCE-IRL")
    for i, name in enumerate(names):
        found = outcome.figures[name]
        if "ratio" in found:
            more = "" if found["peer_reached"] else "> "
            ax.text(i, max(ours[i], peer[i]) * 1.2, f"{more}{found['ratio']:.0f} x", ha="center",
                    fontsize=9, color=INK)  # fmt: skip
            ax.plot([i - 0.02, i + 0.42], [20 * ours[i]] * 2, color=GREY, lw=1.2, ls="--",
                    label="20 times ours" if i == 0 else None)  # fmt: skip
    ax.set_yscale("log")
    ax.set_xticks(at, names)
    ax.margins(y=0.2)
    label_axes(ax, "", "time to occupancy error 1e-6 [s]")


EXPERIMENT = Experiment("speed", "how fast an exact solver is", run, draw)
