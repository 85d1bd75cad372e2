"""A minute of commands: within the limits, within reach, each column on its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.calibrate.excitation import excitation
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.robots.profile import load_robot, robot_names

ROBOTS = {
    **{name: load_robot(name).robot for name in robot_names()},
    **{drive: Robot(drive=drive) for drive in DRIVES},
}


@pytest.mark.parametrize("name", sorted(ROBOTS))
def test_it_can_be_done_moves_every_column_and_ends_at_rest(name: str) -> None:
    robot = ROBOTS[name]
    time, command = excitation(robot)
    assert np.diff(time) == pytest.approx(np.full(len(time) - 1, 0.05))
    assert time[-1] == pytest.approx(60.0, abs=0.1)
    wanted = torch.from_numpy(command)
    assert robot.admissible(wanted).numpy() == pytest.approx(command, abs=1e-6)
    assert not command[-1].any()
    driven = np.ptp(command, axis=0) > 0.0
    assert np.flatnonzero(driven).tolist() == list(robot.columns)


@pytest.mark.parametrize("name", sorted(ROBOTS))
def test_it_stays_near(name: str) -> None:
    """By the commands alone: the integral of what is asked."""
    robot = ROBOTS[name]
    _, command = excitation(robot, reach_m=1.5)
    yaw = np.cumsum(command[:, 2]) * 0.05
    way = (command[:, 0] + 1j * command[:, 1]) * np.exp(1j * yaw)
    place = np.cumsum(way) * 0.05
    circle = 6.0 * robot.turning_radius_m if robot.drive == "ackermann" else 0.0
    assert np.abs(place).max() <= 1.01 * 1.5 + circle


def test_a_fast_robot_is_asked_for_its_top_speed_where_there_is_room() -> None:
    robot = replace(Robot(), max_speed=2.0)
    near, far = (np.abs(excitation(robot, reach_m=r)[1][:, 0]).max() for r in (1.0, 9.0))
    assert near < 1.0 and far == pytest.approx(2.0)
