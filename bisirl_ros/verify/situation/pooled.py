"""A sixth person, after five have taught the prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.true_weights import SPREAD, average_weights
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, graded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EACH, NEW = 8, 2
RATIO, COVERAGE = 0.5, 0.90


def measure(setup: Setup, say: Say) -> Outcome:
    """Five people take turns, then somebody new comes twice; the same luck with and without.

    Beside the bar: how near pooling comes to knowing the population that people are drawn from,
    which no prior taught by five of them can beat.
    """
    seeds = setup.seeds(12, 2)
    wanted = {f"seed {seed}": (seed, 3 if setup.quick else EACH) for seed in seeds}
    rows = list(setup.parts.measure(of_seed, wanted, say).values())
    errors = {key: [row[key] for row in rows] for key in ("pooled", "each", "known")}
    mean = {key: float(np.mean(found)) for key, found in errors.items()}
    coverage = float(np.mean([row["inside"] for row in rows]))
    ratio, least = mean["pooled"] / mean["each"], mean["known"] / mean["each"]
    say(f"sixth person {mean['pooled']:.1%}, alone {mean['each']:.1%}; were the population known")
    say(f"{mean['known']:.1%}: {least:.2f} of alone is the least that any prior could leave")
    return Outcome(
        {"error": errors, "ratio": ratio, "least_ratio": least, "coverage": coverage},
        seeds,
        bootstrap_mean(np.array(errors["pooled"]) / mean["each"]),
        f"error after {NEW} episodes <= {RATIO:g} of a newcomer's without the prior;"
        f" coverage >= {COVERAGE:.0%}",
        ratio < 1.0 if setup.quick else ratio <= RATIO and coverage >= COVERAGE,
        f"with the population known it would be {least:.2f}",
    )


def of_seed(seed: int, each: int) -> dict[str, Any]:
    """The sixth person's error with what five taught, alone, and with the population known."""
    scenario = load_scenario("crossing")
    people = drawn_people(scenario, seed, count=6)
    names = list(people)
    turns = [names[k % 5] for k in range(5 * each)] + [names[5]] * NEW
    found: dict[str, Any] = {}
    for reward in ("pooled", "each"):
        loop = LoopConfig(reward=reward, policy_steps=0)
        cast = [(name,) for name in turns].__getitem__
        run = OfflineRun(scenario, people, loop, episodes=len(turns), seed=seed, cast=cast)
        last = play_offline(run).last
        (found[reward],), inside = graded(last, people, [names[5]])
        if reward == "pooled":
            found["inside"] = inside
    known = _with_the_population_known(scenario, last, names[5], loop.prior_precision)
    return {**found, "known": relative_error(known, people[names[5]])}


def _with_the_population_known(
    scenario: Scenario, alone: Snapshot, name: str, prior_precision: float
) -> Array:
    """Somebody's estimate, the prior it was made with replaced by what people are drawn from."""
    at = alone.identities.index(name)
    centre = average_weights(scenario)[0]
    precision = np.linalg.inv(alone.covariance[at])
    told = precision - prior_precision * np.eye(len(centre))
    population = np.diag(3.0 / (SPREAD * centre) ** 2)  # uniform within the spread
    wanted = precision @ alone.theta[at] + population @ centre
    return np.asarray(np.linalg.solve(told + population, wanted))


def draw(outcome: Outcome, ax: Axes) -> None:
    """The sixth person's error, with and without what the others taught."""
    errors = outcome.figures["error"]
    ax.plot(errors["each"], errors["pooled"], "o", color="0.4", ms=4)
    most = max(errors["each"])
    ax.plot([0.0, most], [0.0, RATIO * most], "k:", lw=0.8, label="half")
    ax.set_xlabel("error without the prior", fontsize=8)
    ax.set_ylabel("error with it", fontsize=8)


EXPERIMENT = Experiment("pooled", "a sixth person, after five", measure, draw)
