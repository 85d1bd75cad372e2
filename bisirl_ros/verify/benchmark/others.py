"""Among people who are not the model: no worse than robots that learn nothing, and foreseen better
than who just goes on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.bench.methods import BISIRL
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.benchmark.cells import cells
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PEOPLE = (
    "social_force",
    "constant_velocity_view",
    "noisy",
    "drifting",
    "learning",
    "impassive",
    "scared",
    "curious",
)
ROBOTS = ("stop_when_near", "social_force_robot", "go_to_goal")
SCENARIO = "crossing"


def measure(setup: Setup, say: Say) -> Outcome:
    """Collisions beside `stop_when_near`'s, return above the goal seeker's and social force's, and
    held-out likelihood above constant velocity's."""
    people, seeds = PEOPLE[: 1 if setup.quick else None], setup.seeds(10, 1)
    rows = cells(setup, say, [SCENARIO], people, [BISIRL, *ROBOTS], seeds)
    table: dict[str, Any] = {}
    missed = []
    for kind in people:
        mean = {
            method: {
                key: float(np.mean([row[key] for row in rows[SCENARIO, kind, method]]))
                for key in ("return", "collisions")
            }
            for method in (BISIRL, *ROBOTS)
        }
        ours, gain = mean[BISIRL], gained(rows[SCENARIO, kind, BISIRL])
        table[kind] = {**mean, "above_constant_velocity_nat": gain}
        each = ", ".join(f"{m} {v['collisions']:.1%}" for m, v in mean.items())
        say(f"{kind:<22} {each}; foretold {gain:+.2f} nat better than at constant velocity")
        if ours["collisions"] > mean["stop_when_near"]["collisions"]:
            missed.append(f"{kind}: more collisions than stop_when_near")
        missed += [
            f"{kind}: return not above {other}'s"
            for other in ("go_to_goal", "social_force_robot")
            if ours["return"] <= mean[other]["return"]
        ]
        if gain <= 0.0:
            missed.append(f"{kind}: foretold no better than at constant velocity")
    return Outcome(
        {"people": table, "missed": missed},
        seeds,
        bootstrap_mean([table[kind][BISIRL]["collisions"] for kind in people]),
        "no more collisions than stop_when_near; return above go_to_goal and social_force_robot;"
        " held-out likelihood above constant velocity's",
        not missed or setup.quick,
        "; ".join(missed),
    )


def gained(rows: Sequence[Mapping[str, Any]]) -> float:
    """Mean held-out log-likelihood of a decision less constant velocity's [nat]; where some is not
    finite, minus infinity."""
    each = [(row["held_out"], row["constant_velocity"]) for row in rows]
    if any(ours is None or theirs is None for ours, theirs in each):
        return -math.inf
    return float(np.mean([ours - theirs for ours, theirs in each]))


def draw(outcome: Outcome, ax: Axes) -> None:
    """Collisions of each robot, by kind of people."""
    table = outcome.figures["people"]
    for i, method in enumerate((BISIRL, *ROBOTS)):
        at = np.arange(len(table)) + 0.2 * i
        ax.bar(at, [100.0 * row[method]["collisions"] for row in table.values()], 0.2, label=method)
    ax.set_xticks(np.arange(len(table)) + 0.3, list(table), fontsize=6, rotation=20)
    ax.set_ylabel("episodes with contact [%]", fontsize=8)


EXPERIMENT = Experiment("others", "people who are not the model", measure, draw)
