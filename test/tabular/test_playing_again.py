"""Hypergradients of a game that can be played again: luck, and the truth on average."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import Estimator, Hypergradient, hypergradient
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.interactions import TabularInteractions, collect
from bisirl_ros.tabular.population import Population, soft_expert
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import (
    Small,
    central,
    small,
    tensor,
)

W = np.array([0.7, -1.3, 0.4])


def plays_again(setting: Small, episodes: int) -> TabularSolver:
    """A solver that can collect again, with the model's own expert."""
    game, expert = (
        setting.game,
        soft_expert(setting.game, setting.linear.table(tensor(setting.theta))),
    )

    def recollect(phi: Tensor, luck: np.random.Generator) -> TabularInteractions:
        with torch.no_grad():
            pi_l = game.learner_policy(phi)
            return collect(game, pi_l, expert(pi_l), episodes, luck)

    return TabularSolver(game, setting.linear, recollect=recollect)


def test_the_same_seed_is_the_same_luck() -> None:
    setting = small(13, horizon=2)
    solver, evidence = plays_again(setting, 30), Evidence.start(3, 0.1)
    terms = solver.outer_terms(setting.phi, setting.theta, evidence, [], np.random.default_rng(0))
    assert terms.re_solved is not None
    value = terms.re_solved(setting.phi, 5)
    assert terms.re_solved(setting.phi, 5) == value
    assert terms.re_solved(setting.phi, 6) != value
    alone = replace(terms, re_solved=None)
    for method in (Hypergradient.SPSA, Hypergradient.FINITE_DIFFERENCE):
        with pytest.raises(InputError, match="again"):
            hypergradient(
                alone,
                setting.phi,
                np.eye(3).__matmul__,
                Estimator(method),
                np.random.default_rng(0),
            )


@pytest.mark.parametrize("method", [Hypergradient.FINITE_DIFFERENCE, Hypergradient.SPSA])
def test_what_is_collected_again_averages_to_the_truth(method: Hypergradient) -> None:
    """The right model: close to the population's hypergradient, within five standard errors."""
    setting = small(14, horizon=2, n_states=2)
    solver, evidence = plays_again(setting, 20_000), Evidence.start(3, 0.1)
    expert = soft_expert(setting.game, setting.linear.table(tensor(setting.theta)))
    population = Population(solver, expert, 1e-6)
    truth = population.hypergradient(setting.phi).numpy()
    wide = central(lambda x: population.value(tensor(x)), setting.phi.numpy(), 0.2)
    rng = np.random.default_rng(1)
    terms = solver.outer_terms(setting.phi, setting.theta, evidence, [], rng)
    estimator = Estimator(method, perturbation=0.2, samples=4)
    draws = np.array(
        [
            hypergradient(terms, setting.phi, np.eye(3).__matmul__, estimator, rng).numpy()
            for _ in range(12)
        ]
    )
    error = draws.std(0, ddof=1) / np.sqrt(len(draws))
    assert np.linalg.norm(error) < 0.35 * np.linalg.norm(truth)
    bias = 2.0 * np.linalg.norm(wide - truth)  # of differences so far apart
    assert bias < 0.1 * np.linalg.norm(truth)
    assert (np.abs(draws.mean(0) - truth) < 4.0 * error + bias).all()
