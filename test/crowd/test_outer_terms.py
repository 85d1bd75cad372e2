"""How the pieces of the outer gradient are put together."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.core.hypergradient import (
    Estimator,
    Hypergradient,
    OuterTerms,
    hypergradient,
    shrunk_mean,
    surrogate,
)


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
    assert int((kept_noise > 0.0).sum()) <= 3  # of 200: what agrees by chance is not taken
    far = torch.stack([(shrunk_mean(signal + pair) - signal).norm() for pair in noise]).mean()
    assert float(far) < float(torch.stack([(pair.mean(0)).norm() for pair in noise]).mean()) * 1.02
    assert torch.equal(shrunk_mean(signal[None]), signal)
