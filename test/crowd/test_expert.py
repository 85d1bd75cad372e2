"""pi_e: one softmax, and luck that draws from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.actors import SoftExpert
from bisirl_ros.crowd.candidates import Candidates, gauss_disc
from bisirl_ros.crowd.expert import Response, pi_e
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

from .conftest import THETA, random_phi, situation

ROBOT, WALKER, OTHER = (-1.0, 0.0, 0.0, 0.8, 0.0, 0.0), (0.0, -1.0, 0.0, 1.0), (1.0, 0.5, 0, -0.9)


def response(rows: int = 4) -> tuple[Response, Tensor, Candidates]:
    rng = np.random.default_rng(0)
    candidates = gauss_disc(1.8, 2, 4)
    features = torch.from_numpy(rng.normal(size=(rows, len(candidates), 3)))
    theta = torch.from_numpy(rng.normal(size=(rows, 3)))
    return pi_e(features, theta, candidates), theta, candidates


def test_it_is_a_softmax_of_value_and_area() -> None:
    seen, theta, candidates = response()
    weight = (seen.features @ theta[..., None])[..., 0].exp() * candidates.log_area.exp()
    assert torch.allclose(seen.p, weight / weight.sum(-1, keepdim=True))
    assert torch.allclose(seen.p.sum(-1), torch.ones(4).double())


def test_its_moments_are_the_derivatives_of_the_normaliser() -> None:
    seen, theta, candidates = response(1)
    theta = theta.requires_grad_()

    def normaliser(t: Tensor) -> Tensor:
        return torch.logsumexp(seen.features[0] @ t[0] + candidates.log_area, 0)

    mean = torch.autograd.functional.jacobian(normaliser, theta)
    fisher = torch.autograd.functional.hessian(normaliser, theta)
    assert torch.allclose(seen.mean, mean)
    assert torch.allclose(seen.fisher, fisher[:, :, 0])


def test_luck_draws_by_the_inverse_of_the_distribution() -> None:
    seen, _, candidates = response(3)
    luck = torch.linspace(0.0, 1.0, 20001, dtype=torch.float64)[:-1]
    for row in range(3):
        one = Response(
            seen.features[row].expand(20000, -1, -1),
            seen.p[row].expand(20000, -1),
            seen.log_p[row].expand(20000, -1),
            seen.log_z[row].expand(20000),
        )
        index = one.chosen(luck)
        share = torch.bincount(index, minlength=len(candidates)) / 20000.0
        assert torch.allclose(share.double(), seen.p[row], atol=1e-4)
        assert (index[1:] >= index[:-1]).all()
    log_p = torch.tensor([[-torch.inf] + [-2.0] * 8]).double()
    impossible = Response(seen.features[:1], log_p.exp(), log_p, seen.log_z[:1])
    assert int(impossible.chosen(torch.zeros(1).double())) == 1
    nearly_one = torch.tensor([1.0 - 1e-12] * 3, dtype=torch.float64)
    assert (seen.chosen(nearly_one) == len(candidates) - 1).all()


def expected(scenario: Scenario, phi: Tensor, now: Situation, theta: np.ndarray) -> Tensor:
    """E_pi[u] of everybody, on a fine grid: (P, 2)."""
    policy = InteractionPolicy(scenario.robot)
    game = CrowdModel(scenario, policy, gauss_disc(1.8, 12, 24), "cpu", torch.float64)
    setting = game.setting(now, now.aims.likeliest, torch.from_numpy(np.atleast_2d(theta)))
    weights, velocity = policy.weights(phi), game.candidates.velocity
    motion = game.drive(weights, policy.robot.motion(now.robot), now.seen, setting)
    robots = motion.repeated(now.count)
    seen = game.foresee(weights, (robots, robots), now.seen, setting, velocity[None])
    return game.respond(seen.features, setting).p @ velocity


def many(now: Situation, count: int) -> Situation:
    return now.chosen(torch.zeros(count, dtype=torch.long))


@pytest.mark.parametrize("people", [[WALKER], [WALKER, OTHER]])
def test_soft_experts_choose_as_pi_e_says(crossing: Scenario, people: list) -> None:
    """Mean choice over many draws against the density's mean, within five standard errors."""
    policy, rng, count = InteractionPolicy(crossing.robot), np.random.default_rng(0), 50
    phi, now = random_phi(policy, 0.2), situation(ROBOT, people)
    theta = np.stack([THETA, 0.5 * THETA])[: len(people)]
    expert = SoftExpert(crossing, policy, theta, count=200)
    expert.phi = phi
    draws = torch.cat(
        [
            expert.act(many(now, count), torch.from_numpy(rng.random((count, len(people)))))
            for _ in range(8)
        ]
    )
    error = draws.std(0) / np.sqrt(len(draws))
    off = draws.mean(0) - expected(crossing, phi, now, theta)
    assert (off.abs() < 5 * error).all()
    assert float(draws.std(0).min()) > 0.1


def test_given_the_state_people_choose_independently(crossing: Scenario) -> None:
    """pi_e factorises: one's own luck and weights decide, not another's."""
    policy = InteractionPolicy(crossing.robot)
    now, luck = situation(ROBOT, [WALKER, OTHER]), torch.tensor([[0.3, 0.6]]).double()
    phi = random_phi(policy, 0.2)

    def act(theta: np.ndarray) -> Tensor:
        expert = SoftExpert(crossing, policy, theta)
        expert.phi = phi
        return expert.act(now, luck)[0]

    one, other = act(np.stack([THETA, THETA])), act(np.stack([THETA, -0.5 * THETA]))
    assert torch.equal(one[0], other[0]) and not torch.equal(one[1], other[1])


def test_who_has_arrived_or_is_absent_goes_for_nothing(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    expert = SoftExpert(crossing, policy, np.stack([THETA, THETA]))
    expert.phi = random_phi(policy)
    there = situation(ROBOT, [(0.1, 3.5, 0.0, 1.0), WALKER])
    luck = torch.tensor([[0.3, 0.6]]).double()
    target = expert.act(there, luck)
    assert not target[0, 0].any() and target[0, 1].any()
    gone = replace(there, present=torch.tensor([[True, False]]))
    assert not expert.act(gone, luck).any()
    nobody = situation(ROBOT)
    assert expert.act(nobody, torch.zeros((1, 0)).double()).shape == (1, 0, 2)


def test_an_expert_has_to_know_which_policy_it_answers(crossing: Scenario) -> None:
    expert = SoftExpert(crossing, InteractionPolicy(crossing.robot), THETA)
    with pytest.raises(AssertionError, match="which policy"):
        expert.act(situation(ROBOT, [WALKER]), torch.zeros((1, 1)).double())
