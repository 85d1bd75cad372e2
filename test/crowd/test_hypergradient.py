"""The outer gradient against the sum over every course of a tiny game, and differences of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bisirl_ros.core.hypergradient import surrogate
from bisirl_ros.crowd.adjoint import value_and_gradients
from bisirl_ros.crowd.evaluated import Evaluated
from bisirl_ros.crowd.model import CrowdModel

from .conftest import THETA, random_phi
from .enumeration import every_course, expected, probability, three

W = torch.tensor([0.3, -1.0, 0.5, 2.0], dtype=torch.float64)


def test_several_objectives_share_one_pass(tiny: CrowdModel) -> None:
    phi, theta = random_phi(tiny.policy).requires_grad_(), tiny.tensor(THETA)
    played, setting = every_course(tiny, phi.detach(), theta)

    def two(e: Evaluated) -> list[Tensor]:
        return [e.reward.sum(), (e.residual @ W).sum()]

    _, both = value_and_gradients(tiny, played, setting, phi, (phi,), two)
    for i in range(2):
        _, one = value_and_gradients(tiny, played, setting, phi, (phi,), lambda e, i=i: [two(e)[i]])
        assert torch.allclose(both[i][0], one[0][0], atol=1e-12)


@pytest.mark.parametrize("people", [1, 2])
def test_the_score_function_is_unbiased(people: int) -> None:
    """Its mean over all luck is the derivative of the exact expectation, by differences."""
    game = three(people)
    phi, theta = random_phi(game.policy).requires_grad_(), game.tensor((1.0, -2.0, -0.5, -1.0))
    leaf = theta.clone().requires_grad_()
    played, blind = every_course(game, phi.detach(), theta, people)
    setting = replace(blind, theta=leaf.expand_as(blind.theta))

    def mean(e: Evaluated) -> list[Tensor]:
        return [(probability(game, e) * surrogate(e.log_pi, e.reward, baseline=False)).sum()]

    _, [(d_phi, d_theta)] = value_and_gradients(game, played, setting, phi, (phi, leaf), mean)
    generator = torch.Generator().manual_seed(0)
    ways = torch.randn((3, len(phi)), generator=generator, dtype=phi.dtype)
    for way in ways:
        up, down = (expected(game, phi.detach() + e * way, theta, people) for e in (1e-5, -1e-5))
        assert float(d_phi @ way) == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-7)
    for n in range(4):
        way = 1e-5 * torch.eye(4, dtype=phi.dtype)[n]
        up, down = (expected(game, phi.detach(), theta + s * way, people) for s in (1, -1))
        assert float(d_theta[n]) == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-7)


def test_freezing_people_is_another_gradient() -> None:
    """Without the response of pi_e to phi it is not BISIRL."""
    game = three()
    phi, theta = random_phi(game.policy).requires_grad_(), game.tensor((1.0, -2.0, -0.5, 0.0))
    played, setting = every_course(game, phi.detach(), theta)

    def both(e: Evaluated) -> list[Tensor]:
        p = probability(game, e)
        whole = (p * surrogate(e.log_pi, e.reward, baseline=False)).sum()
        return [whole, (p * e.reward.sum(0)).sum()]

    _, [(exact,), (frozen,)] = value_and_gradients(game, played, setting, phi, (phi,), both)
    assert float((exact - frozen).norm() / exact.norm()) > 0.02


def test_the_cross_term_vanishes_where_the_model_is_right() -> None:
    """Section 3: with data from pi_e itself, and the shift of the data in, it is zero for any w.

    The frozen-batch term alone is not.
    """
    game = three()
    phi, theta = random_phi(game.policy).requires_grad_(), game.tensor((1.0, -2.0, -0.5, 0.0))
    played, setting = every_course(game, phi.detach(), theta)

    def both(e: Evaluated) -> list[Tensor]:
        p, cost = probability(game, e), (e.residual @ W).sum(-1)
        return [(p * surrogate(e.log_pi, cost, baseline=False)).sum(), (p * cost.sum(0)).sum()]

    _, [(shifted,), (frozen,)] = value_and_gradients(game, played, setting, phi, (phi,), both)
    assert float(shifted.norm()) < 1e-9
    assert float(frozen.norm()) > 1e-3


def test_residual_and_fisher_are_the_derivatives_of_the_likelihood(tiny: CrowdModel) -> None:
    phi, theta = random_phi(tiny.policy).requires_grad_(), tiny.tensor(THETA)

    def evaluated(at: Tensor) -> Evaluated:
        played, setting = every_course(tiny, phi.detach(), at)
        return value_and_gradients(tiny, played, setting, phi, (), lambda e: [])[0]

    here, ways = evaluated(theta), 1e-5 * torch.eye(4, dtype=theta.dtype)
    for n, way in enumerate(ways):
        up, down = evaluated(theta + way), evaluated(theta - way)
        slope = (up.log_pi - down.log_pi) / 2e-5
        assert torch.allclose(here.residual[..., 0, n], -slope, atol=1e-7)
        bend = (up.residual - down.residual) / 2e-5
        assert torch.allclose(here.fisher[..., n], bend, atol=1e-7)
