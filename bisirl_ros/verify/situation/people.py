"""Nobody, one, three, five people: played to the end, each learned, in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.offline import OfflineRun, play_offline
from bisirl_ros.verify.situation.people_of import drawn_people, graded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COUNTS = (0, 1, 3, 5)
COVERAGE, PERIOD_S, SLOWER = 0.90, 0.05, 4.0


def measure(setup: Setup, say: Say) -> Outcome:
    """Whole runs without ROS; one command has to fit into a control period many times."""
    seeds, table = setup.seeds(4, 1), {}
    episodes = 3 if setup.quick else 12
    for count in COUNTS:
        scenario = load_scenario("crossing", people=count)
        inside, outcomes, ticks = [], [], []
        for seed in seeds:
            people = drawn_people(scenario, seed)
            loop = LoopConfig(policy_steps=1, checked_episodes=0)
            found = play_offline(OfflineRun(scenario, people, loop, episodes=episodes, seed=seed))
            inside += graded(found.last, people)[1]
            outcomes += found.outcomes
            ticks.append(found.tick_s)
        table[str(count)] = _row(inside, outcomes, np.concatenate(ticks))
        say(f"P = {count}: " + ", ".join(f"{k} {v:.3g}" for k, v in table[str(count)].items()))
    for count, took in side_by_side(2 if setup.quick else 12).items():
        table[str(count)]["update_s"] = took
    say(
        "update: "
        + ", ".join(f"P = {n} {np.median(r['update_s']):.3f} s" for n, r in table.items())
    )
    return _judged(table, seeds, setup.quick)


def _row(inside: list[bool], outcomes: list[str], ticks: np.ndarray) -> dict[str, Any]:
    return {
        "episodes": len(outcomes),
        "done": float(np.mean([o in ("arrived", "timeout", "collision") for o in outcomes])),
        "arrived": float(np.mean([o == "arrived" for o in outcomes])),
        "coverage": float(np.mean(inside)) if inside else 1.0,
        "command_p99_ms": 1e3 * float(np.percentile(ticks, 99)),
    }


def side_by_side(rounds: int) -> dict[int, list[float]]:
    """Time of each outer update with true weights [s], by number of people, who take turns."""
    updates = {count: _updating(load_scenario("crossing", people=count)) for count in COUNTS}
    for update in updates.values():
        update()
    took: dict[int, list[float]] = {count: [] for count in COUNTS}
    for _ in range(rounds):
        for count, update in updates.items():
            began = time.perf_counter()
            update()
            took[count].append(time.perf_counter() - began)
    return took


def _updating(scenario: Scenario) -> Callable[[], object]:
    solver = CrowdSolver(scenario, InteractionPolicy(scenario.robot))
    config = LoopConfig(policy_steps=1, checked_episodes=0)
    state = untaught(solver, config, 0)
    theta = np.array(list(drawn_people(scenario, 0).values())).flatten()
    return lambda: improve_repeatedly(solver, state, config, known_theta=theta)


def _judged(table: dict[str, Any], seeds: list[int], quick: bool) -> Outcome:
    five, one = (np.array(table[count]["update_s"]) for count in ("5", "1"))
    slower = float(np.median(five / one))
    coverage = [table[str(count)]["coverage"] for count in COUNTS if count]
    least = COVERAGE - (0.2 if quick else 0.0)
    late = max(row["command_p99_ms"] for row in table.values())
    holds = (
        all(row["done"] == 1.0 for row in table.values())
        and min(coverage) >= least
        and late <= 0.1 * 1e3 * PERIOD_S * 10.0
        and (quick or slower <= SLOWER)
    )
    return Outcome(
        {"by_count": table, "update_ratio_5_to_1": slower},
        seeds,
        bootstrap_mean(coverage),
        f"all episodes done; coverage >= {least:.0%} with 1, 3, 5 people; a command within its"
        f" period at 20 Hz; an update with 5 takes <= {SLOWER:g} times that with 1",
        holds,
    )


def draw(outcome: Outcome, ax: Axes) -> None:
    """Time of an outer update by the number of people."""
    table = outcome.figures["by_count"]
    ax.bar(list(table), [np.median(row["update_s"]) for row in table.values()], color="0.6")
    ax.set_xlabel("people", fontsize=8)
    ax.set_ylabel("outer update [s]", fontsize=8)


EXPERIMENT = Experiment("people", "nobody, one, three, five people", measure, draw)
