"""Soft experts who differ from the model in one thing: noise, drift, foresight, experience."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.actors import ConstantVelocity, GoalWalkers, SoftExpert, tell
from bisirl_ros.crowd.actors.constant_velocity_view import ConstantVelocityView
from bisirl_ros.crowd.actors.drifting import Drifting
from bisirl_ros.crowd.actors.learning import Learning
from bisirl_ros.crowd.actors.noisy import Noisy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.true_weights import true_weights

from ..conftest import THETA, random_phi, short, situation

COMING = (-1.2, 0.0, 0.0, 0.9, 0.0, 0.0)
WALKER = (0.0, -1.2, 0.0, 1.1)
COUNT = 60


def crowd(people: int) -> tuple[Situation, Tensor]:
    """Many people who walk side by side, and uniform luck."""
    rows = [(0.1 * p, -1.0, 0.0, 1.0) for p in range(people)]
    luck = np.random.default_rng(0).random((1, people))
    return situation((90.0, 90.0, 0.0, 0.0, 0.0, 0.0), rows), torch.from_numpy(luck)


class Recorded:
    """Goes on as it walks and remembers its luck."""

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        self.luck = luck
        return situation.people[..., 2:]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4])
def test_noisy_people_tremble_as_often_as_said(crossing: Scenario, share: float) -> None:
    now, luck = crowd(4000)
    actor = Recorded()
    target = Noisy(actor, crossing, share).act(now, luck)
    trembled = (target != now.people[..., 2:]).any(-1)
    assert float(trembled.double().mean()) == pytest.approx(share, abs=0.025)
    calm = actor.luck[~trembled]
    assert float(calm.mean()) == pytest.approx(0.5, abs=0.02)
    assert 0.0 <= float(calm.min()) < 0.01 and 0.99 < float(calm.max()) < 1.0


def test_trembling_is_uniform_on_the_disc(crossing: Scenario) -> None:
    now, luck = crowd(20000)
    target = Noisy(ConstantVelocity(), crossing, 0.999).act(now, luck)[0]
    radius = target.norm(dim=-1) / crossing.person.max_speed
    assert float(radius.max()) <= 1.0
    assert float(radius.square().mean()) == pytest.approx(0.5, abs=0.01)
    direction = target / target.norm(dim=-1, keepdim=True)
    assert float(direction.mean(0).abs().max()) < 0.02
    outer = radius > radius.median()
    assert float(direction[outer].mean(0).abs().max()) < 0.03, "whatever the speed"


def test_who_has_arrived_does_not_tremble(crossing: Scenario) -> None:
    there = situation(COMING, [(0.0, 3.5, 0.0, 0.0)])
    target = Noisy(ConstantVelocity(), crossing, 0.5).act(there, torch.tensor([[0.2]]).double())
    assert float(target.norm()) == 0.0


def test_drifting_people_are_those_of_their_weights_of_the_day(crossing: Scenario) -> None:
    policy, now = InteractionPolicy(crossing.robot), situation(COMING, [WALKER])
    many, luck = now.chosen([0] * 20), torch.rand((20, 1), dtype=torch.float64)
    phi, ends = random_phi(policy), (THETA[None], np.array([[1.5, 4.0, -0.5, -0.4]]))

    def make(theta: np.ndarray) -> SoftExpert:
        return SoftExpert(crossing, policy, theta, COUNT)

    people, seen = Drifting(make, *ends, over=10), []
    for episode, share in ((0, 0.0), (5, 0.5), (10, 1.0), (25, 1.0)):
        tell(people, phi, episode)
        fixed = make((1.0 - share) * ends[0] + share * ends[1])
        fixed.told(phi, 0)
        seen.append(people.act(many, luck))
        assert torch.equal(seen[-1], fixed.act(many, luck))
    assert torch.equal(seen[2], seen[3])
    assert not torch.equal(seen[0], seen[1]) and not torch.equal(seen[1], seen[2])


def test_who_foresees_constant_velocity_needs_no_policy(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    people = ConstantVelocityView(crossing, policy, THETA, COUNT)
    now = situation(COMING, [WALKER]).chosen([0] * 50)
    luck = torch.rand((50, 1), dtype=torch.float64)
    before = people.act(now, luck)
    people.told(random_phi(policy), 3)
    assert torch.equal(people.act(now, luck), before)
    other = replace(now, aims=replace(now.aims, route=-now.aims.route))
    assert torch.equal(people.act(other, luck), before), "nor the robot's goal"
    away = now.with_bodies(now.robot * torch.tensor([1, 1, 1, -1, 1, 1]), now.people)
    assert not torch.equal(people.act(away, luck), before)


def test_the_robot_is_foreseen_where_it_will_be_one_decision_later(crossing: Scenario) -> None:
    """Who looks one decision ahead cannot tell a robot that comes from one that will be there."""
    scenario, policy = short(crossing, 5, horizon=1), InteractionPolicy(crossing.robot)
    turned, luck = 2.0, torch.rand((40, 1), dtype=torch.float64)
    off = [0.4 * 0.9 * np.cos(turned), 0.4 * 0.9 * np.sin(turned)]
    coming = (0.3 - off[0], -0.9 - off[1], turned, 0.9, 0.0, 0.0)
    people = ConstantVelocityView(scenario, policy, THETA, COUNT)
    acts = [
        people.act(situation(robot, [WALKER]).chosen([0] * 40), luck)
        for robot in (coming, (0.3, -0.9, 0.0, 0.0, 0.0, 0.0), (*coming[:3], 0.0, 0.0, 0.0))
    ]
    assert torch.allclose(acts[0], acts[1]) and not torch.allclose(acts[0], acts[2])


@pytest.mark.parametrize("others", [0, 2])
def test_foreseeing_constant_velocity_is_right_about_a_robot_that_stands(others: int) -> None:
    """At its goal every policy stands: both foresights are the same, of other people too."""
    scenario = load_scenario("crowd")
    policy = InteractionPolicy(scenario.robot)
    rows = [WALKER, (1.0, 1.0, -0.3, 0.2), (-1.0, 0.5, 0.5, 0.0)][: 1 + others]
    now = situation((0.3, 0.2, 0.0, 0.0, 0.0, 0.0), rows, goal=(0.3, 0.2))
    theta = true_weights(scenario, count=1 + others)
    knowing = SoftExpert(scenario, policy, theta, COUNT)
    knowing.told(policy.initial(torch.Generator().manual_seed(0)), 0)
    for luck in torch.rand((20, 1, 1 + others), dtype=torch.float64):
        guessed = ConstantVelocityView(scenario, policy, theta, COUNT).act(now, luck)
        assert torch.allclose(guessed, knowing.act(now, luck))


def test_learning_people_answer_what_they_have_met(crossing: Scenario) -> None:
    policy, now = InteractionPolicy(crossing.robot), situation(COMING, [WALKER]).chosen([0] * 200)
    luck = torch.arange(200, dtype=torch.float64)[:, None] / 200.0
    old, new = random_phi(policy, seed=1), random_phi(policy, seed=2)

    def after(rate: float, episodes: list[Tensor]) -> Tensor:
        people = Learning(crossing, policy, THETA, COUNT, rate=rate)
        for number, phi in enumerate(episodes):
            tell(people, phi, number)
        return people.act(now, luck)

    def knowing(phi: Tensor) -> Tensor:
        people = SoftExpert(crossing, policy, THETA, COUNT)
        tell(people, phi, 0)
        return people.act(now, luck)

    assert not torch.equal(knowing(old), knowing(new))
    assert torch.equal(after(0.3, [old]), knowing(old))
    assert torch.allclose(after(0.3, [old] * 5), knowing(old))
    assert torch.equal(after(1.0, [old, new]), knowing(new))
    assert torch.equal(after(0.0, [old, new, new]), knowing(old))
    target = knowing(new).mean(0)
    means = [after(0.3, [old] + [new] * n).mean(0) for n in (0, 1, 3, 40)]
    lag = [float((mean - target).norm()) for mean in means]
    assert lag[0] > lag[1] > lag[2] > lag[3] == 0.0


def test_what_learning_people_remember(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    people = Learning(crossing, policy, THETA, COUNT, rate=0.5, memory=3)
    phis = [random_phi(policy, seed=s) for s in range(5)]
    for number, phi in enumerate((phis[0], phis[1], phis[1])):
        people.told(phi, number)
    assert [w for _, w in people.belief] == pytest.approx([0.75, 0.25])
    for phi in phis[2:]:
        people.told(phi, 9)
    assert [w for _, w in people.belief] == pytest.approx([0.5, 0.25, 0.25])
    assert torch.equal(people.belief[0][0], phis[4])


def test_people_who_know_nothing_may_be_told_anything(crossing: Scenario) -> None:
    tell(GoalWalkers(crossing), torch.zeros(3), 0)
