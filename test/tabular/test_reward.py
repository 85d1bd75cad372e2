"""Families of rewards: their tables, and derivatives against central differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.errors import InputError
from bisirl_ros.tabular.reward import LinearReward, NetworkReward

from .conftest import central, small, tensor

SMALL = small(3, n_states=3, n_actions=(2, 4), n_features=5)


def test_a_linear_table_is_the_weighted_sum_of_features() -> None:
    psi, theta = SMALL.linear.psi.numpy(), SMALL.theta
    table = SMALL.linear.table(tensor(theta)).numpy()
    assert table.shape == (3, 2, 4)
    assert SMALL.linear.n_features == 5
    for s, a_l, a_e in np.ndindex(3, 2, 4):
        assert table[s, a_l, a_e] == pytest.approx(sum(psi[s, a_l, a_e] * theta), abs=1e-14)


def test_a_free_table_has_one_weight_per_entry() -> None:
    reward = LinearReward.table_of(SMALL.game)
    theta = torch.arange(24, dtype=torch.float64)
    assert reward.n_features == 24
    assert torch.equal(reward.table(theta), theta.reshape(3, 2, 4))


def test_a_network_is_a_hidden_layer_of_tanh() -> None:
    """theta holds W (hidden, d), b (hidden,), v (hidden,) in this order, W from its start on."""
    start = SMALL.network._start.numpy()
    assert np.abs(start).min() > 0.0
    x, theta = SMALL.network.inputs.numpy(), SMALL.theta_network
    table = SMALL.network.table(tensor(theta)).numpy()
    assert SMALL.network.n_features == len(theta) == 8
    for s, a_l, a_e in np.ndindex(3, 2, 4):
        value = 0.0
        for unit in range(2):
            w = start[unit] + theta[2 * unit : 2 * unit + 2]
            value += theta[6 + unit] * np.tanh(w @ x[s, a_l, a_e] + theta[4 + unit])
        assert table[s, a_l, a_e] == pytest.approx(value, abs=1e-14)


@pytest.mark.parametrize("name", ["linear", "network"])
def test_derivatives_are_those_of_the_table(name: str) -> None:
    reward, theta = SMALL.family(name)
    weight = torch.from_numpy(np.random.default_rng(4).normal(size=(3, 2, 4)))

    def table(at: np.ndarray) -> np.ndarray:
        return reward.table(tensor(at)).numpy()

    def slope(at: np.ndarray) -> np.ndarray:
        return torch.einsum("sle,slen->n", weight, reward.jacobian(tensor(at))).numpy()

    jacobian = reward.jacobian(tensor(theta)).numpy()
    assert jacobian.shape == (3, 2, 4, len(theta))
    assert np.moveaxis(jacobian, -1, 0) == pytest.approx(central(table, theta), abs=1e-9)
    bend = reward.curvature(tensor(theta), weight).numpy()
    assert bend == pytest.approx(central(slope, theta), abs=1e-7)


def test_features_that_are_no_table_are_refused() -> None:
    nan = torch.zeros(2, 2, 2, 1)
    nan[1, 0, 1, 0] = float("nan")
    for build, told in (
        (lambda: LinearReward(torch.zeros(2, 2, 2)), ("psi", "(2, 2, 2)", "(S, A_l, A_e, n)")),
        (lambda: LinearReward(nan), ("psi", "(1, 0, 1, 0)", "(2, 2, 2, 1)", "finite")),
        (lambda: NetworkReward(torch.zeros(2, 2), 3), ("inputs", "(2, 2)", "(S, A_l, A_e, d)")),
        (lambda: NetworkReward(nan, 3), ("inputs", "(1, 0, 1, 0)", "(2, 2, 2, 1)", "finite")),
        (lambda: NetworkReward(torch.zeros(2, 2, 2, 1), 0), ("hidden", "0", "at least 1")),
    ):
        with pytest.raises(InputError) as refused:
            build()
        message = str(refused.value)
        assert message.startswith(told[0]) and "\n" not in message
        assert all(part in message for part in told)
