"""A sixth person, after five have taught the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, graded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EACH, NEW = 8, 2
RATIO, COVERAGE = 0.5, 0.90


def measure(setup: Setup, say: Say) -> Outcome:
    """Five people take turns, then somebody new comes twice; the same luck with and without."""
    seeds = setup.seeds(12, 2)
    each = 3 if setup.quick else EACH
    scenario = load_scenario("crossing")
    errors: dict[str, list[float]] = {"pooled": [], "each": []}
    inside: list[bool] = []
    for seed in seeds:
        people = drawn_people(scenario, seed, count=6)
        names = list(people)
        turns = [names[k % 5] for k in range(5 * each)] + [names[5]] * NEW
        for reward in errors:
            loop = LoopConfig(reward=reward, policy_steps=0)
            cast = [(name,) for name in turns].__getitem__
            run = OfflineRun(scenario, people, loop, episodes=len(turns), seed=seed, cast=cast)
            error, holds = graded(play_offline(run).last, people, [names[5]])
            errors[reward] += error
            inside += holds if reward == "pooled" else []
        say(f"seed {seed}: sixth person {errors['pooled'][-1]:.1%}, alone {errors['each'][-1]:.1%}")
    ratio = float(np.mean(errors["pooled"]) / np.mean(errors["each"]))
    coverage = float(np.mean(inside))
    ratios = np.array(errors["pooled"]) / np.mean(errors["each"])
    return Outcome(
        {"error": errors, "ratio": ratio, "coverage": coverage},
        seeds,
        bootstrap_mean(ratios),
        f"error after {NEW} episodes <= {RATIO:g} of a newcomer's without the prior;"
        f" coverage >= {COVERAGE:.0%}",
        ratio < 1.0 if setup.quick else ratio <= RATIO and coverage >= COVERAGE,
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """The sixth person's error, with and without what the others taught."""
    errors = outcome.figures["error"]
    ax.plot(errors["each"], errors["pooled"], "o", color="0.4", ms=4)
    most = max(errors["each"])
    ax.plot([0.0, most], [0.0, RATIO * most], "k:", lw=0.8, label="half")
    ax.set_xlabel("error without the prior", fontsize=8)
    ax.set_ylabel("error with it", fontsize=8)


EXPERIMENT = Experiment("pooled", "a sixth person, after five", measure, draw)
