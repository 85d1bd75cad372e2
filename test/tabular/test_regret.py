"""The cost of a wrong reward."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.core.lower_level import Status
from bisirl_ros.tabular.optimal_policy import policy_starts
from bisirl_ros.tabular.population import Population
from bisirl_ros.tabular.regret import excess_log_likelihood, regret
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import known_game, tensor


def test_regret_is_zero_for_the_truth_and_most_of_the_span_for_its_opposite() -> None:
    known, _ = known_game(3)
    game = replace(known.game, task=None, kappa=1.0)
    solver = TabularSolver(game, known.reward, beta_h=0.05)
    starts = policy_starts(game, 8, np.random.default_rng(3))
    none = regret(solver, known.theta, known.theta, starts)
    assert none.share == pytest.approx(0.0, abs=1e-6)
    assert none.status is Status.CONVERGED
    for policy in policy_starts(game, 20, np.random.default_rng(4)):
        assert none.worst <= float(solver.objective(policy, tensor(known.theta))) <= none.best
    slight, wrong = (
        regret(solver, theta, known.theta, starts) for theta in (1.02 * known.theta, -known.theta)
    )
    assert -1e-6 <= slight.share < 0.01
    assert 0.2 < wrong.share <= 1.0
    assert wrong.achieved == pytest.approx(wrong.best - wrong.share * (wrong.best - wrong.worst))


@pytest.mark.parametrize("horizon", [None, 5])
def test_excess_log_likelihood_is_the_populations_per_decision(horizon: int | None) -> None:
    known, solver = known_game(6, horizon)
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
