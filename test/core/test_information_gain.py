"""The information term of the outer objective."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.information_gain import information_gain


def positive(seed: int, n: int = 3, rank: int = 3) -> Tensor:
    factor = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, rank)))
    return factor @ factor.T


def test_of_one_weight_it_is_the_logarithm_of_how_much_the_deviation_shrinks() -> None:
    gain = information_gain(np.array([[4.0]]), torch.tensor([[12.0]], dtype=torch.float64))
    assert float(gain) == pytest.approx(np.log(2.0))  # from 1/2 to 1/4


def test_two_episodes_tell_what_one_tells_and_then_the_other() -> None:
    known, first, second = torch.eye(3, dtype=torch.float64), positive(0, rank=1), positive(1)
    both = information_gain(known, first + second)
    in_turn = information_gain(known, first) + information_gain(known + first, second)
    assert float(both) == pytest.approx(float(in_turn), rel=1e-12)
    assert float(information_gain(known + first, first)) < float(information_gain(known, first))


def test_it_does_not_depend_on_the_features_units() -> None:
    known, fisher, units = positive(2), positive(3), torch.diag(torch.tensor([1e-3, 1.0, 50.0]))
    units = units.double()
    scaled = information_gain(units @ known @ units, units @ fisher @ units)
    assert float(scaled) == pytest.approx(float(information_gain(known, fisher)), rel=1e-10)


def test_nothing_to_see_is_worth_nothing() -> None:
    assert float(information_gain(positive(4), torch.zeros(3, 3, dtype=torch.float64))) == 0.0


def test_its_gradient_is_half_the_covariance_after_the_episode() -> None:
    known, fisher = positive(5), positive(6).requires_grad_()
    information_gain(known, fisher).backward()
    expected = 0.5 * torch.linalg.inv(known + fisher.detach())
    torch.testing.assert_close(fisher.grad, expected)


def test_it_keeps_the_precision_of_the_features() -> None:
    assert information_gain(np.eye(2), torch.eye(2, dtype=torch.float32)).dtype == torch.float32
