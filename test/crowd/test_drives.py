"""What each drive can do: the nearest admissible twist."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot

ROBOT = Robot(max_speed=1.0, max_turn_rate=1.2, turning_radius_m=2.0)


def twists(count: int = 4000) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return 2.0 * torch.randn((count, 3), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("drive", DRIVES)
def test_it_is_a_projection_within_the_limits(drive: str) -> None:
    robot = replace(ROBOT, drive=drive)
    able = robot.admissible(twists())
    assert torch.allclose(robot.admissible(able), able, atol=1e-9)
    assert float(able[:, :2].norm(dim=-1).max()) <= robot.max_speed + 1e-9
    assert float(able[:, 2].abs().max()) <= robot.max_turn_rate
    gentle = robot.admissible(1e-3 * able)
    assert torch.allclose(gentle, 1e-3 * able, atol=1e-9)  # what it can do is left alone


@pytest.mark.parametrize("drive", DRIVES)
def test_nothing_admissible_is_nearer(drive: str) -> None:
    """By a draw of other admissible twists; a car's set is not convex: it keeps the speed."""
    robot = replace(ROBOT, drive=drive)
    wanted = twists(60)[:, list(robot.columns)]
    able, others = robot.able(wanted), robot.able(twists()[:, list(robot.columns)])
    if drive == "ackermann":  # the nearest of those with the speed that is nearest
        speeds = able[:, None, :1]
        turns = torch.linspace(-1.2, 1.2, 201).double()[None, :, None].expand(len(able), -1, 1)
        others = robot.able(torch.cat([speeds.expand(-1, 201, -1), turns], -1))
    apart = (others - wanted[:, None]).norm(dim=-1).amin(-1)
    assert ((able - wanted).norm(dim=-1) <= apart + 1e-9).all()


def test_differential_and_car_cannot_go_sideways() -> None:
    for drive in ("differential", "ackermann"):
        robot = replace(ROBOT, drive=drive)
        assert robot.columns == (0, 2) and not robot.sideways
        assert not robot.admissible(twists())[:, 1].any()
    assert replace(ROBOT, drive="omni").sideways


def test_a_car_turns_no_tighter_than_its_circle_and_not_on_the_spot() -> None:
    robot = replace(ROBOT, drive="ackermann")
    able = robot.admissible(twists())
    assert (able[:, 2].abs() * robot.turning_radius_m <= able[:, 0].abs() + 1e-12).all()
    by_hand = torch.tensor([[0.0, 0.0, 1.0], [0.8, 0.0, 1.0], [-0.8, 0.3, 0.1], [3.0, 0.0, -3.0]])
    expected = torch.tensor([[0.0, 0.0, 0.0], [0.8, 0.0, 0.4], [-0.8, 0.0, 0.1], [1.0, 0.0, -0.5]])
    assert torch.allclose(robot.admissible(by_hand), expected)


def test_omni_wheels_keep_the_direction_at_the_top_speed() -> None:
    robot = replace(ROBOT, drive="omni")
    able = robot.admissible(torch.tensor([[3.0, 4.0, 0.5], [0.3, -0.4, -5.0], [0.0, 0.0, 0.0]]))
    assert torch.allclose(
        able, torch.tensor([[0.6, 0.8, 0.5], [0.3, -0.4, -1.2], [0.0, 0.0, 0.0]]), atol=1e-6
    )
