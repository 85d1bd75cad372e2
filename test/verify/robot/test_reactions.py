"""How a reaction is seen in commands alone."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.control.gate import GateSettings
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.verify.robot.commands import Limits, Sent
from bisirl_ros.verify.robot.reactions import ended, stopped, went_on

LIMITS = Limits(Robot(), GateSettings(), 0.05)


def driven(speeds: list[float], since_s: float = 0.0, every_s: float = 0.05) -> list[Sent]:
    """Commands straight ahead."""
    return [Sent(since_s + every_s * i, (speed, 0.0, 0.0)) for i, speed in enumerate(speeds)]


def test_the_bar_of_a_stop_is_the_gates_time_and_two_periods() -> None:
    assert LIMITS.stop_s == pytest.approx(1.0 + 0.1)


def test_a_stop_is_timed_from_when_the_fault_could_be_known() -> None:
    commands = driven([0.8] * 10 + [0.4] * 2 + [0.0] * 5)
    seen = stopped(commands, 0.3, 0.9)
    assert seen.took_s == pytest.approx(0.3) and seen.why == ""
    assert stopped(commands, 0.3, 0.2).why == "comes to rest late"
    assert stopped(commands[:11], 0.3, 0.9).why == "does not come to rest"


def test_driving_on_allows_no_gap_and_no_slow_down() -> None:
    steady = driven([0.8] * 40)
    assert went_on(steady, 0.2, 1.9, LIMITS, True).why == ""
    gone = steady[:20] + steady[30:]
    assert went_on(gone, 0.2, 1.9, LIMITS, True).why == "a gap between commands"
    slowing = driven([0.8] * 20 + [0.3] * 20)
    assert "slows down to 0.30" in went_on(slowing, 0.2, 1.9, LIMITS, True).why
    assert went_on(slowing, 0.2, 1.9, LIMITS, False).why == ""
    assert "does not drive on" in went_on(steady[:5], 0.2, 1.9, LIMITS, True).why


def test_who_is_dead_commands_nothing() -> None:
    assert ended(driven([0.8] * 5), 0.2, LIMITS).why == ""
    assert ended(driven([0.8] * 20), 0.2, LIMITS).why == "commands on"
    assert ended([], 0.2, LIMITS).took_s == 0.0
