"""The same crossing learned with each of the three drives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, foretold, graded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPISODES, QUICK_EPISODES = 24, 2
ERROR, LOST = 0.10, 0.03
ADMISSIBLE = 1e-6


def measure(setup: Setup, say: Say) -> Outcome:
    """Learn from scratch, then compare with the oracle of the same drive."""
    seeds = setup.seeds(5, 1)
    episodes = QUICK_EPISODES if setup.quick else EPISODES
    wanted = {
        f"{drive}, seed {seed}": (drive, seed, episodes, not setup.quick)
        for drive in DRIVES
        for seed in seeds
    }
    rows = setup.parts.measure(of_drive, wanted, say)
    table: dict[str, Any] = {}
    for drive in DRIVES:
        found = [rows[f"{drive}, seed {seed}"] for seed in seeds]
        keys = ("errors", "foretold", "inside", "lost")
        row: dict[str, Any] = {key: [x for one in found for x in one[key]] for key in keys}
        bad = sum(one["inadmissible"] for one in found)
        coverage, lost = float(np.mean(row.pop("inside"))), float(np.mean(row["lost"] or [0.0]))
        table[drive] = {**row, "coverage": coverage, "inadmissible": bad}
        say(
            f"{drive:<13} error {np.mean(row['errors']):.1%} of {np.mean(row['foretold']):.1%}"
            f" foretold, coverage {coverage:.0%}, lost {lost:.2%}, bad {bad}"
        )
    worst = max(float(np.mean(row["errors"])) for row in table.values())
    most_lost = max(float(np.mean(row["lost"] or [0.0])) for row in table.values())
    holds = all(row["inadmissible"] == 0 for row in table.values()) and (
        setup.quick or (worst <= ERROR and most_lost <= LOST)
    )
    return Outcome(
        {"by_drive": table, "worst_mean_error": worst, "worst_mean_lost": most_lost},
        seeds,
        bootstrap_mean([error for row in table.values() for error in row["errors"]]),
        f"mean error <= {ERROR:.0%}, return within {LOST:.0%} of that drive's oracle; no command"
        " that the drive cannot do",
        holds,
    )


def of_drive(drive: str, seed: int, episodes: int, compared: bool) -> dict[str, Any]:
    """One run: errors, what intervals hold, bad commands and, if `compared`, the return lost."""
    scenario, loop = load_scenario("crossing", drive=drive), LoopConfig()
    people = drawn_people(scenario, seed)
    found = play_offline(OfflineRun(scenario, people, loop, episodes=episodes, seed=seed))
    lost = []
    if compared:
        theta, updates = np.array(list(people.values())), loop.policy_steps * episodes
        lost.append(_lost(scenario, found.last.phi, theta, loop, updates, seed))
    errors, inside = graded(found.last, people)
    return {
        "errors": errors,
        "foretold": foretold(found.last, people),
        "inside": inside,
        "inadmissible": _inadmissible(scenario, found.commands),
        "lost": lost,
    }


def _inadmissible(scenario: Scenario, commands: Array) -> int:
    wanted = torch.from_numpy(commands)
    return int(((scenario.robot.admissible(wanted) - wanted).abs() > ADMISSIBLE).any(-1).sum())


def _lost(
    scenario: Scenario, phi: torch.Tensor, theta: Array, loop: LoopConfig, updates: int, seed: int
) -> float:
    """Share of the oracle's return that phi is below it; the same starts and luck."""
    policy = InteractionPolicy(scenario.robot)
    known = oracle_policy(CrowdSolver(scenario, policy), theta, loop, updates, seed)
    assert known is not None
    returns = []
    for weights in (phi, known):
        person = SoftExpert(scenario, policy, theta, count=150, dtype=torch.float32)
        person.phi = weights
        rng = np.random.default_rng([seed, 12])
        start = scenario.sample(512, rng).to("cpu", torch.float32)
        driver = PolicyDriver(policy, weights)
        returns.append(float(play(scenario, driver, person, theta, start, rng).returns.mean()))
    return (returns[1] - returns[0]) / abs(returns[1])


def draw(outcome: Outcome, ax: Axes) -> None:
    """Relative weight error by drive."""
    table = outcome.figures["by_drive"]
    for i, (drive, row) in enumerate(table.items()):
        ax.plot([i] * len(row["errors"]), row["errors"], "o", color="0.4", ms=4)
        ax.annotate(drive, (i, 0.0), fontsize=8, ha="center")
    ax.axhline(ERROR, color="k", lw=0.8, ls=":", label="bar on the mean")
    ax.set_xticks([])
    ax.set_ylabel("relative weight error", fontsize=8)


EXPERIMENT = Experiment("drives", "one crossing, three drives", measure, draw)
