"""The double loop: it learns, it resumes exactly, it repeats itself per seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import Status, solve_lower_level
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.played_return import play
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman
from bisirl_ros.crowd.solver import RecedingHorizonSolver
from bisirl_ros.io.checkpoint import load_checkpoint, save_checkpoint
from bisirl_ros.io.records import scenario_records

from .conftest import THETA, simulate_episode

QUICK = LoopConfig(policy_steps=1)


class Setting:
    """A loop on the crossing with a simulated human; `batches` fixes what is collected."""

    def __init__(self, scenario: Scenario, seed: int = 0, config: LoopConfig = QUICK) -> None:
        self.scenario = replace(scenario, time_limit_s=4.0)
        self.policy = InteractionPolicy(scenario.robot)
        self.solver = RecedingHorizonSolver(self.scenario, self.policy, episodes=8)
        self.config = config
        self.records = scenario_records(self.scenario, self.policy.size)
        phi = self.policy.initial(torch.Generator().manual_seed(seed))
        self.state = LoopState.start(phi, 4, config, seed)
        self.human = SimulatedHuman(self.scenario, self.policy, THETA, seed=seed + 1)
        self.rng = np.random.default_rng(seed)
        self.reports: list[OuterReport] = []

    def run(self, episodes: int, **keywords: object) -> None:
        left = episodes

        def interact(state: LoopState) -> tuple[Interactions, torch.Tensor] | None:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            phi = state.phi.detach().clone()
            return simulate_episode(self.scenario, self.human, phi, self.rng), phi

        bisirl(self.solver, self.state, self.config, interact, self.reports.append, **keywords)


def test_it_learns_the_reward_and_reports_each_iteration(crossing: Scenario) -> None:
    setting = Setting(crossing)
    setting.run(10)
    first, last = setting.reports[0], setting.reports[-1]
    assert last.k == 10 and last.updates == 10
    assert relative_error(last.theta, THETA) < 0.35
    assert last.std.max() < 0.6 * first.std.max()
    assert all(r.inner.status is Status.CONVERGED for r in setting.reports)
    assert all(np.isfinite(r.objective) and r.gradient_norms[0] > 0 for r in setting.reports)
    later = np.mean([r.held_out for r in setting.reports[5:]])
    assert later > setting.reports[0].held_out + 0.3  # theta = 0 is the uniform human


def test_the_same_seed_gives_the_same_numbers(crossing: Scenario) -> None:
    a, b, other = Setting(crossing, 1), Setting(crossing, 1), Setting(crossing, 2)
    for setting in (a, b, other):
        setting.run(2)
    assert torch.equal(a.state.phi, b.state.phi)
    assert (a.state.theta == b.state.theta).all()
    assert not torch.equal(a.state.phi, other.state.phi)


def test_a_checkpoint_goes_on_as_if_never_interrupted(crossing: Scenario, tmp_path: Path) -> None:
    whole, broken = Setting(crossing, 3), Setting(crossing, 3)
    whole.run(5)
    broken.run(3)
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, broken.state, broken.records)
    broken.state = load_checkpoint(path, broken.records, broken.config)
    broken.run(2)
    assert torch.equal(whole.state.phi, broken.state.phi)
    assert (whole.state.theta == broken.state.theta).all()
    assert broken.state.k == 5 and broken.state.updates == 5


def test_without_policy_steps_it_only_watches(crossing: Scenario) -> None:
    setting = Setting(crossing, config=LoopConfig(policy_steps=0))
    phi = setting.state.phi.detach().clone()
    setting.run(2)
    assert torch.equal(setting.state.phi, phi)
    assert np.isnan(setting.reports[-1].objective)
    assert setting.reports[-1].update_s == ()


def test_a_hypergradient_that_is_not_finite_changes_nothing(
    crossing: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting(crossing)
    phi = setting.state.phi.detach().clone()
    honest = setting.solver.outer_terms

    def broken(*arguments: object) -> object:
        terms = honest(*arguments)
        return replace(terms, d_phi=torch.full_like(terms.d_phi, torch.nan))

    monkeypatch.setattr(setting.solver, "outer_terms", broken)
    setting.run(1)
    assert torch.equal(setting.state.phi, phi)
    assert np.isfinite(setting.state.theta).all()


@pytest.mark.slow
def test_the_oracle_does_better_than_the_policy_it_starts_from(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    start = policy.initial(torch.Generator().manual_seed(0))
    learned = oracle_policy(crossing, THETA, LoopConfig(), 40, seed=0)
    assert learned is not None
    before, after = (play(crossing, phi, THETA, 256, seed=1) for phi in (start, learned))
    gained = after.returns - before.returns
    assert gained.mean() > 5.0 * gained.std() / 16.0  # paired, 256 episodes
    assert after.min_distance_m.mean() > before.min_distance_m.mean()


@pytest.mark.slow
def test_intervals_cover_the_truth_and_the_error_shrinks_with_data(crossing: Scenario) -> None:
    """24 runs of 16 episodes with theta* of their own: 96 intervals at 95 %."""
    policy = InteractionPolicy(crossing.robot)
    solver = RecedingHorizonSolver(crossing, policy)
    inside, errors = [], []
    for rep in range(24):
        rng = np.random.default_rng(rep)
        theta = THETA * (1.0 + 0.2 * rng.uniform(-1, 1, 4))
        phi = policy.initial(torch.Generator().manual_seed(rep))
        human = SimulatedHuman(crossing, policy, theta, seed=rep, count=200)
        evidence = Evidence.start(4, 0.1)
        for _ in range(16):
            batch = simulate_episode(crossing, human, phi, rng)
            evidence = evidence.add(solver.likelihood(batch, phi))
        result = solve_lower_level(evidence, np.zeros(4), trajectories=16, tolerance=1e-6)
        std = np.sqrt(np.diag(evidence.covariance(result.theta)))
        inside += list(np.abs(result.theta - theta) <= 1.96 * std)
        errors.append(relative_error(result.theta, theta))
    assert np.mean(inside) >= 0.88
    assert np.mean(errors) < 0.13
