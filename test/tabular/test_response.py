"""The expert's response against plain loops, finite differences and an equilibrium."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.lower_level import Status
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.response import averaged, closed_loop, respond

from .conftest import (
    along,
    bellman_backup,
    log_sum_exp,
    looped_response,
    random_policies,
    small,
    tensor,
)


@pytest.mark.parametrize("discount", [0.7, 1.0])
def test_a_finite_horizon_is_backward_induction(discount: float) -> None:
    setting = small(0, horizon=4, discount=discount, n_states=4, n_actions=(2, 3))
    r_e = 3.0 * setting.linear.table(tensor(setting.theta))
    ours = respond(setting.game, setting.pi_l, r_e)
    q, v, pi = looped_response(setting.game, setting.pi_l.numpy(), r_e.numpy())
    assert ours.q.numpy() == pytest.approx(q, abs=1e-12)
    assert ours.v.numpy() == pytest.approx(v, abs=1e-12)
    assert ours.pi.numpy() == pytest.approx(pi, abs=1e-13)
    assert ours.log_pi.exp().sum(-1).numpy() == pytest.approx(np.ones((4, 4)), abs=1e-13)
    assert ours.status is Status.CONVERGED and ours.residual == 0.0


def test_the_learner_is_averaged_out_of_the_dynamics() -> None:
    setting = small(1, n_actions=(3, 2))
    pi, p = setting.pi_l.numpy(), setting.game.transition.numpy()
    r_e = setting.linear.table(tensor(setting.theta)).numpy()
    chain = closed_loop(setting.game, setting.pi_l).numpy()
    mean = averaged(setting.pi_l, torch.from_numpy(r_e)).numpy()
    for s, a_e in np.ndindex(3, 2):
        expected = sum(pi[s, a_l] * p[s, a_l, a_e] for a_l in range(3))
        assert chain[s, a_e] == pytest.approx(expected, abs=1e-15)
        assert mean[s, a_e] == pytest.approx(sum(pi[s] * r_e[s, :, a_e]), abs=1e-15)


@pytest.mark.parametrize(("n_states", "discount"), [(5, 0.9), (30, 0.99), (90, 0.9999)])
def test_without_a_horizon_it_is_the_fixed_point(n_states: int, discount: float) -> None:
    setting = small(2, horizon=None, discount=discount, n_states=n_states)
    r_e = setting.linear.table(tensor(setting.theta))
    ours = respond(setting.game, setting.pi_l, r_e)
    assert ours.status is Status.CONVERGED
    assert ours.iterations < 20
    v = ours.v[0].numpy()
    q = bellman_backup(setting.game, setting.pi_l.numpy(), r_e.numpy(), v)
    scale = max(1.0, float(np.abs(v).max()))
    assert np.abs(log_sum_exp(q) - v).max() < 1e-13 * scale
    assert ours.q[0].numpy() == pytest.approx(q, abs=1e-13 * scale)
    pi = np.exp(q - log_sum_exp(q)[:, None])
    assert ours.pi[0].numpy() == pytest.approx(pi, abs=1e-12 * scale)


def test_without_a_horizon_it_is_the_first_step_of_a_long_one() -> None:
    endless = small(3, horizon=None, discount=0.85, n_states=4)
    long = replace(endless.game, horizon=260)  # 0.85^260 = 4e-19
    r_e = 2.0 * endless.linear.table(tensor(endless.theta))
    ours, far = (respond(game, endless.pi_l, r_e) for game in (endless.game, long))
    assert ours.v[0].numpy() == pytest.approx(far.v[0].numpy(), abs=1e-12)
    assert ours.pi[0].numpy() == pytest.approx(far.pi[0].numpy(), abs=1e-13)


@pytest.mark.parametrize("horizon", [3, None])
def test_a_batch_is_its_policies_one_by_one(horizon: int | None) -> None:
    setting = small(4, horizon=horizon, n_states=4)
    r_e = setting.linear.table(tensor(setting.theta))
    policies = random_policies(setting.game, 5, seed=0)
    rewards = torch.linspace(-2.0, 2.0, 5, dtype=torch.float64)[:, None, None, None] * r_e
    together = respond(setting.game, policies, rewards)
    for i in range(5):
        alone = respond(setting.game, policies[i], rewards[i])
        assert torch.allclose(together.v[i], alone.v, rtol=0, atol=1e-12)
        assert torch.allclose(together.pi[i], alone.pi, rtol=0, atol=1e-13)


@pytest.mark.parametrize("horizon", [4, None])
def test_derivatives_up_to_the_third_are_right(horizon: int | None) -> None:
    """Along a line through rewards and policies at once, each against the order below it.

    A function of V, Q and pi_e; its derivative of order n + 1 from automatic differentiation, from
    central differences of order n.
    """
    setting, rng = small(5, horizon=horizon, n_states=4), np.random.default_rng(0)
    theta, theta_way, phi_way = (
        torch.from_numpy(rng.normal(size=size)) for size in (3, 3, len(setting.phi))
    )
    steps = setting.game.steps
    of_v, of_pi = (torch.from_numpy(rng.normal(size=(steps, *s))) for s in ((4,), (4, 2)))

    def orders(at: float) -> list[float]:
        t = torch.tensor(at, dtype=torch.float64, requires_grad=True)
        pi_l = setting.game.learner_policy(setting.phi + t * phi_way)
        response = respond(setting.game, pi_l, setting.linear.table(theta + t * theta_way))
        value: Tensor = (of_v * response.v).sum() + (of_pi * response.log_pi.square()).sum()
        values = [value]
        for _ in range(3):
            values.append(torch.autograd.grad(values[-1], t, create_graph=True)[0])
        return [float(x.detach()) for x in values]

    exact = orders(0.0)
    for n in range(3):
        numeric = along(lambda at, n=n: orders(at)[n], 1e-3)
        assert exact[n + 1] == pytest.approx(numeric, rel=1e-7, abs=1e-7)


def test_a_fixed_point_that_is_not_there_is_not_claimed() -> None:
    setting = small(6, horizon=None)
    for value in (float("nan"), float("inf"), 1e308):
        r_e = setting.linear.table(tensor(setting.theta)).clone()
        r_e[1, 0, 1] = value
        response = respond(setting.game, setting.pi_l, r_e)
        assert response.status is not Status.CONVERGED
        assert not response.residual <= 1e-6


@pytest.mark.parametrize("horizon", [1, 3])
def test_forbidden_actions_are_not_taken(horizon: int) -> None:
    setting = small(7, horizon=horizon)
    r_e = setting.linear.table(tensor(setting.theta)).clone()
    r_e[1, :, 0] = -1e9
    pi = respond(setting.game, setting.pi_l, r_e).pi
    assert float(pi[:, 1, 0].max()) == 0.0
    assert float(pi[:, 1, 1].min()) == 1.0


def test_shaping_by_a_potential_changes_no_policy_without_a_horizon() -> None:
    setting, rng = small(8, horizon=None, n_states=6), np.random.default_rng(1)
    game, potential = setting.game, torch.from_numpy(3.0 * rng.normal(size=6))
    r_e = setting.linear.table(tensor(setting.theta))
    shaped = r_e + game.discount * game.transition @ potential - potential[:, None, None]
    plain, other = (respond(game, setting.pi_l, table) for table in (r_e, shaped))
    assert float((plain.pi - other.pi).abs().max()) < 1e-12
    assert other.v.numpy() == pytest.approx((plain.v - potential).numpy(), abs=1e-11)
    half = r_e + 0.5 * game.discount * game.transition @ potential - potential[:, None, None]
    assert float((plain.pi - respond(game, setting.pi_l, half).pi).abs().max()) > 0.01


def test_shaping_by_a_potential_changes_no_policy_in_layers() -> None:
    """Four layers of two states, left one after another; the potential vanishes in the last."""
    rng, layers, width = np.random.default_rng(2), 4, 2
    n = layers * width
    transition = np.zeros((n, 2, 3, n))
    for layer in range(layers):
        here = slice(layer * width, (layer + 1) * width)
        to = min(layer + 1, layers - 1) * width
        transition[here, ..., to : to + width] = rng.dirichlet(np.ones(width), size=(width, 2, 3))
    initial = np.r_[0.3, 0.7, np.zeros(n - width)]
    game = TabularGame(tensor(transition), tensor(initial), 0.9, layers)
    potential = tensor(np.r_[2.0 * rng.normal(size=n - width), np.zeros(width)])
    r_e = tensor(rng.normal(size=(n, 2, 3)))
    shaped = r_e + 0.9 * game.transition @ potential - potential[:, None, None]
    pi_l = random_policies(game, 1, seed=3)[0]
    plain, other = (respond(game, pi_l, table).pi for table in (r_e, shaped))
    for layer in range(layers):  # at time h the game is in layer h
        here = slice(layer * width, (layer + 1) * width)
        assert float((plain[layer, here] - other[layer, here]).abs().max()) < 1e-12
    everywhere = potential + 1.0
    lifted = r_e + 0.9 * game.transition @ everywhere - everywhere[:, None, None]
    uneven = potential + tensor(np.r_[np.zeros(n - 1), 5.0])
    left = r_e + 0.9 * game.transition @ uneven - uneven[:, None, None]
    assert float((plain[0, :2] - respond(game, pi_l, lifted).pi[0, :2]).abs().max()) < 1e-12
    assert float((plain[2, 4:6] - respond(game, pi_l, left).pi[2, 4:6]).abs().max()) > 0.01


def test_mutual_soft_best_responses_are_the_quantal_response_equilibrium() -> None:
    """McKelvey and Palfrey (1995) on a 2 x 2 game, its two equations solved by bisection.

    x, y: probability of the first action of learner and expert
    """
    r_l = np.array([[3.0, -1.0], [0.5, 1.0]])  # (a_l, a_e)
    r_e = np.array([[-1.0, 2.0], [1.5, -0.5]])

    def sigmoid(z: float) -> float:
        return float(1.0 / (1.0 + np.exp(-z)))

    def learner(y: float) -> float:
        return sigmoid((r_l[0] - r_l[1]) @ (y, 1.0 - y))

    def expert(x: float) -> float:
        return sigmoid((x, 1.0 - x) @ (r_e[:, 0] - r_e[:, 1]))

    low, high = 0.0, 1.0  # learner(expert(x)) - x falls: this game has one equilibrium
    for _ in range(80):
        x = 0.5 * (low + high)
        low, high = (x, high) if learner(expert(x)) > x else (low, x)

    one = torch.ones(1, 2, 2, 1, dtype=torch.float64)
    game = TabularGame(one, torch.ones(1), 1.0, 1)
    phi = torch.zeros(2, dtype=torch.float64)
    for _ in range(400):
        y = respond(game, game.learner_policy(phi), tensor(r_e)[None]).pi[0, 0]
        phi = 0.5 * phi + 0.5 * tensor(r_l) @ y  # damped logit response
    assert float(game.learner_policy(phi)[0, 0]) == pytest.approx(x, abs=1e-12)
    assert float(y[0]) == pytest.approx(expert(x), abs=1e-12)
    assert 0.05 < x < 0.95 and abs(x - expert(x)) > 0.01


def between_good_and_bad(seed: int) -> tuple[TabularGame, Tensor, Tensor]:
    """20 states lead to 20 good and 20 bad ones with equal chances, left never: worth about zero.

    The game, a learner's policy and a reward.
    """
    rng, n = np.random.default_rng(seed), 20
    transition = np.zeros((3 * n, 2, 2, 3 * n))
    rows = rng.dirichlet(np.ones(n), size=(4, n, 2, 2))
    transition[:n, ..., n : 2 * n], transition[:n, ..., 2 * n :] = 0.5 * rows[0], 0.5 * rows[1]
    transition[n : 2 * n, ..., n : 2 * n], transition[2 * n :, ..., 2 * n :] = rows[2], rows[3]
    r_e = 0.1 * rng.normal(size=(3 * n, 2, 2)) + np.repeat([0.0, 1.0, -1.0], n)[:, None, None]
    r_e[n:] -= np.log(2.0)  # the entropy of two actions alike
    game = TabularGame(tensor(transition), tensor(np.full(3 * n, 1 / (3 * n))), 0.999)
    return game, random_policies(game, 1, seed)[0], tensor(r_e)


def test_values_of_both_signs_do_not_keep_it_from_converging() -> None:
    """Where a state is worth about zero and others a thousand, rounding is that of the others."""
    settings = [between_good_and_bad(seed) for seed in range(10)]
    assert all(respond(*setting).status is Status.CONVERGED for setting in settings)
