"""The robot as before: whole runs over DDS, in the rendered world's physics, at real time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.entry import require_ros
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.live import played

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ERROR, INSIDE, LOST, LATE = 0.10, 0.90, 0.03, 0.10


def measure(setup: Setup, say: Say) -> Outcome:
    """`bisirl sim` for each seed, as a newcomer types it; its own summary is what counts."""
    require_ros()
    seeds = setup.seeds(5, 1)
    episodes, options = (2, ("--oracle", "false")) if setup.quick else (24, ())
    rows = [row_of(played("crossing", seed, episodes, *options)) for seed in seeds]
    for seed, row in zip(seeds, rows, strict=True):
        say(f"seed {seed}: " + ", ".join(f"{k} {v:.3g}" for k, v in row.items()))
    mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    holds = (
        mean["error"] <= ERROR
        and mean["inside"] >= INSIDE
        and mean["lost"] <= LOST
        and mean["late_collisions"] == 0.0
        and max(row["period_p99"] for row in rows) <= 50.0 * (1.0 + LATE)
    )
    return Outcome(
        {"runs": rows, "mean": mean},
        seeds,
        bootstrap_mean([row["error"] for row in rows]),
        f"mean error <= {ERROR:.0%}, >= {INSIDE:.0%} of intervals hold, late return within"
        f" {LOST:.0%} of the oracle's, no collision in the last 5, control p99 within {LATE:.0%}",
        holds or setup.quick,
        "quick: two episodes, judged by being played at all" if setup.quick else "",
    )


def row_of(summary: dict[str, Any]) -> dict[str, float]:
    """The figures of one run that the bar is about, out of its `summary.json`."""
    inside = [holds for covered in summary["covered"].values() for holds in covered]
    late, oracle = summary["late_return"], summary["oracle_return"]
    return {
        "error": float(summary["relative_error"]),
        "inside": float(np.mean(inside)),
        "lost": 0.0 if late is None or oracle is None else (oracle - late) / abs(oracle),
        "late_collisions": float(summary["outcomes"][-5:].count("collision")),
        "period_p99": float(summary["control_period_ms"]["p99"]),
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """Relative weight error of each seed."""
    ax.bar(
        [str(seed) for seed in outcome.seeds],
        [row["error"] for row in outcome.figures["runs"]],
        color="0.6",
    )
    ax.axhline(ERROR, color="k", lw=0.8, ls=":", label="bar on the mean")
    ax.set_xlabel("seed", fontsize=8)
    ax.set_ylabel("relative weight error", fontsize=8)


EXPERIMENT = Experiment("as_before", "the robot as before, over DDS", measure, draw)
