"""A run that was recorded is learned from again to the same numbers, as often as one likes."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.entry import require_ros
from bisirl_ros.replay.commands import run_replay
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.simulated_run import simulate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RUNS, QUICK_RUNS, EPISODES, QUICK_EPISODES = 3, 1, 10, 2
SCENARIOS = (("crossing", 1), ("crossing", 2), ("doorway", 1))
FASTER, LONGEST_S = 2.0, 900.0
EQUAL = 1e-6
NOBODY = np.zeros(0)
BAR = (
    f"after every episode that was learned from in the run, theta and deviations of run and replay"
    f" differ by at most {EQUAL:g}, and those of two replays by nothing"
)


def measure(setup: Setup, say: Say) -> Outcome:
    """Runs of several scenarios, recorded while they learned, each replayed twice."""
    require_ros()
    count = QUICK_RUNS if setup.quick else RUNS
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    rows: dict[str, dict[str, Any]] = {}
    for number, (scenario, people) in enumerate(SCENARIOS[:count]):
        name = f"{scenario}, {people}"
        rows[name] = of_run(scenario, people, episodes, setup.seed + number)
        row = rows[name]
        say(f"{name}: run and replay differ by {row['live']:.1e}, replays by {row['again']:.1e}")
    live = max(row["live"] for row in rows.values())
    again = max(row["again"] for row in rows.values())
    seeds = [setup.seed + number for number in range(count)]
    holds = live <= EQUAL and again == 0.0
    return Outcome({"runs": rows, "live": live, "again": again}, seeds, None, BAR, holds)


def of_run(scenario: str, people: int, episodes: int, seed: int) -> dict[str, Any]:
    """Largest differences of theta and its deviations: of run and replay, of two replays."""
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "scenario": scenario, "people": people, "episodes": episodes, "seed": seed,
            "real-time-factor": FASTER, "oracle": "false",
        }  # fmt: skip
        run = simulate(Path(folder), given, LONGEST_S)
        live = learned_in(run)
        one, other = (replayed(run, Path(folder) / name) for name in ("one", "other"))
    return {
        "live": max((apart(live[k], one.get(k, NOBODY)) for k in live), default=float("inf")),
        "again": max(apart(one[k], other.get(k, NOBODY)) for k in one),
        "learned": len(live),
        "replayed": len(one),
    }


def replayed(run: Path, into: Path) -> dict[int, np.ndarray]:
    """What a replay learned after each episode."""
    given = {"set": (), "scenario": "", "odom": "", "people_topic": "", "cmd_vel": ""}
    with contextlib.redirect_stdout(io.StringIO()):
        run_replay({"bags": [str(run)], "run_dir": str(into), **given})
    return learned_in(into)


def learned_in(run: Path) -> dict[int, np.ndarray]:
    """Theta and deviations of everybody after each episode that was learned from, by its number.

    A run that is over does not wait for ever for its learner: a replay may have learned from more.
    """
    told = json.loads((run / "summary.json").read_text())
    each = enumerate(zip(told["estimates"], told["stds"], strict=True))
    return {
        k: np.array([v for of in (theta, std) for name in sorted(of) for v in of[name]])
        for k, (theta, std) in each
        if theta is not None
    }


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference; inf where they are of different people."""
    return float(np.abs(one - other).max()) if one.shape == other.shape else float("inf")


def draw(outcome: Outcome, ax: Axes) -> None:
    """Both differences by run, on a logarithmic axis."""
    rows = outcome.figures["runs"]
    for key, colour in (("live", "0.3"), ("again", "0.7")):
        ax.barh(list(rows), [max(row[key], 1e-17) for row in rows.values()], color=colour)
    ax.set_xscale("log")
    ax.axvline(EQUAL, color="k", lw=0.8, ls=":")
    ax.set_xlabel("largest difference of a weight", fontsize=8)


EXPERIMENT = Experiment("determinism", "run and replay learn the same", measure, draw)
