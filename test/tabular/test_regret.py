"""The best policy for a known reward, and the cost of a wrong one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.lower_level import Status
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.population import Population, soft_expert
from bisirl_ros.tabular.regret import (
    excess_log_likelihood,
    optimal_policy,
    policy_starts,
    regret,
    with_rationality,
)
from bisirl_ros.tabular.response import soft_bellman
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def case(
    seed: int, horizon: int | None = None, beta_h: float = 0.1
) -> tuple[KnownGame, TabularSolver]:
    known = random_game(
        np.random.default_rng(seed), n_states=4, n_features=4, horizon=horizon, discount=0.8
    )
    return known, TabularSolver(known.game, known.reward, beta_h=beta_h)


@pytest.mark.parametrize("horizon", [None, 5])
def test_the_best_policy_is_a_stationary_point_of_the_solvers_own_objective(
    horizon: int | None,
) -> None:
    known, solver = case(0, horizon)
    starts = policy_starts(known.game, 8, np.random.default_rng(0))
    best = optimal_policy(solver, known.theta, starts)
    assert best.status is Status.CONVERGED
    phi = best.phi.clone().requires_grad_()
    f = solver.objective(phi, torch.from_numpy(known.theta))
    assert float(f.detach()) == pytest.approx(best.value, abs=1e-10)
    assert float(torch.autograd.grad(f, phi)[0].abs().max()) < 1e-3
    assert best.value == best.values.max() > float(solver.objective(starts[0], _t(known.theta)))


def test_against_an_expert_who_does_not_react_it_is_soft_value_iteration() -> None:
    """theta = 0: the expert chooses at random, and a Markov decision process is left."""
    known, _ = case(1)
    game = replace(known.game, kappa=0.0)
    solver = TabularSolver(game, known.reward, beta_h=0.2)
    assert game.task is not None
    soft = soft_bellman(game.transition.mean(2), game.task.mean(2) / 0.2, game.discount, None)
    expected = 0.2 * float(game.initial @ soft.v[0])
    stuck = 60.0 * torch.nn.functional.one_hot(game.task.mean(2).argmin(-1), 3).double()
    for starts in (torch.zeros(1, 12), stuck.reshape(1, -1)):
        best = optimal_policy(solver, np.zeros(4), starts, (), tolerance=1e-9)
        assert best.value == pytest.approx(expected, abs=1e-7)
        torch.testing.assert_close(game.learner_policy(best.phi), soft.pi[0], atol=1e-4, rtol=0)


def test_no_policy_of_a_fine_grid_is_better() -> None:
    """Two states, two actions: all policies can be tried; the expert reacts to each."""
    shares = torch.linspace(1e-9, 1.0 - 1e-9, 101, dtype=torch.float64)
    p = torch.cartesian_prod(shares, shares)
    every = torch.stack([p.log(), torch.log1p(-p)], -1).flatten(-2)
    rng = np.random.default_rng(2)
    for _ in range(5):
        known = random_game(rng, n_states=2, n_actions=(2, 3), n_features=3)
        theta = _t(known.theta)
        highest = float(TabularSolver(known.game, known.reward).objective(every, theta).max())
        solver = TabularSolver(known.game, known.reward, beta_h=1e-3)
        best = optimal_policy(solver, known.theta, policy_starts(known.game, 8, rng))
        bonus = 1e-3 * np.log(2.0) / (1.0 - known.game.discount)
        assert highest - 1e-4 <= best.value <= highest + bonus + 1e-2


def test_regret_is_zero_for_the_truth_and_most_of_the_span_for_its_opposite() -> None:
    known, _ = case(3)
    game = replace(known.game, task=None, kappa=1.0)
    solver = TabularSolver(game, known.reward, beta_h=0.05)
    starts = policy_starts(game, 8, np.random.default_rng(3))
    none = regret(solver, known.theta, known.theta, starts)
    assert none.share == pytest.approx(0.0, abs=1e-6)
    assert none.status is Status.CONVERGED
    for policy in policy_starts(game, 20, np.random.default_rng(4)):
        assert none.worst <= float(solver.objective(policy, _t(known.theta))) <= none.best
    slight, wrong = (
        regret(solver, theta, known.theta, starts) for theta in (1.02 * known.theta, -known.theta)
    )
    assert -1e-6 <= slight.share < 0.01
    assert 0.2 < wrong.share <= 1.0
    assert wrong.achieved == pytest.approx(wrong.best - wrong.share * (wrong.best - wrong.worst))


def test_a_climb_that_was_cut_short_says_so() -> None:
    known, solver = case(4)
    starts = policy_starts(known.game, 2, np.random.default_rng(0))
    short = optimal_policy(solver, known.theta, starts, (), max_iterations=1)
    assert short.status is Status.ITERATION_CAP
    assert short.residual > 1e-3


def test_without_entropy_it_refuses() -> None:
    known, solver = case(4, beta_h=0.0)
    with pytest.raises(InputError, match="beta_h = 0"):
        optimal_policy(solver, known.theta, torch.zeros(1, 12))


def test_another_rationality_changes_the_expert_and_not_what_the_robot_wants() -> None:
    known, solver = case(5)
    other, phi, theta = (
        with_rationality(solver, 2.0),
        known.random_phi(np.random.default_rng(0)),
        _t(known.theta),
    )
    pi_l, response = other.response(phi, theta)
    torch.testing.assert_close(response.pi, soft_expert(known.game, known.table, 2.0)(pi_l))
    torch.testing.assert_close(
        other.game.learner_reward(other.reward.table(theta)),
        known.game.learner_reward(known.table),
    )


@pytest.mark.parametrize("horizon", [None, 5])
def test_excess_log_likelihood_is_the_populations_per_decision(horizon: int | None) -> None:
    known, solver = case(6, horizon)
    phi = known.random_phi(np.random.default_rng(0))
    hat = known.theta + 0.3
    likelihood = Population(solver, known.expert).objective(phi).batches[0]
    decisions = 5.0 if horizon else 1.0 / (1.0 - known.game.discount)
    expected = (likelihood.value(hat) - likelihood.value(known.theta)) / decisions
    found = excess_log_likelihood(solver, phi[None], hat, known.expert)
    assert found == pytest.approx(expected, rel=1e-9)
    assert excess_log_likelihood(solver, phi, known.theta, known.expert) == pytest.approx(
        0, abs=1e-14
    )


def _t(theta: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(theta)
