"""Learned from scratch, among people: how far from the oracle, and from the learners that lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.metrics.compare import signed_rank_p
from bisirl_ros.verify.benchmark.cells import Rows, cells
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REGRET, SHARE, SURE = 0.03, 9 / 11, 0.05
SCENARIOS = ("guide", "crossing", "side", "herd")
"""Of the eleven: learners take a minute or two a cell."""
LEARNERS = ("bisirl", "passive", "no_anticipation")


def measure(setup: Setup, say: Say) -> Outcome:
    """Regret to the oracle, of the span from go_to_goal; reward error beside passive's."""
    names, seeds = SCENARIOS[: 1 if setup.quick else None], setup.seeds(10, 1)
    learners = LEARNERS[: 2 if setup.quick else None]
    rows = cells(setup, say, names, ["soft_expert"], [*learners, "go_to_goal", "oracle"], seeds)
    regret = {
        learner: {name: regrets(rows, name, learner).tolist() for name in names}
        for learner in learners
    }
    near = [name for name in names if np.mean(regret["bisirl"][name]) <= REGRET]
    better = [name for name in names if _explains_better(rows, name)]
    for name in names:
        told = ", ".join(f"{k} {np.mean(regret[k][name]):.1%}" for k in learners)
        say(f"{name}: regret of the span: {told}")
    beats = all(
        np.mean(list(regret["bisirl"].values())) < np.mean(list(regret[other].values()))
        for other in learners[1:]
    )
    holds = len(near) >= SHARE * len(names) and len(better) >= 7 / 11 * len(names) and beats
    return Outcome(
        {"regret": regret, "near_the_oracle": near, "explains_better_than_passive": better},
        seeds,
        bootstrap_mean([r for found in regret["bisirl"].values() for r in found]),
        f"mean regret <= {REGRET:.0%} of the span in >= 9 of 11 scenarios (here of {len(names)});"
        " below every learning baseline's; reward error below passive's in >= 7 of 11, p < .05",
        holds or setup.quick,
        "quick: too short to learn by, judged by being played at all" if setup.quick else "",
    )


def regrets(rows: Rows, scenario: str, method: str) -> Array:
    """How far a method is below the oracle, as a share of the mean span, by seed."""
    of = {
        m: np.array([row["return"] for row in rows[scenario, "soft_expert", m]])
        for m in (method, "go_to_goal", "oracle")
    }
    span = of["oracle"].mean() - of["go_to_goal"].mean()
    return np.asarray((of["oracle"] - of[method]) / span)


def _explains_better(rows: Rows, scenario: str) -> bool:
    ours, theirs = (
        np.array([row["reward_error"] for row in rows[scenario, "soft_expert", m]])
        for m in ("bisirl", "passive")
    )
    return bool(ours.mean() < theirs.mean() and signed_rank_p(ours - theirs) < SURE)


def draw(outcome: Outcome, ax: Axes) -> None:
    """Mean regret of each learner, by scenario."""
    regret = outcome.figures["regret"]
    for i, (learner, found) in enumerate(regret.items()):
        at = np.arange(len(found)) + 0.27 * i
        ax.bar(at, [100.0 * np.mean(values) for values in found.values()], 0.27, label=learner)
    ax.axhline(100.0 * REGRET, color="k", lw=0.8, ls=":", label="bar")
    ax.set_xticks(np.arange(len(found)) + 0.27, list(found), fontsize=8)
    ax.set_ylabel("below the oracle [% of the span]", fontsize=8)


EXPERIMENT = Experiment("online", "learned from scratch, against the oracle", measure, draw)
