"""The gate between policy and wheels."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bisirl_ros.control.gate import SafetyGate
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot

WILD = (math.nan, math.inf, -math.inf, 1e9, -1e9, 0.3)


@pytest.mark.parametrize("drive", sorted(DRIVES))
def test_whatever_is_wanted_the_drive_can_do_it(drive: str) -> None:
    robot = Robot(drive=drive)
    gate, rng = SafetyGate(robot), np.random.default_rng(0)
    for _ in range(300):
        twist = gate.admit(rng.choice(WILD, 3), 0.05)
        wanted = torch.from_numpy(twist)[None]
        torch.testing.assert_close(robot.admissible(wanted), wanted, atol=1e-9, rtol=0.0)
        assert np.hypot(*twist[:2]) <= 1.0 + 1e-9 and abs(twist[2]) <= 1.2 + 1e-9
    assert gate.not_finite > 50


def test_accelerations_are_bounded_also_on_the_way_to_a_stop() -> None:
    robot = Robot()
    gate, rng, last = SafetyGate(robot), np.random.default_rng(1), np.zeros(3)
    for _ in range(300):
        twist = gate.admit(rng.choice(WILD, 3), 0.05)
        assert abs(twist[0] - last[0]) <= robot.max_acceleration * 0.05 + 1e-12
        assert abs(twist[2] - last[2]) <= robot.max_turn_acceleration * 0.05 + 1e-12
        last = twist


def test_a_wish_that_is_not_finite_ramps_to_a_stop() -> None:
    gate = SafetyGate(Robot())
    for _ in range(40):
        gate.admit(np.array([1.0, 0.0, 0.0]), 0.05)
    assert not gate.stands
    speeds = [gate.admit(np.array([math.nan, 0.0, 0.0]), 0.05)[0] for _ in range(20)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == pytest.approx(1.0 - 0.075)
    assert speeds[-1] == 0.0
    assert gate.stands


def test_a_car_does_not_turn_on_the_spot_however_it_is_asked() -> None:
    gate = SafetyGate(Robot(drive="ackermann"))
    for _ in range(40):
        assert gate.admit(np.array([0.0, 0.5, 1.0]), 0.05) == pytest.approx(np.zeros(3))
