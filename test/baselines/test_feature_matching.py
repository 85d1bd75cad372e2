"""Feature matching: derivatives, what it finds in the population, and against the likelihood."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.baselines.feature_matching import (
    FeatureMatching,
    expected_features,
    feature_sums,
)
from bisirl_ros.core.lower_level import Status, is_positive_definite, solve_lower_level
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import occupancy
from bisirl_ros.theory.random_games import KnownGame, random_game

HORIZONS = (None, 1, 4)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def two_policies(known: KnownGame, rng: np.random.Generator) -> Tensor:
    """(2, S, A_l)"""
    return known.game.learner_policy(torch.stack([known.random_phi(rng) for _ in range(2)]))


def population(known: KnownGame, pi_l: Tensor, pi_e: Tensor) -> FeatureMatching:
    """Two batches of one and three expected episodes of an expert who plays pi_e."""
    episodes = torch.tensor([1.0, 3.0], dtype=torch.float64)
    sums = episodes[:, None] * expected_features(known.game, known.reward, pi_l, pi_e)
    return FeatureMatching(known.game, known.reward, pi_l, sums, episodes)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_gradient_and_hessian_are_those_of_the_value(horizon: int | None) -> None:
    rng = np.random.default_rng(0)
    known = random_game(rng, horizon=horizon, n_states=4, n_features=4)
    pi_l = two_policies(known, rng)
    batches = [known.play(pi.log().flatten(), 30, rng) for pi in pi_l]
    sums = torch.stack([feature_sums(known.game, known.reward, batch) for batch in batches])
    dual = FeatureMatching(known.game, known.reward, pi_l, sums, torch.full((2,), 30.0))
    theta, step = rng.normal(size=4), 1e-5
    eye = step * np.eye(4)
    slopes = [(dual.value(theta + e) - dual.value(theta - e)) / (2 * step) for e in eye]
    bends = [(dual.gradient(theta + e) - dual.gradient(theta - e)) / (2 * step) for e in eye]
    assert dual.gradient(theta) == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-5)
    assert dual.hessian(theta) == pytest.approx(np.array(bends), rel=1e-6, abs=1e-5)
    assert dual.fisher(theta) == pytest.approx(dual.hessian(theta))
    assert is_positive_definite(dual.hessian(10.0 * theta)), "the dual is convex"


@pytest.mark.parametrize("horizon", HORIZONS)
def test_the_population_gives_the_true_weights(horizon: int | None) -> None:
    rng = np.random.default_rng(1)
    known = random_game(rng, horizon=horizon)
    pi_l = two_policies(known, rng)
    dual = population(known, pi_l, known.expert(pi_l))
    result = solve_lower_level(dual, np.zeros(8), trajectories=4, tolerance=1e-11)
    assert result.status is Status.CONVERGED
    assert result.theta == pytest.approx(known.theta, abs=1e-7)


@pytest.mark.parametrize("horizon", HORIZONS)
def test_in_the_population_it_is_the_discounted_likelihood_whoever_the_expert_is(
    horizon: int | None,
) -> None:
    """sum_h gamma^h (V_h - Q_h) telescopes to V_0 - sum_h gamma^h r, in expectation."""
    rng = np.random.default_rng(2)
    known = random_game(rng, horizon=horizon)
    game, pi_l = known.game, two_policies(known, rng)
    someone = torch.from_numpy(rng.dirichlet(np.ones(3), size=(2, game.steps, game.n_states)))
    dual = population(known, pi_l, someone)
    d = occupancy(game, pi_l, someone, game.discount)
    counts = torch.tensor([1.0, 3.0])[:, None, None, None] * d[..., None] * someone
    likelihood = TabularLikelihood(game, known.reward, pi_l, counts)
    theta = rng.normal(size=8)
    assert dual.value(theta) == pytest.approx(likelihood.value(theta), rel=1e-10)
    assert dual.gradient(theta) == pytest.approx(likelihood.gradient(theta), abs=1e-9)
    assert dual.hessian(theta) == pytest.approx(likelihood.hessian(theta), abs=1e-9)
    best = [
        solve_lower_level(objective, np.zeros(8), trajectories=4, tolerance=1e-11).theta
        for objective in (dual, likelihood)
    ]
    assert best[0] == pytest.approx(best[1], abs=1e-7)


@pytest.mark.parametrize("horizon", (None, 3))
def test_feature_sums_of_many_episodes_are_the_expected_ones(horizon: int | None) -> None:
    rng = np.random.default_rng(3)
    known = random_game(rng, horizon=horizon, n_features=3)
    game, reward, phi = known.game, known.reward, known.random_phi(rng)
    pi_l = game.learner_policy(phi)
    expected = expected_features(game, reward, pi_l, known.expert(pi_l)).numpy()
    spread = []
    for policy in (None, pi_l):
        runs = np.stack(
            [feature_sums(game, reward, known.play(phi, 50, rng), policy) / 50 for _ in range(60)]
        )
        error = runs.std(0, ddof=1) / np.sqrt(len(runs))
        assert np.abs(runs.mean(0) - expected).max() < 4 * error.max()
        assert error.max() < 0.3, "the sampling error must not hide a wrong weight"
        spread.append(error.sum())
    assert spread[1] < spread[0], "the learner's luck is left out"


def test_shapes_that_disagree_are_refused() -> None:
    rng = np.random.default_rng(4)
    known = random_game(rng)
    pi_l, one = two_policies(known, rng), torch.ones(2)
    with pytest.raises(InputError, match=r"feature_sums: shape \(2, 3\); give \(2, 8\)"):
        FeatureMatching(known.game, known.reward, pi_l, torch.ones(2, 3), one)
    with pytest.raises(InputError, match=r"episodes: shape"):
        FeatureMatching(known.game, known.reward, pi_l, torch.ones(2, 8), torch.ones(3))
