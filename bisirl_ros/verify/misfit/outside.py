"""Somebody whom no reward here explains is said to be."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.encounters import EPISODES, learned
from bisirl_ros.verify.misfit.kinds import OUTSIDE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS, QUICK_EPISODES = 14, 6
SAID = 0.90


def measure(setup: Setup, say: Say) -> Outcome:
    """Everybody whom no structure explains."""
    seeds = setup.seeds(SEEDS, 1)
    kinds = list(OUTSIDE)[: 1 if setup.quick else None]
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    wanted = {f"{kind}, seed {seed}": (kind, seed, episodes) for kind in kinds for seed in seeds}
    rows = setup.parts.measure(learned, wanted, say)
    table = {kind: _figures([rows[f"{kind}, seed {seed}"] for seed in seeds]) for kind in kinds}
    for kind, row in table.items():
        say(
            f"{kind:<40} said of {row['said']:.0%}, {row['how']}; structure as given"
            f" {row['said_as_given']:.0%}"
        )
    missed = [kind for kind in kinds if table[kind]["said"] < SAID]
    return Outcome(
        {"kinds": table, "missed": missed},
        seeds,
        {kind: row["interval"] for kind, row in table.items()},
        f"said within {episodes} episodes of >= {SAID:.0%} of each kind: " + ", ".join(OUTSIDE),
        setup.quick or not missed,
        "quick: judged by being played at all" if setup.quick else "; ".join(missed),
    )


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """said: share of whom it is; after: how many episodes, the median; how: most often."""
    found = [row["found"] for row in rows]
    said = [k for k in found if k is not None]
    how = Counter(row["how"] for row in rows if row["found"] is not None).most_common(1)
    return {
        "said": len(said) / len(found),
        "said_as_given": float(np.mean([row["given"]["found"] is not None for row in rows])),
        "interval": bootstrap_mean([float(k is not None) for k in found]),
        "after": float(np.median(said)) if said else None,
        "how": how[0][0] if how else None,
        "error": float(np.mean([row["error"] for row in rows])),
        "coverage": float(np.mean([row["inside"] for row in rows])),
        "coverage_by_the_model": float(np.mean([row["laplace"] for row in rows])),
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """Of how many of each kind it is said."""
    table = outcome.figures["kinds"]
    for i, (kind, row) in enumerate(table.items()):
        ax.barh(-i, 100.0 * row["said"], color="0.8")
        ax.text(1.0, -i, kind, va="center", fontsize=7)
    ax.axvline(100.0 * SAID, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xlim(0.0, 100.0)
    ax.set_yticks([])
    ax.set_xlabel("said not to fit [%]", fontsize=8)


EXPERIMENT = Experiment("misfit", "people who are not the model", measure, draw)
