"""What each scenario separates, the truth known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.bench.cell import Size
from bisirl_ros.bench.ladder import certificate, climb, told
from bisirl_ros.verify.benchmark.scenarios import COSTLY, DEFAULT, measured_scenarios
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANTICIPATION, PERSON = 6, 5
FULL, QUICK = Size(48, 2, 2, 256), Size(6, 1, 1, 32)


def measure(setup: Setup, say: Say) -> Outcome:
    """The ladder of every scenario but the costly ones."""
    names = [name for name in measured_scenarios(setup) if name not in COSTLY]
    seeds, size = setup.seeds(10, 1), QUICK if setup.quick else FULL
    found = {}
    for name in names:
        found[name] = certificate(climb(setup.parts, name, seeds, size, say))
        for line in told(name, found[name]).splitlines():
            say(line)
    separates = {
        step: [name for name, row in found.items() if step in row["separates"]]
        for step in ("no_anticipation", "wrong_person", "passive")
    }
    holds = (
        len(separates["no_anticipation"]) >= ANTICIPATION
        and len(separates["wrong_person"]) >= PERSON
        and all(DEFAULT in separates[step] for step in ("no_anticipation", "wrong_person"))
    )
    return Outcome(
        {"scenarios": found, "separates": separates},
        seeds,
        None,
        f">= {ANTICIPATION} scenarios with no_anticipation, >= {PERSON} with wrong_person at least"
        " 10 % of the span below the oracle, p < .01; the default has both",
        holds or setup.quick,
        "quick: too short to learn by, judged by being played at all" if setup.quick else "",
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """How far each step is below the oracle."""
    rows: dict[str, Any] = outcome.figures["scenarios"]
    at = np.arange(len(rows))
    for i, step in enumerate(("passive", "wrong_person", "no_anticipation")):
        below = [100.0 * (row["steps"][step]["below"] or 0.0) for row in rows.values()]
        ax.bar(at + 0.27 * i, below, 0.27, label=step)
    ax.axhline(10.0, color="k", lw=0.8, ls=":", label="bar")
    ax.set_ylim(-20.0, 150.0)
    ax.set_xticks(at + 0.27, list(rows), fontsize=7, rotation=20)
    ax.set_ylabel("below the oracle [% of the span]", fontsize=8)


EXPERIMENT = Experiment("ladder", "what each scenario separates", measure, draw)
