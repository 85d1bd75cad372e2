"""Five people around, and commands still on time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bisirl_ros.entry import require_ros
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.live import played

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERIOD_MS, LATE = 50.0, 0.10
PEOPLE, EPISODES, QUICK_EPISODES = 5, 8, 1


def measure(setup: Setup, say: Say) -> Outcome:
    """`bisirl sim --scenario crowd --people 5`, learning all the while."""
    require_ros()
    seeds = setup.seeds(3, 1)
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    options = ("--people", str(PEOPLE), "--oracle", "false")
    rows = []
    for seed in seeds:
        summary = played("crowd", seed, episodes, *options)
        period = {key: float(summary["control_period_ms"][key]) for key in ("p50", "p99")}
        rows.append({**period, "episodes": len(summary["outcomes"])})
        say(f"seed {seed}: " + ", ".join(f"{key} {value:.3g}" for key, value in rows[-1].items()))
    worst = max(row["p99"] for row in rows)
    most = PERIOD_MS * (1.0 + LATE)
    return Outcome(
        {"runs": rows, "worst_p99_ms": worst},
        seeds,
        None,
        f"99 of 100 control periods <= {most:g} ms with {PEOPLE} people",
        setup.quick or worst <= most,
        "quick: one episode, judged by being played at all" if setup.quick else "",
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """The late periods of each run."""
    runs = outcome.figures["runs"]
    ax.bar([str(seed) for seed in outcome.seeds], [row["p99"] for row in runs], color="0.6")
    ax.axhline(PERIOD_MS * (1.0 + LATE), color="k", lw=0.8, ls=":", label="bar")
    ax.set_xlabel("seed", fontsize=8)
    ax.set_ylabel("control period, p99 [ms]", fontsize=8)


EXPERIMENT = Experiment("control", "five people, and commands on time", measure, draw)
