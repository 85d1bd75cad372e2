"""The outer gradient against enumeration and finite differences, exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.hypergradient import (
    Estimator,
    Hypergradient,
    OuterTerms,
    hypergradient,
    shrunk_mean,
    surrogate,
)
from bisirl_ros.crowd.game import Features, RecedingHorizonGame, Response, Rollout

THETA = (1.0, -2.0, -0.5, -0.4)


def every_choice(game: RecedingHorizonGame, phi: Tensor, theta: Tensor) -> Rollout:
    """All K^T episodes from one start, one row each."""
    count, steps = len(game.candidates), game.scenario.episode_decisions
    table = torch.tensor(list(itertools.product(range(count), repeat=steps))).T

    def choose(h: int, features: Features, theta: Tensor) -> Response:
        velocity, log_area = game.candidates.velocity, game.candidates.log_area
        phi_k = features(velocity[None])
        log_p = torch.log_softmax(phi_k @ theta + log_area, -1)
        rows, index = torch.arange(table.shape[1]), table[h]
        mean = (log_p.exp()[..., None] * phi_k).sum(1)
        centred = phi_k - mean[:, None]
        fisher = (log_p.exp()[..., None] * centred).mT @ centred
        return Response(velocity[index], log_p[rows, index], mean - phi_k[rows, index], fisher)

    human, robot = game.starts(1, np.random.default_rng(5))
    human[0, :2], robot[0, :2] = torch.tensor([0.2, -0.8]), torch.tensor([-0.9, 0.1])
    expand = table.shape[1]
    return game.imagine(phi, theta, human.expand(expand, 4), robot.expand(expand, 5), choose, steps)


def expected_return(game: RecedingHorizonGame, phi: Tensor, theta: Tensor) -> Tensor:
    rollout = every_choice(game, phi, theta)
    return (rollout.log_pi.sum(0).exp() * rollout.reward.sum(0)).sum()


def test_probabilities_of_all_episodes_add_up_to_one(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    rollout = every_choice(tiny, random_phi, tiny.tensor(THETA))
    assert float(rollout.log_pi.sum(0).exp().sum()) == pytest.approx(1.0, abs=1e-12)


def test_the_surrogate_gives_the_exact_gradient_in_expectation(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    """Averaged over all episodes by their probability: d f, in phi and in theta."""
    phi, theta = random_phi.requires_grad_(), tiny.tensor(THETA).requires_grad_()
    exact = torch.autograd.grad(expected_return(tiny, phi, theta), (phi, theta))
    rollout = every_choice(tiny, phi, theta)
    p = rollout.log_pi.detach().sum(0).exp()
    mean = (p * surrogate(rollout.log_pi, rollout.reward, baseline=False)).sum()
    for ours, truth in zip(torch.autograd.grad(mean, (phi, theta)), exact, strict=True):
        assert torch.allclose(ours, truth, rtol=1e-9, atol=1e-9)


def test_the_gradient_is_that_of_finite_differences(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    phi, theta = random_phi.requires_grad_(), tiny.tensor(THETA)
    gradient = torch.autograd.grad(expected_return(tiny, phi, theta), phi)[0]
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        way = torch.randn(len(phi), generator=generator, dtype=phi.dtype)
        up = expected_return(tiny, phi.detach() + 1e-5 * way, theta)
        down = expected_return(tiny, phi.detach() - 1e-5 * way, theta)
        assert float(gradient @ way) == pytest.approx(float((up - down) / 2e-5), rel=1e-6)


def test_freezing_the_human_is_another_gradient(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    """Without the response of pi_e to phi it is not BISIRL."""
    phi, theta = random_phi.requires_grad_(), tiny.tensor(THETA)
    exact = torch.autograd.grad(expected_return(tiny, phi, theta), phi)[0]
    rollout = every_choice(tiny, phi, theta)
    frozen = (rollout.log_pi.detach().sum(0).exp() * rollout.reward.sum(0)).sum()
    without = torch.autograd.grad(frozen, phi)[0]
    assert float((exact - without).norm() / exact.norm()) > 0.02


def test_the_cross_term_vanishes_where_the_model_is_right(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    """Section 3: with data from pi_e itself, and the shift of the data in, it is zero for any w.

    The frozen-batch term alone is not.
    """
    phi, theta = random_phi.requires_grad_(), tiny.tensor(THETA)
    w = tiny.tensor((0.3, -1.0, 0.5, 2.0))
    rollout = every_choice(tiny, phi, theta)
    p, cost = rollout.log_pi.detach().sum(0).exp(), rollout.residual @ w
    with_shift = (p * surrogate(rollout.log_pi, cost, baseline=False)).sum()
    shifted = torch.autograd.grad(with_shift, phi, retain_graph=True)[0]
    frozen = torch.autograd.grad((p * cost.sum(0)).sum(), phi)[0]
    assert float(shifted.norm()) < 1e-10
    assert float(frozen.norm()) > 1e-3


def test_the_baseline_changes_no_expectation() -> None:
    """Over many draws of a one-step choice, with and without baseline, the same gradient."""
    generator = torch.Generator().manual_seed(0)
    logit = torch.tensor(0.4, requires_grad=True)
    p = torch.sigmoid(logit.detach())
    taken = torch.bernoulli(p.expand(4000, 16), generator=generator)
    log_pi = torch.where(
        taken > 0, torch.nn.functional.logsigmoid(logit), -torch.nn.functional.softplus(logit)
    )
    reward = 3.0 * taken + 5.0
    means, spreads = [], []
    for baseline in (False, True):
        gradients = torch.stack(
            [
                torch.autograd.grad(
                    surrogate(log_pi[i : i + 1], reward[i : i + 1], baseline=baseline).mean(),
                    logit,
                    retain_graph=True,
                )[0]
                for i in range(400)
            ]
        )
        means.append(float(gradients.mean()))
        spreads.append(float(gradients.std()))
    exact = float(3.0 * p * (1 - p))
    assert means[1] == pytest.approx(exact, abs=4 * spreads[1] / 20)
    assert means[0] == pytest.approx(exact, abs=4 * spreads[0] / 20)
    assert spreads[1] < 0.5 * spreads[0]


def test_implicit_subtracts_the_pulled_back_response() -> None:
    cross = torch.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]])  # d2_{phi theta}: (m, n)
    hessian = np.array([[2.0, 0.5], [0.5, 1.0]])
    terms = OuterTerms(
        value=0.0,
        d_phi=torch.tensor([1.0, 2.0, 3.0]),
        d_theta=np.array([0.5, -1.0]),
        pull_back=lambda w: (cross @ torch.tensor(w, dtype=torch.float32))[None],
    )
    expected = np.array([1.0, 2.0, 3.0]) - cross.numpy() @ np.linalg.solve(hessian, [0.5, -1.0])
    phi, rng = torch.zeros(3), np.random.default_rng(0)
    for method in (Hypergradient.IMPLICIT, Hypergradient.NEUMANN):
        v = hypergradient(terms, phi, hessian.__matmul__, Estimator(method), rng)
        assert v.numpy() == pytest.approx(expected, rel=1e-6)
    only_direct = Estimator(Hypergradient.FIRST_ORDER)
    first = hypergradient(terms, phi, hessian.__matmul__, only_direct, rng)
    assert torch.equal(first, terms.d_phi)


def test_noise_is_shrunk_away_and_agreement_is_not() -> None:
    generator = torch.Generator().manual_seed(1)
    noise = torch.randn((200, 2, 50), generator=generator)
    signal = torch.full((50,), 2.0)
    kept_noise = torch.stack([shrunk_mean(pair).norm() / pair.mean(0).norm() for pair in noise])
    assert float(kept_noise.mean()) < 0.15
    far = torch.stack([(shrunk_mean(signal + pair) - signal).norm() for pair in noise]).mean()
    assert float(far) < float(torch.stack([(pair.mean(0)).norm() for pair in noise]).mean()) * 1.02
    assert torch.equal(shrunk_mean(signal[None]), signal)
