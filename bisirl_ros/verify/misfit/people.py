"""Deviations of real people's weights, against those of persons drawn again with replacement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.real_people.fit import resampled
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.people.recorded import FOLDER, chosen, fitted, no_data

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS, QUICK_PARTS = 20, 2
A_PART, QUICK_A_PART = 10, 3
WITHIN = 0.25
BAR = f"each weight's clustered deviation within {WITHIN:.0%} of the bootstrap's over persons"


def measure(setup: Setup, say: Say) -> Outcome:
    """As many persons of a scene, drawn with replacement, fitted again and again."""
    if setup.data is None or not (setup.data / FOLDER).is_dir():
        return no_data(BAR)
    seeds = setup.seeds(PARTS, QUICK_PARTS)
    count = QUICK_A_PART if setup.quick else A_PART
    wanted = {f"seed {seed}": (setup.data, setup.quick, seed, count) for seed in seeds}
    rows = list(setup.parts.measure(of_seed, wanted, say).values())
    drawn = np.array([theta for row in rows for theta in row["drawn"]])
    spread = drawn.std(0, ddof=1)
    ratio = {
        kind: dict(zip(rows[0]["names"], (rows[0][kind] / spread).tolist(), strict=True))
        for kind in ("clustered", "laplace")
    }
    for name, value in ratio["clustered"].items():
        say(f"{name:<20} {value:.2f} of the bootstrap's, by the model {ratio['laplace'][name]:.2f}")
    off = [name for name, value in ratio["clustered"].items() if abs(value - 1.0) > WITHIN]
    return Outcome(
        {"ratio": ratio, "persons": rows[0]["persons"], "drawn": len(drawn)},
        seeds,
        None,
        BAR,
        setup.quick or not off,
        "quick: judged by being played at all" if setup.quick else "; ".join(off),
    )


def of_seed(data: Path, quick: bool, seed: int, count: int) -> dict[str, Any]:
    """The weights of so many draws, and the deviations of those of all."""
    of, (known, found) = chosen(data, quick), fitted(data, quick)
    likelihood = WalksLikelihood(of, known)
    rng, whose = np.random.default_rng([seed, 41]), of.walks.whose
    return {
        "names": list(of.looked.person.feature_names),
        "persons": found.clusters,
        "clustered": found.deviation.tolist(),
        "laplace": np.sqrt(np.diag(found.laplace)).tolist(),
        "drawn": [resampled(likelihood, found.theta, whose, rng).tolist() for _ in range(count)],
    }


def draw(outcome: Outcome, ax: Axes) -> None:
    """Deviations over the bootstrap's, by weight."""
    for kind, look in (("laplace", "0.75"), ("clustered", "k")):
        found = outcome.figures.get("ratio", {}).get(kind, {})
        ax.plot(list(found.values()), range(len(found)), "o", color=look, ms=4, label=kind)
        ax.set_yticks(range(len(found)), list(found), fontsize=6)
    for edge in (1.0 - WITHIN, 1.0 + WITHIN):
        ax.axvline(edge, color="k", lw=0.8, ls=":")
    ax.set_xlabel("deviation, over the bootstrap's", fontsize=8)


EXPERIMENT = Experiment("people", "deviations of recorded people's weights", measure, draw)
