"""The robot's body: lag, limits, arcs, walls."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Motion, Robot
from bisirl_ros.crowd.room import Room

from .conftest import EMPTY

QUICK = Robot(lag_s=0.01, max_acceleration=1.0)
BOX = Room.of(
    walls=((-2, -2, 2, -2), (2, -2, 2, 2), (2, 2, -2, 2), (-2, 2, -2, -2), (0, -1, 0, 1)),
    discs=((1.2, 1.2, 0.1),),
)


def state(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_it_keeps_its_acceleration_limits() -> None:
    robot, command = state(0, 0, 0, 0, 0, 0), state(1.0, 0.0, 1.0)
    spec = replace(QUICK, max_turn_acceleration=2.0)
    for _ in range(10):
        faster = spec.step(robot, command, 0.05, EMPTY)
        assert float(faster[3] - robot[3]) <= 0.05 + 1e-12
        assert float(faster[5] - robot[5]) <= 0.10 + 1e-12
        robot = faster
    assert float(robot[3]) == pytest.approx(0.5, abs=1e-6)
    assert float(robot[5]) == pytest.approx(1.0, abs=2e-2)
    straight = state(0, 0, 0, 0, 0, 0)
    for _ in range(10):
        straight = spec.step(straight, state(1.0, 0.0, 0.0), 0.05, EMPTY)
    assert float(straight[0]) == pytest.approx(0.5 * 1.0 * 0.5**2, rel=1e-6)


def test_the_velocity_follows_by_a_first_order_lag() -> None:
    """Whatever the step, as long as the acceleration limits do not matter."""
    spec = Robot(lag_s=0.2, max_acceleration=20.0, max_turn_acceleration=50.0)
    for dt_s, steps in ((0.4, 1), (0.1, 4), (0.02, 20)):
        robot = state(0, 0, 0, 0.2, 0, 0.1)
        for _ in range(steps):
            robot = spec.step(robot, state(0.9, 0.0, -0.5), dt_s, EMPTY)
        left = math.exp(-0.4 / 0.2)
        assert float(robot[3]) == pytest.approx(0.9 - 0.7 * left)
        assert float(robot[5]) == pytest.approx(-0.5 + 0.6 * left)


def test_it_drives_an_arc() -> None:
    robot = state(0, 0, 0, 0.8, 0, 0.5)
    for _ in range(400):
        robot = QUICK.step(robot, state(0.8, 0.0, 0.5), 0.01, EMPTY)
    radius = 0.8 / 0.5
    assert float(robot[2]) == pytest.approx(0.5 * 4.0)
    assert float(robot[0]) == pytest.approx(radius * math.sin(2.0), abs=1e-4)
    assert float(robot[1]) == pytest.approx(radius * (1.0 - math.cos(2.0)), abs=1e-4)


def test_sideways_is_seen_from_the_robot() -> None:
    spec = replace(QUICK, drive="omni")
    robot = spec.step(state(1, 2, math.pi / 2, 0, 0.5, 0), state(0, 0.5, 0), 0.4, EMPTY)
    assert robot.tolist() == pytest.approx([0.8, 2, math.pi / 2, 0, 0.5, 0], abs=1e-9)


def test_what_its_wheels_cannot_do_is_not_done() -> None:
    robot = QUICK.step(state(0, 0, 0, 0, 0, 0), state(0.0, 1.0, 0.0), 0.4, EMPTY)
    assert not robot.any()
    car = replace(QUICK, drive="ackermann", turning_radius_m=1.0, max_acceleration=20.0)
    now = state(0, 0, 0, 1.0, 0, 0.9)
    for _ in range(30):  # braking, it may not go on turning
        now = car.step(now, state(0.0, 0.0, 0.9), 0.02, EMPTY)
        assert float(now[5]) <= float(now[3]) / 1.0 + 1e-9


@pytest.mark.parametrize("drive", DRIVES)
@pytest.mark.parametrize("room", [EMPTY, BOX])
def test_step_and_advance_are_the_same_in_any_batch_shape(drive: str, room: Room) -> None:
    spec, generator = Robot(drive=drive), torch.Generator().manual_seed(0)
    robots = torch.rand((3, 4, 6), generator=generator, dtype=torch.float64) - 0.2
    commands = torch.randn((3, 4, 3), generator=generator, dtype=torch.float64)
    robots[..., 3:] = spec.admissible(robots[..., 3:])
    stepped = spec.step(robots, commands, 0.4, room)
    motion = spec.motion(robots.view(-1, 6))
    columns = commands.view(-1, 3)[:, list(spec.columns)]
    after = spec.advance(motion, spec.able(columns), 0.4, room)
    assert torch.equal(spec.state(after).view(3, 4, 6), stepped)
    one = spec.step(robots[2, 1], commands[2, 1], 0.4, room)
    assert torch.allclose(one, stepped[2, 1], atol=1e-12)
    assert torch.equal(Motion.unpacked(after.packed()).packed(), after.packed())
    assert torch.allclose(
        spec.step(robots, commands[0, 0], 0.4, room)[1, 1],
        spec.step(robots[1, 1], commands[0, 0], 0.4, room),
    )


@pytest.mark.parametrize("drive", DRIVES)
def test_it_never_drives_into_or_through_walls(drive: str) -> None:
    """Random commands held for a while; decisions of 0.4 s as well as control steps."""
    spec = Robot(drive=drive, max_speed=2.0, max_acceleration=20.0)
    generator = torch.Generator().manual_seed(1)
    robots = torch.zeros((300, 6), dtype=torch.float64)
    robots[:, :2] = 3.4 * torch.rand((300, 2), generator=generator, dtype=torch.float64) - 1.7
    robots = robots[BOX.clearance(robots[:, :2]) >= spec.radius_m]
    for turn in range(40):
        command = 3.0 * torch.randn((len(robots), 3), generator=generator, dtype=torch.float64)
        before, robots = robots, spec.step(robots, command, 0.4 if turn % 2 else 0.05, BOX)
        assert float(BOX.clearance(robots[:, :2]).min()) >= spec.radius_m - 2e-4
        through = (before[:, 0] * robots[:, 0] < 0.0) & (robots[:, 1].abs() < 0.7)
        through &= before[:, 1].abs() < 0.7
        assert not through.any()
        assert float(robots[:, :2].abs().max()) < 2.0


def test_a_wall_takes_the_speed_towards_it() -> None:
    wall = Room.of(walls=((1.0, -5.0, 1.0, 5.0),))
    robot = QUICK.step(state(0.7, 0, 0, 1.0, 0, 0), state(1.0, 0, 0), 0.2, wall)
    assert float(robot[0]) == pytest.approx(0.75, abs=1e-4)
    assert float(robot[3]) == pytest.approx(0.0, abs=1e-6)
