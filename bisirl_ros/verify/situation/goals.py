"""Goals given at run time: anywhere in the room, one changed on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.episode import Played, play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.metrics.bootstrap import bootstrap_mean
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.situation.people_of import drawn_people

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROOM_M = 3.0
REACHED, LOST = 0.98, 0.03
LONGER = 3
"""Times as many updates has the policy that serves all goals."""


def measure(setup: Setup, say: Say) -> Outcome:
    """One policy for goals anywhere, against policies for one goal each, with the truth known."""
    seeds = setup.seeds(2, 1)
    count, updates, alone, episodes = (10, 6, 1, 64) if setup.quick else (100, 200, 5, 512)
    longer = 1 if setup.quick else LONGER
    wanted = {f"anywhere, seed {seed}": (seed, count, longer * updates) for seed in seeds}
    taught = setup.parts.measure(of_all_goals, wanted, say)
    for name, row in taught.items():
        say(f"{name}: {row['reached']:.0%} reached, {row['changed']:.0%} after a change on the way")
    singles = {
        f"goal {number}, seed {seed}": (goal, taught[f"anywhere, seed {seed}"]["phi"], seed)
        for seed in seeds
        for number, goal in enumerate(_goals(alone, seed))
    }
    compared = {name: (*given, updates, episodes) for name, given in singles.items()}
    found = setup.parts.measure(of_one_goal, compared, say)
    for name, row in found.items():
        goal = np.round(singles[name][0], 1)
        say(f"{name} {goal}: {row['mine']:.2f}, of its own policy {row['own']:.2f}")
    ratios = [(row["mine"] - row["own"]) / abs(row["own"]) for row in found.values()]
    reached, changed = ([row[key] for row in taught.values()] for key in ("reached", "changed"))
    holds = setup.quick or (
        min(reached) >= REACHED and min(changed) >= REACHED and float(np.mean(ratios)) >= -LOST
    )
    return Outcome(
        {"reached": reached, "reached_after_change": changed, "return_lost": ratios},
        seeds,
        bootstrap_mean(ratios),
        f">= {REACHED:.0%} of goals reached, also after a change; return within {LOST:.0%} of a"
        " policy trained for that goal alone",
        holds,
        "quick: too short to learn by" if setup.quick else "",
    )


def of_all_goals(seed: int, count: int, updates: int) -> dict[str, Any]:
    """phi (m,) of a policy for goals anywhere, and which shares of `count` goals it reaches."""
    anywhere, theta = _anywhere(load_scenario("crossing")), _theta(seed)
    phi = _learned(anywhere, theta, updates, seed)
    starts = anywhere.sample(count, np.random.default_rng([seed, 7]))
    return {
        "phi": phi.tolist(),
        "reached": float(_played(anywhere, phi, theta, starts, seed).robot_arrived.mean()),
        "changed": _reached_after_change(anywhere, phi, count, seed),
    }


def of_one_goal(
    goal: tuple[float, float], phi: list[float], seed: int, updates: int, episodes: int
) -> dict[str, float]:
    """Mean returns of phi (m,) and of the goal's (2,) [m] own policy; the same starts and luck."""
    anywhere, theta = _anywhere(load_scenario("crossing")), _theta(seed)
    start = replace(anywhere.starts.robot, goal=goal, goal_spread=(0.0, 0.0))
    fixed = replace(anywhere, starts=replace(anywhere.starts, robot=start))
    own = _learned(fixed, theta, updates, seed)
    begun = fixed.sample(episodes, np.random.default_rng([seed, 8]))
    return {
        name: float(_played(fixed, policy, theta, begun, seed).returns.mean())
        for name, policy in (("mine", torch.tensor(phi)), ("own", own))
    }


def _theta(seed: int) -> Array:
    return np.array(list(drawn_people(load_scenario("crossing"), seed).values()))


def _anywhere(scenario: Scenario) -> Scenario:
    """The same scenario, its goal drawn evenly from the whole room; time enough to get there."""
    robot = replace(scenario.starts.robot, goal=(0.0, 0.0), goal_spread=(ROOM_M, ROOM_M))
    return replace(scenario, starts=replace(scenario.starts, robot=robot), time_limit_s=14.0)


def _goals(count: int, seed: int) -> list[tuple[float, float]]:
    rng = np.random.default_rng([seed, 9])
    return [(float(x), float(y)) for x, y in rng.uniform(-ROOM_M, ROOM_M, (count, 2))]


def _learned(scenario: Scenario, theta: Array, updates: int, seed: int) -> torch.Tensor:
    policy = InteractionPolicy(scenario.robot)
    phi = oracle_policy(CrowdSolver(scenario, policy), theta, LoopConfig(), updates, seed)
    assert phi is not None
    return phi


def _played(
    scenario: Scenario, phi: torch.Tensor, theta: Array, starts: Situation, seed: int
) -> Played:
    policy = InteractionPolicy(scenario.robot)
    person = SoftExpert(scenario, policy, theta, count=150, dtype=torch.float32)
    person.phi = phi
    begun = starts.to("cpu", torch.float32)
    return play(
        scenario, PolicyDriver(policy, phi), person, theta, begun, np.random.default_rng(seed)
    )


def _reached_after_change(scenario: Scenario, phi: torch.Tensor, count: int, seed: int) -> float:
    """Share of goals reached that replace another after 3 s, by a robot alone in the room."""
    rng, alone = np.random.default_rng([seed, 10]), replace(scenario, people=0)
    policy, now = InteractionPolicy(scenario.robot), alone.sample(count, rng)
    others = torch.from_numpy(rng.uniform(-ROOM_M, ROOM_M, (count, 1, 2)))
    there = torch.zeros(count, dtype=torch.bool)
    driver = PolicyDriver(policy, phi.double())
    for step in range(400):
        if step == 60:
            now = replace(now, aims=replace(now.aims, route=others))
        command = driver.act(now, torch.zeros((count, 0)))
        robot = scenario.robot.step(now.robot, command, 0.05, now.room)
        now = now.with_bodies(robot, now.people)
        apart = (robot[:, :2] - others[:, 0]).norm(dim=-1)
        there |= (apart <= scenario.robot.goal_tolerance_m) & (step >= 60)
    return float(there.double().mean())


def draw(outcome: Outcome, ax: Axes) -> None:
    """What the policy for all goals loses to one of each goal's own."""
    lost = np.array(outcome.figures["return_lost"])
    ax.bar(np.arange(len(lost)), 100.0 * lost, color="0.6")
    ax.axhline(-100.0 * LOST, color="k", lw=0.8, ls=":", label="bar (on the mean)")
    ax.set_xlabel("goal", fontsize=8)
    ax.set_ylabel("return against its own policy [%]", fontsize=8)


EXPERIMENT = Experiment("goals", "goals anywhere, changed on the way", measure, draw)
