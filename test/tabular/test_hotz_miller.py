"""The estimate of Hotz and Miller: exact from exact frequencies, else a good start."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import Status, solve_lower_level
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game


def exact(known: KnownGame, policies: int, rng: np.random.Generator) -> TabularLikelihood:
    """Expected choices under several policies."""
    pi_l = known.game.learner_policy(torch.stack([known.random_phi(rng) for _ in range(policies)]))
    pi_e = known.expert(pi_l)
    counts = visits(known.game, pi_l, pi_e)[..., None] * pi_e
    return TabularLikelihood(known.game, known.reward, pi_l, counts)


@pytest.mark.parametrize("horizon", [None, 1, 4])
@pytest.mark.parametrize("policies", [1, 3])
def test_exact_frequencies_give_the_truth(horizon: int | None, policies: int) -> None:
    rng = np.random.default_rng(policies)
    known = random_game(rng, n_states=5, horizon=horizon)
    found = exact(known, policies, rng).hotz_miller()
    assert found == pytest.approx(known.theta, abs=1e-7)


@pytest.mark.parametrize("horizon", [None, 6])
def test_from_samples_newton_goes_on_to_the_same_minimum_in_fewer_steps(
    horizon: int | None,
) -> None:
    rng = np.random.default_rng(7)
    known = random_game(rng, horizon=horizon)
    solver, phi = TabularSolver(known.game, known.reward), known.random_phi(rng)
    likelihood = solver.likelihood(known.play(phi, 2000, rng), phi)
    evidence = Evidence.start(8, 1e-6).add(likelihood)
    near, zero = likelihood.hotz_miller(), np.zeros(8)
    a, b = (
        solve_lower_level(evidence, start, trajectories=2000, tolerance=1e-10)
        for start in (near, zero)
    )
    assert a.status is b.status is Status.CONVERGED
    assert a.theta == pytest.approx(b.theta, abs=1e-6)
    assert a.iterations < b.iterations
    assert np.linalg.norm(near - known.theta) < 0.3 * np.linalg.norm(known.theta)


def test_states_that_nobody_visited_do_no_harm() -> None:
    known = random_game(np.random.default_rng(1), horizon=2)
    solver = TabularSolver(known.game, known.reward)
    phi = torch.zeros(24, dtype=torch.float64)
    batch = known.play(phi, 1, np.random.default_rng(2))
    assert np.isfinite(solver.likelihood(batch, phi).hotz_miller()).all()
