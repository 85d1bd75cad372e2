"""The robot's own task, case by case."""

from __future__ import annotations

import pytest
import torch

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.task_reward import CONTACT_MARGIN_M, task_reward

FAR_HUMAN = torch.tensor([0.0, -30.0, 0.0, 1.0], dtype=torch.float64)


def robot(x: float, turn_rate: float = 0.0) -> torch.Tensor:
    return torch.tensor([x, 0.0, 0.0, 0.0, turn_rate], dtype=torch.float64)


def test_a_stride_a_detour_a_turn_contact_and_rest(crossing: Scenario) -> None:
    task, stride = crossing.task, crossing.robot.max_speed * crossing.decision_period_s
    x = -2.0

    def reward(before: torch.Tensor, after: torch.Tensor, human: torch.Tensor = FAR_HUMAN) -> float:
        return float(task_reward(crossing, before, after, human))

    full = task.progress - task.time
    assert reward(robot(x), robot(x + stride)) == pytest.approx(full, abs=1e-3)
    assert reward(robot(x + stride), robot(x)) == pytest.approx(
        -task.progress - task.time, abs=1e-3
    )
    assert reward(robot(x), robot(x + stride, 1.2)) == pytest.approx(
        full - task.turning * 1.44, abs=1e-3
    )
    touching = torch.tensor([x + stride, 0.0, 0.0, 0.0], dtype=torch.float64)
    assert reward(robot(x), robot(x + stride), touching) == pytest.approx(
        full - task.collision, abs=1e-3
    )
    goal = robot(crossing.robot.goal[0])
    assert reward(goal, goal) == pytest.approx(0.0, abs=0.02)


def test_contact_is_felt_before_it_happens(crossing: Scenario) -> None:
    reach = crossing.contact_distance_m + CONTACT_MARGIN_M
    human = torch.tensor([0.0, reach, 0.0, 0.0], dtype=torch.float64)
    here = robot(0.0)
    far = float(task_reward(crossing, here, here, FAR_HUMAN))
    assert far - float(task_reward(crossing, here, here, human)) == pytest.approx(
        crossing.task.collision / 2, rel=1e-3
    )
