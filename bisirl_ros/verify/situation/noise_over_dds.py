"""One tracker of each kind over DDS: reports are messages, episodes whole runs.

The simulated people are a node of their own: on a busy machine they decide late, which no reward
explains. Measure it with nothing else running.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.live import played
from bisirl_ros.verify.situation.as_before import row_of
from bisirl_ros.verify.situation.noise import DIVERGED, EPISODES, ERROR, cells
from bisirl_sim.tracker import TrackerSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = (
    "velocity 0.1",
    "positions 1 cm 25 Hz",
    "positions 3 cm 10 Hz, not told",
    "dropout 20 %",
    "latency 0.1 s",
)
INSIDE = 0.85
FASTER = 2.0
"""Simulated per real second."""


def measure(setup: Setup, say: Say) -> Outcome:
    """`bisirl sim --params-file FILE`, whose file says how people are seen."""
    require_ros()
    kinds, episodes = (KINDS[1:2], 2) if setup.quick else (KINDS, EPISODES)
    table = {}
    for name in kinds:
        table[name] = of_tracker(cells()[name], setup.seed, episodes)
        say(f"{name}: " + ", ".join(f"{key} {value:.3g}" for key, value in table[name].items()))
    return judged(table, [setup.seed], setup.quick)


def of_tracker(spec: TrackerSpec, seed: int, episodes: int) -> dict[str, float]:
    """Error and coverage of one whole run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracker.yaml"
        given = {"/**/sim_node": {"ros__parameters": {"tracker": asdict(spec)}}}
        path.write_text(yaml.safe_dump(given), encoding="utf-8")
        options = ("--params-file", str(path), "--oracle", "false")
        pace = ("--real-time-factor", str(FASTER))
        row = row_of(played("crossing", seed, episodes, *options, *pace))
        return {key: row[key] for key in ("error", "inside")}


def judged(table: dict[str, Any], seeds: list[int], quick: bool) -> Outcome:
    """One run a kind says little of its coverage: it is judged over all of them."""
    missed = [name for name, row in table.items() if row["error"] > _most(name)]
    inside = float(np.mean([row["inside"] for row in table.values()]))
    return Outcome(
        {"runs": table, "inside": inside, "missed": missed},
        seeds,
        None,
        f">= {INSIDE:.0%} of all intervals hold; each error within twice the bar of its"
        " kind, none diverges",
        quick or (not missed and inside >= INSIDE),
        "quick: two episodes, judged by being played at all" if quick else "",
    )


def _most(name: str) -> float:
    """The error that is allowed to one run: twice what is to its kind on average."""
    return next((2.0 * bar for kind, bar in ERROR.items() if name.startswith(kind)), DIVERGED)


def draw(outcome: Outcome, ax: Axes) -> None:
    """Error of each run."""
    runs = outcome.figures["runs"]
    ax.barh(list(runs), [row["error"] for row in runs.values()], color="0.6")
    ax.tick_params(axis="y", labelsize=5)
    ax.set_xlabel("relative weight error", fontsize=8)


EXPERIMENT = Experiment("noise_over_dds", "one tracker of each kind, over DDS", measure, draw)
