"""The interaction policy."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario


def test_before_learning_it_seeks_its_goal_and_ignores_people(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    robot = torch.tensor([[-2.5, 0.0, 0.3, 0.8, 0.0]])
    near, far = torch.tensor([[-1.8, 0.0, 0.0, 1.0]]), torch.tensor([[9.0, 9.0, 0.0, 0.0]])
    command = policy(phi, robot, near)
    assert torch.equal(command, policy(phi, robot, far))
    assert float(command[0, 0]) == pytest.approx(0.8 * crossing.robot.max_speed, rel=1e-3)
    assert float(command[0, 1]) < 0.0  # the goal is to its right


def test_any_parameters_stay_within_the_limits_and_stop_at_the_goal(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    generator = torch.Generator().manual_seed(1)
    phi = 3.0 * torch.randn(policy.size, generator=generator)
    robot, human = (
        torch.randn((500, 5), generator=generator),
        torch.randn((500, 4), generator=generator),
    )
    command = policy(phi, robot, human)
    assert float(command[:, 0].min()) >= 0.0
    assert float(command[:, 0].max()) <= crossing.robot.max_speed
    assert float(command[:, 1].abs().max()) <= crossing.robot.max_turn_rate + 1e-6
    there = torch.tensor([[*crossing.robot.goal, 0.0, 0.0, 0.0]])
    assert float(policy(phi, there, human[:1]).abs().max()) < 0.15


def test_what_it_does_does_not_depend_on_where_the_world_began(crossing: Scenario) -> None:
    """Turned by a right angle, world and goal alike, it acts the same."""
    policy = InteractionPolicy(crossing.robot)
    turned = InteractionPolicy(replace(crossing.robot, goal=(0.0, 2.5)))
    phi = torch.randn(policy.size, generator=torch.Generator().manual_seed(2))
    robot, human = torch.tensor([[-1.0, 0.2, 0.1, 0.5, 0.1]]), torch.tensor([[0.3, -1.0, 0.2, 1.0]])
    robot_t = torch.tensor([[-0.2, -1.0, 0.1 + torch.pi / 2, 0.5, 0.1]])
    human_t = torch.tensor([[1.0, 0.3, -1.0, 0.2]])
    assert torch.allclose(policy(phi, robot, human), turned(phi, robot_t, human_t), atol=1e-5)
