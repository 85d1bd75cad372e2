"""How somebody decides is learned beside what they want."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit import timekeeping
from bisirl_ros.verify.misfit.encounters import EPISODES, learned
from bisirl_ros.verify.misfit.kinds import INSIDE, RIGHTLY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS, QUICK_EPISODES = 14, 6
ERROR, COVERAGE, RIGHTLY_SO = 0.15, 0.88, 0.90
TOLD = {**RIGHTLY, **timekeeping.RIGHTLY}


def measure(setup: Setup, say: Say) -> Outcome:
    """Everybody whom a structure of the family explains."""
    seeds = setup.seeds(SEEDS, 1)
    kinds, timed = list(INSIDE), list(timekeeping.KINDS)
    if setup.quick:
        kinds, timed = ["looks ahead 4, not 8"], timed[:1]
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    rows: dict[str, dict[str, Any]] = {}
    for meet, of in ((learned, kinds), (timekeeping.keeping_time, timed)):
        wanted = {f"{kind}, seed {seed}": (kind, seed, episodes) for kind in of for seed in seeds}
        rows |= setup.parts.measure(meet, wanted, say)
    kinds += timed
    by_kind = {kind: [rows[f"{kind}, seed {seed}"] for seed in seeds] for kind in kinds}
    table = {kind: figures(kind, found) for kind, found in by_kind.items()}
    for kind, row in table.items():
        say(
            f"{kind:<40} {row['rightly']:.0%} told, error {row['error']:.1%}, coverage"
            f" {row['coverage']:.0%}; as given {row['error_as_given']:.1%},"
            f" {row['coverage_as_given']:.0%}"
        )
    missed = [
        kind
        for kind, row in table.items()
        if row["error"] > ERROR or row["coverage"] < COVERAGE or row["rightly"] < RIGHTLY_SO
    ]
    return Outcome(
        {"kinds": table, "missed": missed},
        seeds,
        {kind: row["interval"] for kind, row in table.items()},
        f"each kind, within {episodes} episodes: error <= {ERROR:.0%}, coverage >= {COVERAGE:.0%},"
        f" told rightly >= {RIGHTLY_SO:.0%}",
        setup.quick or not missed,
        "quick: judged by being played at all" if setup.quick else "; ".join(missed),
    )


def figures(kind: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """rightly: share of whom the structure is told; error, coverage: of the weights, means."""
    errors = [row["error"] for row in rows]
    return {
        "rightly": float(np.mean([row["structure"] in TOLD[kind] for row in rows])),
        "error": float(np.mean(errors)),
        "interval": bootstrap_mean(errors),
        "coverage": float(np.mean([row["inside"] for row in rows])),
        "error_as_given": float(np.mean([row["given"]["error"] for row in rows])),
        "coverage_as_given": float(np.mean([row["given"]["inside"] for row in rows])),
        "doubted": float(np.mean([row["found"] is not None for row in rows])),
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """Errors of the weights, structure learned and as given."""
    for i, (kind, row) in enumerate(outcome.figures["kinds"].items()):
        ax.barh(-i - 0.2, 100.0 * row["error_as_given"], 0.4, color="0.85")
        ax.barh(-i + 0.2, 100.0 * row["error"], 0.4, color="0.5")
        ax.text(1.0, -i - 0.2, kind, va="center", fontsize=7)
    ax.axvline(100.0 * ERROR, color="k", lw=0.8, ls=":", label="bar")
    ax.set_yticks([])
    ax.set_xlabel("error of the weights [%]; pale: structure as given", fontsize=8)


EXPERIMENT = Experiment("structure", "how people decide, learned", measure, draw)
