"""Whether intervals hold the truth: people simulated from what was fitted, where it was fitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import binom  # type: ignore[import-untyped]

from bisirl_ros.core.robust import NORMAL_95
from bisirl_ros.real_people.simulated import refitted
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.recorded import FOLDER, chosen, fitted, no_data, person

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REPETITIONS, QUICK = 40, 4
BAR = "the 95 % interval of no weight holds its truth less often, as far as repetitions tell"


def measure(setup: Setup, say: Say) -> Outcome:
    """As often as asked."""
    if setup.data is None or not (setup.data / FOLDER).is_dir():
        return no_data(BAR)
    seeds = setup.seeds(REPETITIONS, QUICK)
    wanted = {str(seed): (setup.data, setup.quick, seed) for seed in seeds}
    rows = list(setup.parts.measure(once, wanted, say).values())
    names = person().feature_names
    error, inside = np.array([row["error"] for row in rows]), {}
    for kind in ("laplace", "clustered"):
        std = np.array([row[kind] for row in rows])
        inside[kind] = np.abs(error) <= NORMAL_95 * std
    share = {kind: float(found.mean()) for kind, found in inside.items()}
    chance = 0.025 / len(names)  # of any weight (Bonferroni)
    least, most = (float(binom.ppf(p, len(rows), 0.95)) / len(rows) for p in (chance, 1.0 - chance))
    for i, name in enumerate(names):
        of = {kind: float(found[:, i].mean()) for kind, found in inside.items()}
        say(f"{name:20s} bias {error[:, i].mean():+.3f}, held {of['laplace']:.0%} as the model has"
            f" it, {of['clustered']:.0%} clustered")  # fmt: skip
    figures: dict[str, Any] = {
        "share": share,
        "by_weight": {
            kind: dict(zip(names, found.mean(0).tolist(), strict=True))
            for kind, found in inside.items()
        },
        "bias": dict(zip(names, error.mean(0).tolist(), strict=True)),
        "least": least,
    }
    each = inside["clustered"].mean(0)
    short = [name for name, held in zip(names, each, strict=True) if held < least]
    return Outcome(figures, seeds, [least, most], BAR, not short, "; ".join(short))


def once(data: Path, quick: bool, seed: int) -> dict[str, list[float]]:
    """One simulation, and what was fitted to it."""
    (known, found), walks = fitted(data, quick), chosen(data, quick).walks
    again = refitted(person(), walks, found.theta, known, seed)
    return {k: v.tolist() for k, v in vars(again).items()}


def draw(outcome: Outcome, ax: Axes) -> None:
    """By weight."""
    for kind, look in (("laplace", "0.75"), ("clustered", "k")):
        found = outcome.figures.get("by_weight", {}).get(kind, {})
        ax.plot(list(found.values()), range(len(found)), "o", color=look, ms=4, label=kind)
        ax.set_yticks(range(len(found)), list(found), fontsize=6)
    ax.axvline(0.95, color="k", lw=0.8, ls=":")
    ax.legend(fontsize=7)
    ax.set_xlabel("share of intervals that hold the truth", fontsize=8)


EXPERIMENT = Experiment("coverage", "intervals of people's rewards", measure, draw)
