"""The information term of the crowd's solver, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.information_gain import information_gain
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.crowd.adjoint import value_and_gradients
from bisirl_ros.crowd.episode_gain import episode_gain
from bisirl_ros.crowd.evaluated import Evaluated
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, random_phi
from .enumeration import every_course, probability, three

WEIGHTS = (1.0, -2.0, -0.5, -1.0)
ALL = np.arange(4)


def expected_fisher(game: CrowdModel, phi: Tensor, people: int) -> Tensor:
    """Of an episode, over all its courses: one block for each person, (4 P, 4 P)."""
    played, setting = every_course(game, phi, game.tensor(WEIGHTS), people)
    leaf = phi.detach().requires_grad_()
    seen, _ = value_and_gradients(game, played, setting, leaf, (), lambda e: [])
    told = torch.einsum("b,tbpmn->pmn", probability(game, seen), seen.fisher.detach())
    return torch.block_diag(*told)


@pytest.mark.parametrize("people", [1, 2])
def test_the_traces_have_the_gradient_of_the_gain(people: int) -> None:
    """Weighted with all probabilities: d 1/2 log det(Lambda + Fisher) by central differences."""
    game = three(people)
    root = np.random.default_rng(0).normal(size=(4 * people, 4 * people))
    precision = np.diag([2.0, 1.0, 0.5, 3.0] * people) + 0.1 * root @ root.T
    phi = random_phi(game.policy).requires_grad_()
    played, setting = every_course(game, phi.detach(), game.tensor(WEIGHTS), people)
    places = [ALL + 4 * p for p in range(people)]

    def told(e: Evaluated) -> list[Tensor]:
        p, count = probability(game, e), len(e.reward[0])
        # `episode_gain` takes the plain mean over episodes: weigh each by its probability
        _, per_step = episode_gain(
            precision, e.fisher * (p * count)[None, :, None, None, None], places
        )
        # what each course tells, and how probable it becomes: the score function
        each = per_step / (p * count)
        return [(p * (each + e.log_pi.sum(0) * each.detach().sum(0) / len(each)).sum(0)).sum()]

    _, [(ours,)] = value_and_gradients(game, played, setting, phi, (phi,), told)
    way = torch.randn(len(phi), generator=torch.Generator().manual_seed(2), dtype=phi.dtype)
    up, down = (
        float(information_gain(precision, expected_fisher(game, phi.detach() + e * way, people)))
        for e in (1e-5, -1e-5)
    )
    assert float(ours @ way) == pytest.approx((up - down) / 2e-5, rel=1e-5)


def test_it_is_in_the_objective_and_fades_as_evidence_grows(tiny: CrowdModel) -> None:
    solver = CrowdSolver(tiny.scenario, tiny.policy, episodes=4, draws=0)
    phi = random_phi(tiny.policy).float()

    def terms(precision: float, beta_i: float) -> tuple[float, Tensor]:
        evidence = PeopleEvidence.start(4, precision).met(["person_0"], np.zeros(0))
        found = solver.outer_terms(phi, THETA, evidence, [], np.random.default_rng(1), beta_i)
        return found.value, found.d_phi

    plain, plain_slope = terms(1.0, 0.0)
    little, much = terms(1e6, 1.0), terms(1.0, 1.0)
    assert much[0] > plain + 0.05
    assert not torch.allclose(much[1], plain_slope, rtol=1e-3, atol=1e-4)
    assert little[0] == pytest.approx(plain, abs=1e-3)
    assert torch.allclose(little[1], plain_slope, rtol=1e-3, atol=1e-4)


def test_a_stranger_tells_nothing_about_those_who_were_met(tiny: CrowdModel) -> None:
    """Nor does it break: their weights are no part of theta."""
    solver = CrowdSolver(tiny.scenario, tiny.policy, episodes=4)
    phi = random_phi(tiny.policy).float()
    evidence = PeopleEvidence.start(4, 1.0).met(["somebody"], np.zeros(0))
    values = [
        solver.outer_terms(phi, THETA, evidence, [], np.random.default_rng(1), beta_i)
        for beta_i in (0.0, 1.0)
    ]
    assert values[0].value == pytest.approx(values[1].value)
    assert not values[0].d_theta.any()


def test_an_unidentified_direction_costs_no_digits() -> None:
    """Imagination is in single precision; the determinant is not."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    precision = turn @ np.diag([3e4, 5e3, 8e2, 1e-6]) @ turn.T
    root = torch.from_numpy(rng.normal(size=(3, 2, 1, 4, 4)))
    fisher = (root @ root.mT).float()
    gain, per_step = episode_gain(precision, fisher, [ALL])
    exact, per_step_64 = episode_gain(precision, fisher.double(), [ALL])
    assert gain == pytest.approx(exact, rel=1e-4)
    assert per_step.dtype == torch.float32
    assert per_step.numpy() == pytest.approx(per_step_64.numpy(), rel=1e-3)


def test_people_with_one_reward_teach_about_the_same_weights() -> None:
    rng = np.random.default_rng(0)
    root = torch.from_numpy(rng.normal(size=(3, 2, 2, 4, 4)))
    fisher, precision = root @ root.mT, np.diag([2.0, 1.0, 0.5, 3.0])
    gain, per_step = episode_gain(precision, fisher, [ALL, ALL])
    summed, together = episode_gain(precision, fisher.sum(2, keepdim=True), [ALL])
    assert gain == pytest.approx(summed)
    assert torch.allclose(per_step, together)
    one, _ = episode_gain(precision, fisher, [ALL, None])
    assert one < gain
