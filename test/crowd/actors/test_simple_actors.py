"""Who decides where bodies go, besides the soft expert."""

from __future__ import annotations

import torch

from bisirl_ros.crowd.actors import ConstantVelocity, GoalWalkers, PolicyDriver
from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario

from ..conftest import random_phi, situation

ROBOT, WALKER = (-1.0, 0.0, 0.0, 0.8, 0.0, 0.0), (0.0, -1.0, 0.3, 1.0)
LUCK = torch.tensor([[0.3]]).double()


def test_the_driver_asks_for_what_the_policy_says(crossing: Scenario) -> None:
    policy, now = InteractionPolicy(crossing.robot), situation(ROBOT, [WALKER])
    phi = random_phi(policy)
    command = PolicyDriver(policy, phi.requires_grad_()).act(now, LUCK)
    assert torch.equal(command, policy(phi, now)) and not command.requires_grad
    single = PolicyDriver(policy, phi.float()).act(now, LUCK)  # a policy as it is published
    assert torch.allclose(single, command, atol=1e-5)


def test_people_of_constant_velocity_go_on(crossing: Scenario) -> None:
    now = situation(ROBOT, [WALKER, (1.0, 1.0, -0.2, 0.1)])
    for _ in range(3):
        target = ConstantVelocity().act(now, LUCK)
        people = crossing.person.step(now.people, target, 0.4, now.room)
        assert torch.allclose(people[..., 2:], now.people[..., 2:])
        assert torch.allclose(people[..., :2], now.people[..., :2] + 0.4 * now.people[..., 2:])
        now = now.with_bodies(now.robot, people)


def test_goal_walkers_walk_to_their_goal_and_stay(crossing: Scenario) -> None:
    walkers, now = GoalWalkers(crossing, noise=0.0), situation(ROBOT, [WALKER])
    target = walkers.act(now, LUCK)
    assert torch.allclose(target[0, 0], torch.tensor([0.0, 1.2]).double())
    for _ in range(25):
        target = walkers.act(now, LUCK)
        assert float(target.norm(dim=-1).max()) <= crossing.person.preferred_speed + 1e-9
        people = crossing.person.step(now.people, target, 0.4, now.room)
        now = now.with_bodies(now.robot, people)
    assert arrived(now.people[..., :2], now.aims.likeliest, 0.1).all()


def test_the_noise_of_goal_walkers_is_of_its_size_in_all_directions(crossing: Scenario) -> None:
    now = situation(ROBOT, [WALKER]).chosen(torch.zeros(1000, dtype=torch.long))
    luck = torch.arange(1000).double()[:, None] / 1000.0
    noisy = GoalWalkers(crossing, noise=0.05).act(now, luck)
    off = noisy - GoalWalkers(crossing, noise=0.0).act(now, luck)
    assert float(off.mean(0).abs().max()) < 1e-6
    assert torch.allclose(off.std(0), torch.full((1, 2), 0.05).double(), rtol=1e-2)
