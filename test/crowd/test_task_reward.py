"""The robot's own task, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task_reward import CONTACT_MARGIN_M, task_reward

from .conftest import situation

FAR = (0.0, -30.0, 0.0, 1.0)


def at(x: float, *people: tuple[float, ...]) -> Situation:
    return situation((x, 0.0, 0.0, 0.0, 0.0, 0.0), people)


def earned(scenario: Scenario, before: Situation, x: float, turn_rate: float = 0.0) -> float:
    """r_task of going to x, people staying where they are."""
    after = torch.tensor([[x, 0.0, 0.0, 0.0, 0.0, turn_rate]], dtype=torch.float64)
    return float(task_reward(scenario, before, after, before.people))


def test_a_stride_a_detour_a_turn_contact_and_rest(crossing: Scenario) -> None:
    task, stride, x = crossing.task, crossing.robot.max_speed * crossing.decision_period_s, -2.0
    full = task.progress - task.time
    assert earned(crossing, at(x, FAR), x + stride) == pytest.approx(full, abs=1e-3)
    back = earned(crossing, at(x + stride, FAR), x)
    assert back == pytest.approx(-task.progress - task.time, abs=1e-3)
    turned = earned(crossing, at(x, FAR), x + stride, 1.2)
    assert turned == pytest.approx(full - task.turning * 1.44, abs=1e-3)
    touching = at(x, (x + stride, 0.0, 0.0, 0.0))
    assert earned(crossing, touching, x + stride) == pytest.approx(full - task.collision, abs=1e-3)
    assert earned(crossing, at(2.5, FAR), 2.5) == pytest.approx(0.0, abs=0.02)


def test_along_a_path_progress_is_the_way_along_it(crossing: Scenario) -> None:
    """Straight on past the corner of an L is no progress."""
    route = ((0.0, 0.0), (2.0, 0.0))
    before = situation((1.0, 0.0, 0.0, 0.0, 0.0, 0.0), goal=(2.0, 4.0), route=route)
    full = crossing.task.progress - crossing.task.time
    assert earned(crossing, before, 1.4) == pytest.approx(full, abs=1e-2)
    beyond = situation((2.0, 0.0, 0.0, 0.0, 0.0, 0.0), goal=(2.0, 4.0), route=route)
    assert earned(crossing, beyond, 2.4) < -crossing.task.progress


def test_contact_is_felt_before_it_happens_and_by_the_nearest(crossing: Scenario) -> None:
    reach = crossing.contact_distance_m + CONTACT_MARGIN_M
    far, near = earned(crossing, at(0.0, FAR), 0.0), (0.0, reach, 0.0, 0.0)
    half = crossing.task.collision / 2
    assert far - earned(crossing, at(0.0, near), 0.0) == pytest.approx(half, rel=1e-3)
    assert far - earned(crossing, at(0.0, FAR, near), 0.0) == pytest.approx(half, rel=1e-3)
    absent = replace(at(0.0, near), present=torch.tensor([[False]]))
    assert earned(crossing, absent, 0.0) == pytest.approx(far)
    assert earned(crossing, at(0.0), 0.0) == pytest.approx(far, abs=1e-6)
