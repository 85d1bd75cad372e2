"""The referee itself, against unrolled solvers and differences of whole re-solved problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import Estimator, Hypergradient
from bisirl_ros.core.lower_level import LowerLevelResult, Status, solve_lower_level
from bisirl_ros.tabular import population
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.population import Expert, Population, soft_expert
from bisirl_ros.tabular.reward import Reward
from bisirl_ros.tabular.solver import TabularSolver

from .conftest import Small, central, small, tensor

PRECISION = 0.05
SWEEPS = 36  # 0.4^36 = 5e-15


class FromStart(Population):
    """A lower level that begins elsewhere than at 0, which for a network is a saddle."""

    start: Array

    def lower_level(self, phi: Tensor, theta: Array | None = None) -> LowerLevelResult:
        return super().lower_level(phi, self.start if theta is None else theta)


def setting_of(horizon: int | None, seed: int = 0) -> Small:
    return small(seed, horizon=horizon, discount=0.4 if horizon is None else 0.9, n_features=2)


def true_table(setting: Small, family: str, well_specified: bool) -> Tensor:
    """What the expert goes by: a reward of the family, or a table that is none of it."""
    reward, theta = setting.family(family)
    table = reward.table(tensor(theta))
    if well_specified:
        return table
    return table + 0.7 * tensor(np.random.default_rng(5).normal(size=table.shape))


def population_of(setting: Small, family: str, well_specified: bool) -> FromStart:
    reward, theta = setting.family(family)
    expert = soft_expert(setting.game, true_table(setting, family, well_specified))
    problem = FromStart(TabularSolver(setting.game, reward), expert, PRECISION)
    problem.start = theta
    return problem


# The same problem, unrolled


def unrolled_log_pi(game: TabularGame, pi_l: Tensor, r_e: Tensor) -> Tensor:
    """(H, S, A_e) by sweeps, of which the last alone counts without a horizon."""
    reward = torch.einsum("sl,sle->se", pi_l, r_e)
    chain = torch.einsum("sl,slet->set", pi_l, game.transition)
    v, swept = torch.zeros(game.n_states, dtype=torch.float64), []
    for _ in range(game.horizon or SWEEPS):
        q = reward + game.discount * torch.einsum("set,t->se", chain, v)
        v = torch.logsumexp(q, -1)
        swept.append(q - v[:, None])
    return torch.stack(swept[::-1] if game.horizon else swept[-1:])


def unrolled_flow(game: TabularGame, pi_l: Tensor, pi_e: Tensor) -> Tensor:
    """P(s_h = s, a_l, a_e), (H, S, A_l, A_e); without a horizon times gamma^h, for SWEEPS steps."""
    d, flow, endless = game.initial, [], game.horizon is None
    for h in range(game.horizon or SWEEPS):
        both = d[:, None, None] * pi_l[:, :, None] * pi_e[0 if endless else h][:, None, :]
        flow.append(both)
        d = torch.einsum("sle,slet->t", both, game.transition) * (game.discount if endless else 1.0)
    return torch.stack(flow)


class Unrolled:
    """F(phi) with nothing but differentiable loops."""

    def __init__(self, game: TabularGame, reward: Reward, true: Tensor) -> None:
        self.game, self.reward, self.true = game, reward, true

    def g(self, phi: Tensor, theta: Tensor) -> Tensor:
        game, pi_l = self.game, self.game.learner_policy(phi)
        chosen = unrolled_flow(game, pi_l, unrolled_log_pi(game, pi_l, self.true).exp()).sum(2)
        if game.horizon is None:
            chosen = chosen.sum(0, keepdim=True)
        log_pi = unrolled_log_pi(game, pi_l, self.reward.table(theta))
        return 0.5 * PRECISION * theta @ theta - (chosen * log_pi).sum()

    def f(self, phi: Tensor, theta: Tensor) -> Tensor:
        game, pi_l = self.game, self.game.learner_policy(phi)
        assert game.task is not None
        r_e = self.reward.table(theta)
        r_l = game.task + game.kappa * r_e
        joint = unrolled_flow(game, pi_l, unrolled_log_pi(game, pi_l, r_e).exp())
        weight = torch.ones(len(joint), dtype=torch.float64)
        if game.horizon:
            weight = game.discount ** torch.arange(game.horizon, dtype=torch.float64)
        return (weight[:, None, None, None] * joint * r_l).sum()

    def by_newton(self, phi: Tensor, near: Array, steps: int = 4) -> Tensor:
        """grad F through Newton steps of the lower level."""
        phi, theta = phi.clone().requires_grad_(), tensor(near).requires_grad_()
        for _ in range(steps):
            slope = torch.autograd.grad(self.g(phi, theta), theta, create_graph=True)[0]
            rows = [torch.autograd.grad(x, theta, create_graph=True)[0] for x in slope]
            theta = theta - torch.linalg.solve(torch.stack(rows), slope)
        return torch.autograd.grad(self.f(phi, theta), phi)[0]

    def by_descent(self, phi: Tensor, steps: int, length: float) -> Tensor:
        """grad F through gradient descent of the lower level from 0."""
        phi = phi.clone().requires_grad_()
        theta = torch.zeros(self.reward.n_features, dtype=torch.float64, requires_grad=True)
        for _ in range(steps):
            slope = torch.autograd.grad(self.g(phi, theta), theta, create_graph=True)[0]
            theta = theta - length * slope
        return torch.autograd.grad(self.f(phi, theta), phi)[0]


CASES = [
    (family, horizon, well)
    for family in ("linear", "network")
    for horizon in (3, None)
    for well in (True, False)
]


@pytest.mark.parametrize(("family", "horizon", "well_specified"), CASES)
def test_implicit_is_unrolled_is_finite_differences(
    family: str, horizon: int | None, well_specified: bool
) -> None:
    setting = setting_of(horizon)
    problem = population_of(setting, family, well_specified)
    v = problem.hypergradient(setting.phi).numpy()
    theta = problem.lower_level(setting.phi).theta
    scale = np.linalg.norm(v)
    numeric = central(lambda x: problem.value(tensor(x), theta), setting.phi.numpy(), 1e-4)
    assert v == pytest.approx(numeric, abs=1e-6 * scale)
    reward, true = setting.family(family)[0], true_table(setting, family, well_specified)
    near = theta + 1e-3
    unrolled = Unrolled(setting.game, reward, true).by_newton(setting.phi, near)
    assert v == pytest.approx(unrolled.numpy(), abs=1e-6 * scale)
    first = problem.hypergradient(setting.phi, Estimator(Hypergradient.FIRST_ORDER)).numpy()
    if not well_specified:
        assert np.linalg.norm(v - first) > 0.01 * scale  # the second term matters


def test_implicit_is_what_gradient_descent_unrolled_gives() -> None:
    setting = setting_of(3)
    problem = population_of(setting, "linear", False)
    v = problem.hypergradient(setting.phi).numpy()
    largest = np.linalg.eigvalsh(problem.objective(setting.phi).hessian(setting.theta))[-1]
    unrolled = Unrolled(setting.game, setting.linear, true_table(setting, "linear", False))
    errors = [
        np.linalg.norm(unrolled.by_descent(setting.phi, steps, 1.0 / largest).numpy() - v)
        for steps in (5, 150)
    ]
    assert errors[0] > 1e-3 * np.linalg.norm(v)
    assert errors[1] < 1e-6 * np.linalg.norm(v)


@pytest.mark.parametrize("horizon", [3, None])
def test_theta_is_the_minimiser_and_the_value_is_there(horizon: int | None) -> None:
    setting = setting_of(horizon, seed=1)
    problem = population_of(setting, "linear", False)
    result = problem.lower_level(setting.phi)
    assert result.status is Status.CONVERGED
    unrolled = Unrolled(setting.game, setting.linear, true_table(setting, "linear", False))
    theta = tensor(result.theta).requires_grad_()
    slope = torch.autograd.grad(unrolled.g(setting.phi, theta), theta)[0]
    assert slope.numpy() == pytest.approx(np.zeros(2), abs=1e-11)
    value = float(unrolled.f(setting.phi, theta.detach()))
    assert problem.value(setting.phi) == pytest.approx(value, abs=1e-11)


@pytest.mark.parametrize("horizon", [3, None])
def test_where_the_model_is_right_only_the_response_counts(horizon: int | None) -> None:
    """theta* is the truth for every phi, so the second term is zero; the response is not."""
    setting = setting_of(horizon, seed=2)
    game, theta = setting.game, setting.theta
    expert = soft_expert(game, setting.linear.table(tensor(theta)))
    problem = Population(TabularSolver(game, setting.linear), expert, 1e-9)
    for phi in (setting.phi, setting.phi.flip(0)):
        assert problem.lower_level(phi).theta == pytest.approx(theta, abs=1e-6)
    terms, _ = problem.outer_terms(setting.phi)
    w = np.array([1.0, -2.0])
    assert terms.pull_back(w).norm() < 1e-6
    frozen_expert: Expert = lambda pi_l: expert(game.learner_policy(setting.phi))  # noqa: E731
    frozen, _ = Population(problem.solver, frozen_expert, 1e-9).outer_terms(setting.phi)
    assert frozen.pull_back(w).norm() > 1e-3
    v = problem.hypergradient(setting.phi)
    first = problem.hypergradient(setting.phi, Estimator(Hypergradient.FIRST_ORDER))
    assert torch.allclose(v, first, rtol=0, atol=1e-6 * float(v.norm()))


def test_twice_the_rationality_is_twice_the_weights() -> None:
    setting = setting_of(3, seed=3)
    table = setting.linear.table(tensor(setting.theta))
    sharp = soft_expert(setting.game, table, rationality=2.0)
    problem = Population(TabularSolver(setting.game, setting.linear), sharp, 1e-9)
    theta = problem.lower_level(setting.phi).theta
    assert theta == pytest.approx(2.0 * setting.theta, abs=1e-6)


def test_the_estimators_agree_and_improve_with_effort() -> None:
    setting = small(4, horizon=3, n_features=3)
    problem = population_of(setting, "linear", False)
    exact = problem.hypergradient(setting.phi)

    def error(estimator: Estimator, seed: int = 0) -> float:
        rng = np.random.default_rng(seed)
        v = problem.hypergradient(setting.phi, estimator, rng)
        return float((v - exact).norm() / exact.norm())

    steps = [error(Estimator(cg_steps=m)) for m in (1, 2, 3)]
    assert steps[0] > steps[1] > steps[2] and steps[2] < 1e-9
    terms = [error(Estimator(Hypergradient.NEUMANN, neumann_terms=m)) for m in (3, 30, 1000)]
    assert terms[0] > terms[1] > terms[2] and terms[2] < 1e-6
    differences = Estimator(Hypergradient.FINITE_DIFFERENCE, perturbation=1e-4)
    assert error(differences) < 1e-7
    few, many = (
        np.mean([error(Estimator(Hypergradient.SPSA, samples=m), seed) for seed in range(3)])
        for m in (1, 25)
    )
    assert many < 0.6 * few
    assert many < 2.0 * np.sqrt(5 / 25)  # sqrt((n - 1) / m), n = 6


def test_a_patient_game_is_solved_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand decisions per episode: Newton is at the minimiser after ten steps, and says so."""

    def briefly(*arguments: Any, **settings: Any) -> LowerLevelResult:
        return solve_lower_level(*arguments, **(settings | {"max_iterations": 20}))

    monkeypatch.setattr(population, "solve_lower_level", briefly)
    setting = small(0, horizon=None, discount=0.999)
    expert = soft_expert(setting.game, setting.linear.table(tensor(setting.theta)))
    problem = Population(TabularSolver(setting.game, setting.linear), expert)
    assert problem.lower_level(setting.phi).theta == pytest.approx(setting.theta, abs=1e-2)
