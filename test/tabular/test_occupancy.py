"""State visits against sums over all trajectories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.tabular.occupancy import expected_return, occupancy, visits
from bisirl_ros.tabular.response import respond

from .conftest import all_trajectories, random_policies, small, tensor

HORIZONS = [(3, 0.8), (3, 1.0), (1, 0.5), (None, 0.8), (None, 0.99)]


@pytest.mark.parametrize(("horizon", "discount"), HORIZONS)
def test_occupancies_sum_to_the_geometric_series(horizon: int | None, discount: float) -> None:
    setting = small(1, horizon=horizon, discount=discount, n_states=5)
    pi_e = respond(setting.game, setting.pi_l, setting.linear.table(tensor(setting.theta))).pi
    d = occupancy(setting.game, setting.pi_l, pi_e, discount)
    assert d.shape == (horizon or 1, 5)
    assert float(d.min()) > 0.0
    if horizon is None:
        total = 1.0 / (1.0 - discount)
    else:
        total = sum(discount**h for h in range(horizon))
    assert float(d.sum()) == pytest.approx(total, rel=1e-12)
    if horizon and discount < 1.0:
        assert total == pytest.approx((1 - discount**horizon) / (1 - discount))
    expected_decisions = horizon or 1.0 / (1.0 - discount)
    count = visits(setting.game, setting.pi_l, pi_e)
    assert float(count.sum()) == pytest.approx(expected_decisions, rel=1e-12)


def test_a_finite_horizon_agrees_with_all_trajectories() -> None:
    """Occupancies, visits and the return, one trajectory at a time; the expert is no soft one."""
    setting, rng = small(2, horizon=3, discount=0.8), np.random.default_rng(0)
    game, pi_l = setting.game, setting.pi_l
    pi_e = rng.dirichlet(np.ones(2), size=(3, 3))
    reward = rng.normal(size=(3, 2, 2))
    d, count, value, mass = np.zeros((3, 3)), np.zeros((3, 3)), 0.0, 0.0
    for p, steps in all_trajectories(game, pi_l.numpy(), pi_e):
        mass += p
        for h, step in enumerate(steps):
            d[h, step[0]] += p * 0.8**h
            count[h, step[0]] += p
            value += p * 0.8**h * reward[step]
    assert mass == pytest.approx(1.0, abs=1e-12)
    expert = torch.from_numpy(pi_e)
    assert occupancy(game, pi_l, expert, 0.8).numpy() == pytest.approx(d, abs=1e-13)
    assert visits(game, pi_l, expert).numpy() == pytest.approx(count, abs=1e-13)
    ours = expected_return(game, pi_l, expert, torch.from_numpy(reward))
    assert float(ours) == pytest.approx(value, abs=1e-13)


def test_without_a_horizon_it_is_the_limit_of_a_long_one() -> None:
    endless = small(3, horizon=None, discount=0.8, n_states=4)
    long = replace(endless.game, horizon=160)  # 0.8^160 = 3e-16
    pi_l, reward = endless.pi_l, endless.linear.table(tensor(endless.theta))
    pi_e = respond(endless.game, pi_l, reward).pi
    d = occupancy(endless.game, pi_l, pi_e, 0.8)
    d_long = occupancy(long, pi_l, pi_e.expand(160, -1, -1), 0.8)
    assert d[0].numpy() == pytest.approx(d_long.sum(0).numpy(), abs=1e-12)
    value = expected_return(endless.game, pi_l, pi_e, reward)
    value_long = expected_return(long, pi_l, pi_e.expand(160, -1, -1), reward)
    assert float(value) == pytest.approx(float(value_long), abs=1e-11)


def test_an_absorbing_state_keeps_its_share() -> None:
    """From state 0 into state 1 with probability 1/4, for good: 1 / (1 - gamma 3/4) in state 0."""
    setting = small(0, horizon=None, n_states=2)
    transition = torch.tensor([[0.75, 0.25], [0.0, 1.0]]).expand(2, 2, 2, 2).transpose(0, 2)
    game = replace(setting.game, transition=transition, initial=torch.tensor([1.0, 0.0]))
    d = occupancy(game, torch.full((2, 2), 0.5).double(), torch.full((1, 2, 2), 0.5).double(), 0.9)
    left = 1.0 / (1.0 - 0.9 * 0.75)
    assert d.numpy() == pytest.approx(np.array([[left, 10.0 - left]]), rel=1e-12)


@pytest.mark.parametrize("horizon", [3, None])
def test_a_batch_is_its_policies_one_by_one(horizon: int | None) -> None:
    setting = small(4, horizon=horizon)
    game, reward = setting.game, setting.linear.table(tensor(setting.theta))
    policies = random_policies(game, 4, seed=1)
    pi_e = respond(game, policies, reward).pi
    together = occupancy(game, policies, pi_e, 0.9), expected_return(game, policies, pi_e, reward)
    for i in range(4):
        alone = occupancy(game, policies[i], pi_e[i], 0.9)
        assert torch.allclose(together[0][i], alone, rtol=0, atol=1e-13)
        value = expected_return(game, policies[i], pi_e[i], reward)
        assert float(together[1][i]) == pytest.approx(float(value), abs=1e-13)
