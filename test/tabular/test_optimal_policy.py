"""The best policy for a known reward."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.lower_level import Status
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.optimal_policy import optimal_policy, policy_starts
from bisirl_ros.tabular.response import soft_bellman
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import random_game

from .conftest import known_game, tensor


@pytest.mark.parametrize("horizon", [None, 5])
def test_the_best_policy_is_a_stationary_point_of_the_solvers_own_objective(
    horizon: int | None,
) -> None:
    known, solver = known_game(0, horizon)
    starts = policy_starts(known.game, 8, np.random.default_rng(0))
    best = optimal_policy(solver, known.theta, starts)
    assert best.status is Status.CONVERGED
    phi = best.phi.clone().requires_grad_()
    f = solver.objective(phi, torch.from_numpy(known.theta))
    assert float(f.detach()) == pytest.approx(best.value, abs=1e-10)
    assert float(torch.autograd.grad(f, phi)[0].abs().max()) < 1e-3
    assert best.value == best.values.max() > float(solver.objective(starts[0], tensor(known.theta)))


def test_against_an_expert_who_does_not_react_it_is_soft_value_iteration() -> None:
    """theta = 0: the expert chooses at random, and a Markov decision process is left."""
    known, _ = known_game(1)
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
        theta = tensor(known.theta)
        highest = float(TabularSolver(known.game, known.reward).objective(every, theta).max())
        solver = TabularSolver(known.game, known.reward, beta_h=1e-3)
        best = optimal_policy(solver, known.theta, policy_starts(known.game, 8, rng))
        bonus = 1e-3 * np.log(2.0) / (1.0 - known.game.discount)
        assert highest - 1e-4 <= best.value <= highest + bonus + 1e-2


def test_a_climb_that_was_cut_short_says_so() -> None:
    known, solver = known_game(4)
    starts = policy_starts(known.game, 2, np.random.default_rng(0))
    short = optimal_policy(solver, known.theta, starts, (), max_iterations=1)
    assert short.status is Status.ITERATION_CAP
    assert short.residual > 1e-3


def test_without_entropy_it_refuses() -> None:
    known, solver = known_game(4, beta_h=0.0)
    with pytest.raises(InputError, match="beta_h = 0"):
        optimal_policy(solver, known.theta, torch.zeros(1, 12))
