"""The double loop on a tabular game: it learns, repeats itself, resumes, and takes any method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, bisirl
from bisirl_ros.core.hypergradient import PLAYS_AGAIN, Hypergradient
from bisirl_ros.core.lower_level import Status
from bisirl_ros.errors import InputError
from bisirl_ros.io.checkpoint import load_checkpoint, save_checkpoint
from bisirl_ros.io.records import tabular_records
from bisirl_ros.tabular.interactions import TabularInteractions, collect
from bisirl_ros.tabular.population import Expert, soft_expert
from bisirl_ros.tabular.reward import LinearReward, NetworkReward
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import Small, small, tensor

QUICK = LoopConfig(policy_steps=1, learning_rate=0.1)


class Setting:
    """A loop with an expert of the model; `changes`: iteration -> weights from then on."""

    def __init__(
        self,
        game: Small,
        config: LoopConfig = QUICK,
        seed: int = 0,
        *,
        episodes: int = 30,
        again: bool = False,
        changes: dict[int, Array] | None = None,
    ) -> None:
        self.game, self.config, self.episodes = game.game, config, episodes
        self.linear, self.weights = game.linear, {0: game.theta} | (changes or {})
        self.expert = self.expert_of(game.theta)
        recollect = (lambda phi, luck: self.play(phi, luck)) if again else None
        self.solver = TabularSolver(game.game, game.linear, recollect=recollect)
        self.records = tabular_records(self.solver)
        self.state: LoopState[TabularInteractions] = LoopState.start(
            torch.zeros_like(game.phi), self.solver.n_features, config, seed
        )
        self.rng = np.random.default_rng(seed + 100)
        self.reports: list[OuterReport] = []

    def expert_of(self, theta: Array) -> Expert:
        return soft_expert(self.game, self.linear.table(tensor(theta)))

    def play(self, phi: Tensor, rng: np.random.Generator) -> TabularInteractions:
        with torch.no_grad():
            pi_l = self.game.learner_policy(phi)
            return collect(self.game, pi_l, self.expert(pi_l), self.episodes, rng)

    def run(self, batches: int) -> Setting:
        left = batches

        def interact(
            state: LoopState[TabularInteractions],
        ) -> tuple[TabularInteractions, Tensor] | None:
            nonlocal left
            left -= 1
            if left < 0:
                return None
            self.expert = self.expert_of(self.weights[max(i for i in self.weights if i <= state.k)])
            phi = state.phi
            return self.play(phi, self.rng), phi

        bisirl(self.solver, self.state, self.config, interact, self.reports.append)
        return self

    def truth(self, phi: Tensor) -> float:
        """f(phi, theta_true)."""
        return float(self.solver.objective(phi, tensor(self.weights[0])).detach())


def assert_same(a: Setting, b: Setting) -> None:
    """Bit for bit."""
    assert torch.equal(a.state.phi, b.state.phi)
    assert (a.state.theta == b.state.theta).all()
    assert (a.state.evidence.mean == b.state.evidence.mean).all()
    assert (a.state.evidence.precision == b.state.evidence.precision).all()
    assert a.state.rng.bit_generator.state == b.state.rng.bit_generator.state


@pytest.mark.parametrize("horizon", [3, None])
def test_it_learns_the_reward_and_then_how_to_act(horizon: int | None) -> None:
    setting = Setting(small(1, horizon=horizon, kappa=0.5), episodes=60).run(25)
    first, last = setting.reports[0], setting.reports[-1]
    off = np.abs(last.theta - setting.weights[0])
    assert (off < 4.0 * last.std).all()
    assert last.std.max() < 0.3 * first.std.max()
    assert last.rank == 3
    assert all(r.inner.status is Status.CONVERGED for r in setting.reports)
    later = np.mean([r.held_out for r in setting.reports[5:]])
    assert later > first.held_out + 0.03  # theta = 0 is the uniform expert
    assert first.held_out == pytest.approx(-np.log(2.0))
    gained = setting.truth(setting.state.phi) - setting.truth(torch.zeros_like(setting.state.phi))
    assert gained > 0.1
    assert last.objective == pytest.approx(setting.truth(setting.state.phi), abs=0.5)


def test_the_same_seed_gives_the_same_numbers() -> None:
    game = small(2)
    a, b, other = (Setting(game, seed=seed).run(3) for seed in (1, 1, 2))
    assert_same(a, b)
    assert not torch.equal(a.state.phi, other.state.phi)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("horizon", [3, None])
def test_a_checkpoint_goes_on_as_if_never_interrupted(
    horizon: int | None, optimiser: str, tmp_path: Path
) -> None:
    """With batches condensed, others kept; a person who changes; and luck that is drawn."""
    game = small(3, horizon=horizon)
    config = replace(
        QUICK,
        optimiser=optimiser,
        evidence_window=3,
        replayed_batches=2,
        drift_alarm=0.2,
        forgetting=0.3,
        hypergradient="spsa",
    )
    changes = {4: -game.theta}
    whole, broken = (Setting(game, config, 4, again=True, changes=changes) for _ in range(2))
    whole.run(8)
    broken.run(5)
    assert broken.state.evidence.condensed > 0
    assert len(broken.state.evidence.batches) == 3 or any(r.drift for r in broken.reports)
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, broken.state, broken.records)
    broken.state, extra = load_checkpoint(path, broken.records, config)
    assert extra == {}
    broken.run(3)
    assert broken.state.k == 8 and broken.state.updates == 8
    assert_same(whole, broken)
    assert any(r.drift for r in whole.reports)
    assert [r.drift for r in whole.reports] == [r.drift for r in broken.reports]


def test_a_checkpoint_of_another_game_is_refused(tmp_path: Path) -> None:
    game = small(5)
    setting = Setting(game).run(2)
    path = tmp_path / "checkpoint.safetensors"
    save_checkpoint(path, setting.state, setting.records)
    moved = game.game.transition.flip(-1)
    others = {
        "shape": small(5, n_states=4),
        "horizon": replace(game, game=replace(game.game, horizon=4)),
        "discount": replace(game, game=replace(game.game, discount=0.8)),
        "transition": replace(game, game=replace(game.game, transition=moved)),
        "reward": replace(game, linear=LinearReward(2.0 * game.linear.psi)),
    }
    for told, other in others.items():
        with pytest.raises(InputError, match=told) as refused:
            load_checkpoint(path, Setting(other).records, QUICK)
        assert "\n" not in str(refused.value)
        assert str(path) in str(refused.value)
    assert load_checkpoint(path, Setting(game).records, QUICK)[0].k == 2


def test_a_game_made_of_its_own_tables_is_the_same_game() -> None:
    """Another kappa changes nothing that a weight means."""
    for seed in range(10):
        game = small(seed, n_states=6)
        again = TabularSolver(replace(game.game, kappa=0.1), game.linear)
        first = tabular_records(TabularSolver(game.game, game.linear))
        assert tabular_records(again).identity == first.identity


def test_a_checkpoint_of_another_network_is_refused() -> None:
    game = small(6)
    other = NetworkReward(game.network.inputs + 1.0, game.network.hidden)
    ours, theirs = (tabular_records(TabularSolver(game.game, r)) for r in (game.network, other))
    assert ours.identity != theirs.identity


@pytest.mark.parametrize("method", list(Hypergradient))
def test_every_hypergradient_climbs(method: Hypergradient) -> None:
    game = small(8, horizon=2, n_states=2)
    config = replace(QUICK, hypergradient=method.value, spsa_samples=2)
    setting = Setting(game, config, episodes=300, again=True).run(15)
    gained = setting.truth(setting.state.phi) - setting.truth(torch.zeros(4, dtype=torch.float64))
    assert gained > 0.3
    assert all(np.isfinite(r.gradient_norms[0]) for r in setting.reports)


@pytest.mark.parametrize("method", PLAYS_AGAIN)
def test_who_cannot_play_again_says_so(method: Hypergradient) -> None:
    setting = Setting(small(8), replace(QUICK, hypergradient=method.value))
    with pytest.raises(InputError, match=method.value):
        setting.run(1)


@pytest.mark.parametrize("horizon", [3, None])
def test_gradient_descent_inside_gives_the_same_estimate(horizon: int | None) -> None:
    game, ends = small(9, horizon=horizon), []
    for method in ("newton", "gradient-descent"):
        config = replace(
            QUICK,
            inner_method=method,
            inner_tolerance=1e-6,
            inner_max_iterations=2000,
            policy_steps=0,
        )
        setting = Setting(game, config).run(4)
        assert all(r.inner.status is Status.CONVERGED for r in setting.reports)
        ends.append(setting.state.theta)
    assert ends[0] == pytest.approx(ends[1], abs=1e-5)


def test_a_feature_that_repeats_another_does_not_stop_it() -> None:
    game = small(10)
    psi = torch.cat([game.linear.psi, game.linear.psi[..., :1]], -1)
    doubled = replace(game, linear=LinearReward(psi), theta=np.r_[game.theta, 0.0])
    setting = Setting(doubled, episodes=60).run(10)
    last = setting.reports[-1]
    assert last.rank == 3
    assert all(r.inner.status is Status.CONVERGED for r in setting.reports)
    assert last.theta[0] == pytest.approx(last.theta[3], abs=1e-3)
    both = last.theta[0] + last.theta[3]
    assert both == pytest.approx(game.theta[0], abs=0.3)
    assert last.std[0] > 5.0 * last.std[1]
