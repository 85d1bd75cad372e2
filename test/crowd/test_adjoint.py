"""The adjoint against backpropagation through the unrolled episode, and against enumeration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from bisirl_ros.core.hypergradient import surrogate
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.adjoint import Through, value_and_gradients
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.expert import Response
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.structure import Structures
from bisirl_ros.crowd.unrolled import unrolled

from .conftest import random_phi

WEIGHTS = (1.5, -3.0, -0.5, -0.4, -1.0)


def objective(through: Through) -> Callable[[Tensor, Tensor], Tensor]:
    """Of log_pi (T, B) and reward (T, B): a scalar."""
    if through is Through.SCORE:
        return lambda log_pi, reward: surrogate(log_pi, reward, baseline=True).mean()
    return lambda log_pi, reward: reward.sum(0).mean()


CASES = [
    ("crossing", 0, "differential", 10),
    ("crossing", 1, "differential", 20),
    ("crossing", 2, "omni", 8),
    ("crossing", 3, "differential", 8),
    ("crossing", 1, "ackermann", 10),
    ("doorway", 1, "differential", 12),
    ("doorway", 1, "omni", 12),
    ("crowd", 2, "ackermann", 6),
]


@pytest.mark.parametrize("through", [Through.SCORE, Through.MEAN])
@pytest.mark.parametrize(("likely", "draws"), [(0, 0), (12, 5)])
@pytest.mark.parametrize(("name", "people", "drive", "steps"), CASES)
def test_it_is_backpropagation_through_the_episode(
    name: str, people: int, drive: str, steps: int, likely: int, draws: int, through: Through
) -> None:
    check(name, people, drive, steps, likely, draws, through, ())


@pytest.mark.parametrize("through", [Through.SCORE, Through.MEAN])
def test_so_it_is_where_each_decides_in_a_way_of_their_own(through: Through) -> None:
    ways = ("foresees the robot going straight on", "looks ahead 12 decisions, not 8", GIVEN)
    check("crossing", 3, "differential", 6, 12, 5, through, ways)


def check(
    name: str,
    people: int,
    drive: str,
    steps: int,
    likely: int,
    draws: int,
    through: Through,
    ways: tuple[str, ...],
) -> None:
    """The adjoint of imagined episodes against backpropagation; ways: how each decides."""
    scenario = load_scenario(name, people=people, drive=drive)
    policy, rng = InteractionPolicy(scenario.robot, hidden=6), np.random.default_rng(0)
    grid = gauss_disc(1.8, 3, 6)
    game = CrowdModel(scenario, policy, grid, "cpu", torch.float64, likely=likely)
    phi = random_phi(policy, 0.3).requires_grad_()
    theta = torch.tensor(WEIGHTS[: game.n_features]).double().requires_grad_()
    start = game.starts(4, rng)
    if people > 1:  # somebody is not there
        start = replace(start, present=torch.tensor(rng.random((4, people)) < 0.8))
    goal, luck = start.aims.likeliest, torch.from_numpy(rng.random((steps, 4, people)))
    structures = Structures.named(scenario, [ways] * 4)
    blind = game.setting(start, goal, theta.detach(), structures)
    played = game.imagine(phi.detach(), start, blind, luck, draws)
    setting, of = game.setting(start, goal, theta, structures), objective(through)
    seen, [ours] = value_and_gradients(
        game, played, setting, phi, (phi, theta), lambda e: [of(e.log_pi, e.reward)], through
    )
    log_pi, reward = unrolled(game, played, setting, phi, through)
    assert torch.allclose(seen.reward, reward, atol=1e-10)
    assert torch.allclose(seen.log_pi, log_pi, atol=1e-10)
    exact = torch.autograd.grad(of(log_pi, reward), (phi, theta), materialize_grads=True)
    for a, b in zip(ours, exact, strict=True):
        assert float((a - b).norm()) <= 1e-10 * max(1.0, float(b.norm()))
    assert float(exact[0].norm()) > 0.1 and (people == 0 or float(exact[1].norm()) > 0.1)


def test_a_few_candidates_drawn_of_pi_e_stand_for_all() -> None:
    """Their gradient is that through the mean of all, on the average over the draws."""
    scenario = load_scenario("crossing")
    policy, rng = InteractionPolicy(scenario.robot, hidden=6), np.random.default_rng(0)
    game = CrowdModel(scenario, policy, gauss_disc(1.8, 3, 6), "cpu", torch.float64)
    phi, theta = random_phi(policy, 0.3).requires_grad_(), torch.tensor(WEIGHTS[:4]).double()
    start = game.starts(200, rng)
    setting = game.setting(start, start.aims.likeliest, theta)
    luck = torch.from_numpy(rng.random((6, 200, 1)))

    def gradient(draws: int) -> Tensor:
        played = game.imagine(phi.detach(), start, setting, luck, draws)
        _, [(found,)] = value_and_gradients(
            game, played, setting, phi, (phi,), lambda e: [e.reward.sum(0).mean()], Through.MEAN
        )
        return found

    exact, few = gradient(0), gradient(8)
    assert not torch.equal(exact, few)
    assert float((few - exact).norm()) < 0.05 * float(exact.norm())


def test_systematic_draws_hold_the_choice_as_often_as_it_is_made() -> None:
    log_p = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).double().log().expand(1000, 4)
    response = Response(
        torch.zeros((1000, 4, 1)).double(), log_p.exp(), log_p, torch.zeros(1000).double()
    )
    luck = (torch.arange(1000) + 0.5).double() / 1000
    drawn = response.drawn(luck, 3)
    assert drawn.shape == (1000, 3)
    share = torch.bincount(drawn.flatten(), minlength=4) / drawn.numel()
    assert share.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=1e-3)
    each = torch.nn.functional.one_hot(drawn, 4).sum(1)
    assert (each <= torch.tensor([1, 1, 1, 2])).all()  # never more than a share of 3, rounded up


class Counter(TorchDispatchMode):
    """Counts the operators that torch runs."""

    calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        self.calls += 1
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("count", [24, 96])
@pytest.mark.parametrize(
    ("through", "draws", "most"), [(Through.SCORE, 0, 12_000), (Through.MEAN, 8, 14_000)]
)
def test_an_outer_update_takes_few_operations(
    count: int, through: Through, draws: int, most: int
) -> None:
    """Of small tensors each operation costs the same, however many episodes."""
    scenario = load_scenario("crossing")
    policy, rng = InteractionPolicy(scenario.robot), np.random.default_rng(0)
    game = CrowdModel(scenario, policy, gauss_disc(1.8, 4, 9))
    phi = policy.initial(torch.Generator().manual_seed(0)).requires_grad_()
    theta = torch.tensor(WEIGHTS[:4], requires_grad=True)
    start, of = game.starts(count, rng), objective(through)
    luck = game.tensor(rng.random((scenario.episode_decisions, count, 1)))
    with Counter() as counter:
        setting = game.setting(start, start.aims.likeliest, theta)
        blind = replace(setting, theta=setting.theta.detach())
        played = game.imagine(phi.detach(), start, blind, luck, draws)
        value_and_gradients(
            game, played, setting, phi, (phi, theta), lambda e: [of(e.log_pi, e.reward)], through
        )
    assert counter.calls <= most
