"""The double loop on the crowd: it learns, it resumes exactly, it repeats itself per seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.lower_level import Status
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.oracle import oracle_policy, oracle_settings
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.io.checkpoint import load_checkpoint, save_checkpoint
from bisirl_ros.io.records import scenario_records

from .conftest import THETA, simulate_episode

QUICK = LoopConfig(policy_steps=1, checked_episodes=16)


class Setting:
    """A loop on the crossing with simulated people, collected under the policy of the time."""

    def __init__(self, scenario: Scenario, seed: int = 0, config: LoopConfig = QUICK) -> None:
        self.scenario = replace(scenario, time_limit_s=4.0)
        self.policy = InteractionPolicy(scenario.robot)
        self.solver = CrowdSolver(self.scenario, self.policy, episodes=8)
        self.config = config
        self.records = scenario_records(self.scenario, self.policy.size)
        phi = self.policy.initial(torch.Generator().manual_seed(seed))
        self.state: LoopState[Decisions] = LoopState.start(phi, 4, config, seed, people=True)
        self.theta = np.tile(THETA, (scenario.people, 1))
        self.rng = np.random.default_rng(seed)
        self.reports: list[OuterReport] = []

    def run(self, episodes: int) -> None:
        left = episodes

        def interact(state: LoopState[Decisions]) -> tuple[Decisions, torch.Tensor] | None:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            phi = state.phi
            batch = simulate_episode(
                self.scenario, phi, self.theta, self.rng, count=100, episode=state.k
            )
            return batch, phi

        bisirl(self.solver, self.state, self.config, interact, self.reports.append)


def test_it_learns_the_reward_and_reports_each_iteration(crossing: Scenario) -> None:
    setting = Setting(crossing)
    setting.run(10)
    first, last = setting.reports[0], setting.reports[-1]
    assert last.k == 10 and last.updates == 10
    assert relative_error(last.theta, THETA) < 0.35
    assert (last.std < 0.7 * first.std).all()
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


@pytest.mark.parametrize("people", [1, 2])
def test_a_checkpoint_goes_on_as_if_never_interrupted(
    crossing: Scenario, tmp_path: Path, people: int
) -> None:
    scenario = replace(crossing, people=people)
    whole, broken = Setting(scenario, 3), Setting(scenario, 3)
    whole.run(5)
    broken.run(3)
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, broken.state, broken.records)
    broken.state, _ = load_checkpoint(path, broken.records, broken.config)
    broken.run(2)
    assert torch.equal(whole.state.phi, broken.state.phi)
    assert (whole.state.theta == broken.state.theta).all()
    assert broken.state.k == 5 and broken.state.updates == 5


def test_without_policy_steps_it_only_watches(crossing: Scenario) -> None:
    setting = Setting(crossing, config=LoopConfig(policy_steps=0))
    phi = setting.state.phi
    setting.run(2)
    assert torch.equal(setting.state.phi, phi)
    assert np.isnan(setting.reports[-1].objective)
    assert setting.reports[-1].update_s == ()


def test_a_hypergradient_that_is_not_finite_changes_nothing(
    crossing: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = Setting(crossing)
    phi = setting.state.phi
    honest = setting.solver.outer_terms

    def broken(*arguments: object) -> object:
        terms = honest(*arguments)
        return replace(terms, d_phi=torch.full_like(terms.d_phi, torch.nan))

    monkeypatch.setattr(setting.solver, "outer_terms", broken)
    setting.run(1)
    assert torch.equal(setting.state.phi, phi)
    assert np.isfinite(setting.state.theta).all()


def test_nobody_to_explain_leaves_a_policy_to_learn(crossing: Scenario) -> None:
    """P = 0: the robot improves its own way."""
    solver = CrowdSolver(replace(crossing, people=0), InteractionPolicy(crossing.robot), episodes=4)
    state = Setting(crossing).state
    rng = np.random.default_rng(0)
    terms = solver.outer_terms(state.phi, state.theta, state.evidence, [], rng, beta_i=0.1)
    assert terms.d_theta.shape == (0,) and float(terms.d_phi.norm()) > 0.1


def test_the_oracle_stops_when_it_is_told(crossing: Scenario) -> None:
    solver = CrowdSolver(crossing, InteractionPolicy(crossing.robot), episodes=2)
    answers = iter([True, False])
    assert (
        oracle_policy(
            solver,
            THETA[None],
            LoopConfig(policy_steps=8, checked_episodes=0),
            9,
            0,
            lambda: next(answers),
        )
        is None
    )


def test_a_learner_of_several_starts_has_rulers_with_one() -> None:
    """Without anticipation nothing is checked, by which several could be told apart."""
    several = LoopConfig(policy_starts=3)
    for through, checked in ((Through.MEAN, 512), (Through.NOTHING, 0)):
        found = oracle_settings(several, through)
        assert (found.checked_episodes, found.policy_starts) == (checked, 1)
