"""Somebody who is the model is not doubted, however often one looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.core.reward_distance import binomial_interval
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.encounters import EPISODES, LOOP, learned
from bisirl_ros.verify.misfit.kinds import RIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RUNS, QUICK_RUNS, QUICK_EPISODES = 300, 2, 4
ALARMS, COVERAGE, LOST = 0.02, (0.92, 0.98), 1.1


def measure(setup: Setup, say: Say) -> Outcome:
    """People drawn of the population; a look after each of their episodes."""
    seeds = setup.seeds(RUNS, QUICK_RUNS)
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    wanted = {f"seed {seed}": (RIGHT, seed, episodes) for seed in seeds}
    rows = list(setup.parts.measure(learned, wanted, say).values())
    alarms, as_given = (
        sum(of["found"] is not None for of in every) for every in (rows, [r["given"] for r in rows])
    )
    coverage = float(np.mean([row["inside"] for row in rows]))
    error = float(np.mean([row["error"] for row in rows]))
    given = float(np.mean([row["given"]["error"] for row in rows]))
    told = float(np.mean([row["structure"] == GIVEN for row in rows]))
    say(
        f"{alarms} of {len(rows)} doubted, {as_given} as given; coverage {coverage:.1%}, error"
        f" {error:.1%}, structure given {given:.1%}; {told:.1%} told to decide as given"
    )
    low, high = COVERAGE
    holds = (
        max(alarms, as_given) <= ALARMS * len(rows)
        and low <= coverage <= high
        and error <= LOST * given
    )
    return Outcome(
        {
            "alarms": alarms,
            "alarms_as_given": as_given,
            "alarm_interval": list(binomial_interval(alarms, len(rows))),
            "coverage": coverage,
            "error": error,
            "error_as_given": given,
            "told_rightly": told,
            "most_evidence": [max(row["log_evidence"]) for row in rows],
        },
        seeds,
        bootstrap_mean([float(np.mean(row["inside"])) for row in rows]),
        f"of {len(rows)} people at most {ALARMS:.0%} ever doubted in {episodes} looks; {low:.0%} to"
        f" {high:.0%} of intervals hold; error <= {LOST:g} times that of the structure as given",
        setup.quick or holds,
        "quick: judged by being played at all" if setup.quick else "",
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """The most that was ever said against each."""
    ax.hist(outcome.figures["most_evidence"], bins=30, color="0.6")
    ax.axvline(-np.log(LOOP.misfit_alarm), color="k", lw=0.8, ls=":", label="doubted beyond")
    ax.set_xlabel("most evidence against the model [nat]", fontsize=8)
    ax.set_ylabel("people", fontsize=8)


EXPERIMENT = Experiment("right", "people who are the model", measure, draw)
