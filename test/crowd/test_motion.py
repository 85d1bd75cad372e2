"""Bodies: closed forms against repeated steps, inverses, limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bisirl_ros.crowd.motion import human_path, human_step, implied_target, robot_step
from bisirl_ros.crowd.scenario import Scenario


def test_the_human_path_is_the_repeated_step() -> None:
    human = torch.tensor([[0.1, -2.0, 0.3, 0.9]], dtype=torch.float64)
    target = torch.tensor([[-0.4, 1.2]], dtype=torch.float64)
    path = human_path(human, target, 0.3, 0.4, 5)
    for h in range(6):
        assert torch.allclose(path[:, h], human, atol=1e-12)
        human = human_step(human, target, 0.3, 0.4)


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.15])
def test_the_target_is_implied_whatever_the_delay_before_it(delay_s: float) -> None:
    """Velocities half way and at the end of a period tell it, wherever it began before half."""
    human = torch.tensor([0.0, 0.0, 1.0, 0.2], dtype=torch.float64)
    old, new = torch.tensor([[1.2, 0.0], [0.2, -0.9]], dtype=torch.float64)
    late = human_step(human, old, 0.3, delay_s) if delay_s else human
    half = human_step(late, new, 0.3, 0.2 - delay_s)
    end = human_step(half, new, 0.3, 0.2)
    assert torch.allclose(implied_target(half[2:], end[2:], 0.3, 0.2), new, atol=1e-12)


def test_the_robot_drives_an_arc_and_keeps_its_acceleration_limits(crossing: Scenario) -> None:
    spec = replace(crossing.robot, lag_s=0.01, max_acceleration=1.0)
    robot = torch.zeros(5, dtype=torch.float64)
    command = torch.tensor([1.0, 0.0], dtype=torch.float64)
    for _ in range(10):
        faster = robot_step(robot, command, spec, 0.05)
        assert float(faster[3] - robot[3]) <= 0.05 + 1e-12
        robot = faster
    assert float(robot[3]) == pytest.approx(0.5, abs=1e-6)
    assert float(robot[0]) == pytest.approx(0.5 * 1.0 * 0.5**2, rel=1e-6)

    robot = torch.tensor([0.0, 0.0, 0.0, 0.8, 0.5], dtype=torch.float64)
    for _ in range(400):
        robot = robot_step(robot, torch.tensor([0.8, 0.5], dtype=torch.float64), spec, 0.01)
    radius = 0.8 / 0.5
    assert float(robot[0]) == pytest.approx(radius * torch.sin(robot[2]).item(), abs=1e-4)
    assert float(robot[2]) == pytest.approx(0.5 * 4.0)
