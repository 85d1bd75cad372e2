"""From decisions alone: the weights of people, their intervals, and a better policy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.episode import Played, play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, simulate_episode

OTHER = np.array([1.0, 1.5, -0.8, -0.2])
pytestmark = pytest.mark.slow


def learned(
    scenario: Scenario, theta: Array, episodes: int, seed: int
) -> tuple[LoopState[Decisions], OuterReport]:
    """What the double loop knows after so many episodes, its policy deployed in each."""
    policy = InteractionPolicy(scenario.robot)
    solver = CrowdSolver(scenario, policy, episodes=12, likelihood_grid=(8, 18))
    config = LoopConfig(policy_steps=2, checked_episodes=32)
    phi = policy.initial(torch.Generator().manual_seed(seed))
    n = solver.n_features
    state: LoopState[Decisions] = LoopState.start(phi, n, config, seed, people=True)
    rng, reports = np.random.default_rng(seed), []

    def interact(now: LoopState[Decisions]) -> tuple[Decisions, torch.Tensor] | None:
        if now.k == episodes:
            return None
        deployed = now.phi
        return simulate_episode(scenario, deployed, theta, rng, episode=now.k), deployed

    bisirl(solver, state, config, interact, reports.append)
    return state, reports[-1]


@pytest.mark.parametrize(("people", "drive", "seeds"), [(2, "", 1), (1, "omni", 2)])
def test_the_double_loop_recovers_everybodys_weights(people: int, drive: str, seeds: int) -> None:
    scenario = load_scenario("crossing", people=people, drive=drive)
    theta = np.stack([THETA, OTHER])[:people]
    inside, errors = [], []
    for seed in range(seeds):
        _, report = learned(scenario, theta, 16, seed)
        found = report.theta.reshape(people, -1)
        inside += list((np.abs(found - theta) <= 1.96 * report.std.reshape(people, -1)).flatten())
        errors += [relative_error(found[p], theta[p]) for p in range(people)]
    assert np.mean(errors) < 0.25
    assert np.mean(inside) >= 0.75  # at least 6 of the 8


def test_intervals_cover_the_truth_and_the_error_shrinks_with_data(crossing: Scenario) -> None:
    """16 runs of 16 episodes with theta* of their own: 64 intervals at 95 %."""
    policy = InteractionPolicy(crossing.robot)
    solver = CrowdSolver(crossing, policy, likelihood_grid=(8, 18))
    inside, errors = [], []
    for rep in range(16):
        rng = np.random.default_rng(rep)
        theta = THETA * (1.0 + 0.2 * rng.uniform(-1, 1, 4))
        phi = policy.initial(torch.Generator().manual_seed(rep))
        evidence = Evidence.start(4, 0.1)
        for _ in range(16):
            batch = simulate_episode(crossing, phi, theta, rng)
            evidence = evidence.add(solver.likelihood(batch, phi).of["person_0"])
        result = solve_lower_level(evidence, np.zeros(4), trajectories=16, tolerance=1e-6)
        std = np.sqrt(np.diag(evidence.covariance(result.theta)))
        inside += list(np.abs(result.theta - theta) <= 1.96 * std)
        errors.append(relative_error(result.theta, theta))
    assert np.mean(inside) >= 0.88
    assert np.mean(errors) < 0.13


def test_a_goal_that_is_not_known_costs_little(crossing: Scenario) -> None:
    goals = ((0.0, 3.6), (-3.4, 1.0), (3.4, 1.0))
    person = replace(crossing.starts.people[0], goals=goals)
    scenario = replace(crossing, starts=replace(crossing.starts, people=(person,)))
    assert relative_error(learned(scenario, THETA, 14, 0)[1].theta, THETA) < 0.25


def driven(scenario: Scenario, phi: torch.Tensor, theta: Array, count: int = 200) -> Played:
    """The same starts and luck, whoever drives."""
    policy = InteractionPolicy(scenario.robot)
    expert = SoftExpert(scenario, policy, theta, count=150)
    expert.phi = phi.double()
    start, rng = scenario.sample(count, np.random.default_rng(5)), np.random.default_rng(6)
    return play(scenario, PolicyDriver(policy, phi), expert, theta, start, rng)


def test_the_oracle_does_better_than_the_policy_it_starts_from(crossing: Scenario) -> None:
    policy, theta = InteractionPolicy(crossing.robot), THETA[None]
    before_phi = policy.initial(torch.Generator().manual_seed(0))
    loop = LoopConfig(checked_episodes=128)
    phi = oracle_policy(CrowdSolver(crossing, policy), theta, loop, 40, seed=0)
    assert phi is not None
    before, after = (driven(crossing, p, theta) for p in (before_phi, phi))
    gained = after.returns - before.returns
    assert gained.mean() > 4.0 * gained.std() / np.sqrt(len(gained))  # paired
    assert after.min_distance_m.mean() > before.min_distance_m.mean()
    assert after.robot_arrived.mean() > 0.8


def test_a_policy_made_for_people_earns_more_as_it_learns(crossing: Scenario) -> None:
    """The loop's own policy, with estimated weights, against the one it began with."""
    state, _ = learned(crossing, THETA[None], 16, 0)
    start = InteractionPolicy(crossing.robot).initial(torch.Generator().manual_seed(0))
    before, after = (driven(crossing, p, THETA[None]) for p in (start, state.phi))
    gained = after.returns - before.returns
    assert gained.mean() > 3.0 * gained.std() / np.sqrt(len(gained))
