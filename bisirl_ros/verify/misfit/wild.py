"""A few wild decisions move no weight far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.misfit.encounters import EPISODES, learned
from bisirl_ros.verify.misfit.kinds import RIGHT, WILD

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS, QUICK_EPISODES, WORSE = 14, 6, 1.5


def measure(setup: Setup, say: Say) -> Outcome:
    """The same people, with and without one decision in twenty at random."""
    seeds = setup.seeds(SEEDS, 1)
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    wanted = {
        f"{kind}, seed {seed}": (kind, seed, episodes) for kind in (RIGHT, WILD) for seed in seeds
    }
    rows = setup.parts.measure(learned, wanted, say)
    errors = {
        kind: [rows[f"{kind}, seed {seed}"]["error"] for seed in seeds] for kind in (RIGHT, WILD)
    }
    as_given = [rows[f"{WILD}, seed {seed}"]["given"]["error"] for seed in seeds]
    clean, wild = (float(np.mean(errors[kind])) for kind in (RIGHT, WILD))
    say(f"error {clean:.1%}, wild {wild:.1%}; no noise floor: {np.mean(as_given):.1%}")
    return Outcome(
        {"clean": clean, "wild": wild, "no_floor": float(np.mean(as_given)), "errors": errors},
        seeds,
        bootstrap_mean(errors[WILD]),
        f"one decision in twenty at random: error <= {WORSE:g} times the clean one",
        setup.quick or wild <= WORSE * clean,
        "quick: judged by being played at all" if setup.quick else "",
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """Errors of the same people, with wild decisions over without."""
    errors = outcome.figures["errors"]
    clean, wild = (100.0 * np.array(errors[kind]) for kind in (RIGHT, WILD))
    ax.plot(clean, wild, "o", ms=4, color="0.4")
    most = max(float(clean.max()), float(wild.max()))
    ax.plot([0.0, most], [0.0, most], "k:", lw=0.8, label="as good")
    ax.set_xlabel("error without wild decisions [%]", fontsize=8)
    ax.set_ylabel("with [%]", fontsize=8)


EXPERIMENT = Experiment("wild", "wild decisions", measure, draw)
