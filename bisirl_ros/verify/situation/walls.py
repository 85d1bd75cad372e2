"""Nobody inside a wall, ever; and through the doorway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.verify.experiment import Experiment, Outcome, Say, Setup
from bisirl_ros.verify.situation.people_of import drawn_people
from bisirl_sim.world import make_world

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS, DT_S = 160, 0.05
TOLERANCE_M = 0.01
THROUGH = 0.95


def measure(setup: Setup, say: Say) -> Outcome:
    """Random commands in random situations; then a policy that learned the doorway."""
    situations = 16 if setup.quick else 1000
    clearances = {b: _least_clearance(b, situations, setup.seed) for b in ("kinematic", "bullet")}
    for backend, least in clearances.items():
        say(f"{backend:<10} least clearance beyond the radius {least * 1000.0:.1f} mm")
    seeds = setup.seeds(3, 1)
    shares = [_through(seed, setup.quick, say) for seed in seeds]
    holds = min(clearances.values()) >= -TOLERANCE_M and (
        setup.quick or float(np.mean(shares)) >= THROUGH
    )
    return Outcome(
        {"least_beyond_radius_m": clearances, "through": shares, "situations": situations},
        seeds,
        None,
        f"nobody within {TOLERANCE_M * 100:.0f} cm of overlap with a wall; goal through the doorway"
        f" in >= {THROUGH:.0%}",
        holds,
    )


def _least_clearance(backend: str, situations: int, seed: int) -> float:
    """Clearance less radius, the least of all bodies at all times [m]."""
    scenario = load_scenario("doorway")
    rng = np.random.default_rng([seed, 5])
    world, least = make_world(scenario, backend, dt_s=DT_S), np.inf
    steps = STEPS // 4
    for _ in range(situations):
        start = scenario.sample(1, rng)
        robot, people = start.robot[0].numpy(), start.people[0].numpy()
        robot[:2] = _free_place(scenario, scenario.robot.radius_m, rng)
        people[:, :2] = _free_place(scenario, scenario.person.radius_m, rng)
        world.reset(robot, people)
        for step in range(steps):
            if step % 8 == 0:
                world.command_robot(*rng.uniform(-1.5, 1.5, 3))
                world.command_person(0, *rng.uniform(-2.0, 2.0, 2))
            world.step()
            bodies = np.stack([world.robot_state()[:2], world.people_state()[0, :2]])
            gap = scenario.room.clearance(torch.from_numpy(bodies)).numpy()
            radii = [scenario.robot.radius_m, scenario.person.radius_m]
            least = min(least, float((gap - radii).min()))
    world.close()
    return least


def _free_place(scenario: Scenario, radius_m: float, rng: np.random.Generator) -> np.ndarray:
    while True:
        place = rng.uniform([-1.5, -3.0], [1.5, 3.0])
        if float(scenario.room.clearance(torch.from_numpy(place))) > radius_m:
            return np.asarray(place)


def _through(seed: int, quick: bool, say: Say) -> float:
    """Share of episodes in which the robot reaches the goal, by a policy that knows the person."""
    scenario = load_scenario("doorway")
    policy, theta = (
        InteractionPolicy(scenario.robot),
        np.array(list(drawn_people(scenario, seed).values())),
    )
    updates, loop = (4, LoopConfig(checked_episodes=16)) if quick else (150, LoopConfig())
    phi = oracle_policy(CrowdSolver(scenario, policy), theta, loop, updates, seed)
    assert phi is not None
    person = SoftExpert(scenario, policy, theta, count=150, dtype=torch.float32)
    person.phi = phi
    rng = np.random.default_rng([seed, 6])
    start = scenario.sample(20 if quick else 200, rng).to("cpu", torch.float32)
    played = play(scenario, PolicyDriver(policy, phi), person, theta, start, rng)
    share = float(played.robot_arrived.mean())
    say(f"seed {seed}: through {share:.1%}, touched {played.collided.mean():.1%}")
    return share


def draw(outcome: Outcome, ax: Axes) -> None:
    """How often the goal beyond the doorway was reached, by seed."""
    shares = outcome.figures["through"]
    ax.bar([str(seed) for seed in outcome.seeds], shares, color="0.6")
    ax.axhline(THROUGH, color="k", lw=0.8, ls=":", label="bar")
    ax.set_ylabel("episodes in which the goal was reached", fontsize=8)
    ax.set_xlabel("seed", fontsize=8)


EXPERIMENT = Experiment("walls", "nobody inside a wall, and through the doorway", measure, draw)
