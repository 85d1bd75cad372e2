"""The information term of the receding-horizon solver, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.information_gain import information_gain
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.solver import RecedingHorizonSolver, _gain

from .test_hypergradient import THETA, every_choice


def expected_fisher(game: RecedingHorizonGame, phi: Tensor) -> Tensor:
    """Of an episode, over all its courses."""
    rollout = every_choice(game, phi, game.tensor(THETA))
    p = rollout.log_pi.sum(0).exp()
    return torch.einsum("b,tbmn->mn", p, rollout.fisher)


def test_the_traces_have_the_gradient_of_the_gain(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    """Weighted with all probabilities: d 1/2 log det(Lambda + Fisher) by central differences."""
    precision = np.diag([2.0, 1.0, 0.5, 3.0])
    phi = random_phi.requires_grad_()
    rollout = every_choice(tiny, phi, tiny.tensor(THETA))
    p = rollout.log_pi.sum(0).exp()
    count = len(p)
    # `_gain` takes the plain mean over episodes: weigh each by its probability
    _, per_step = _gain(precision, rollout.fisher * (p.detach() * count)[None, :, None, None])
    per_step = per_step / (p.detach() * count)
    ours = torch.autograd.grad((p * per_step.sum(0)).sum(), phi)[0]
    way = torch.randn(len(phi), generator=torch.Generator().manual_seed(2), dtype=phi.dtype)
    up, down = (
        float(information_gain(precision, expected_fisher(tiny, phi.detach() + e * way)))
        for e in (1e-5, -1e-5)
    )
    assert float(ours @ way) == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_it_is_in_the_objective_and_fades_as_evidence_grows(
    tiny: RecedingHorizonGame, random_phi: Tensor
) -> None:
    solver = RecedingHorizonSolver(tiny.scenario, tiny.policy, episodes=4)
    theta = np.array(THETA)

    def terms(precision: float, beta_i: float) -> tuple[float, Tensor]:
        evidence, rng = Evidence.start(4, precision), np.random.default_rng(1)
        found = solver.outer_terms(random_phi.float(), theta, evidence, [], rng, beta_i)
        return found.value, found.d_phi

    plain, plain_slope = terms(1.0, 0.0)
    little, much = terms(1e6, 1.0), terms(1.0, 1.0)
    assert much[0] > plain + 0.05
    assert not torch.allclose(much[1], plain_slope, rtol=1e-3, atol=1e-4)
    assert little[0] == pytest.approx(plain, abs=1e-3)
    assert torch.allclose(little[1], plain_slope, rtol=1e-3, atol=1e-4)


def test_an_unidentified_direction_costs_no_digits() -> None:
    """Imagination is in single precision; the determinant is not."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    precision = turn @ np.diag([3e4, 5e3, 8e2, 1e-6]) @ turn.T
    fisher = torch.from_numpy(rng.normal(size=(3, 2, 4, 4)))
    fisher = (fisher @ fisher.mT).float()
    gain, per_step = _gain(precision, fisher)
    exact, per_step_64 = _gain(precision, fisher.double())
    assert gain == pytest.approx(exact, rel=1e-4)
    assert per_step.dtype == torch.float32
    assert per_step.numpy() == pytest.approx(per_step_64.numpy(), rel=1e-3)
