"""The last thing between a policy and the wheels: limits, finite check, ramp to a stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bisirl_ros.crowd.scenario import RobotSpec


@dataclass(frozen=True)
class Limits:
    """Speed [m/s, rad/s] and acceleration [m/s^2, rad/s^2] the gate enforces."""

    max_speed: float
    max_turn_rate: float
    max_acceleration: float
    max_turn_acceleration: float

    @staticmethod
    def of(robot: RobotSpec) -> Limits:
        """The limits of a scenario's robot."""
        return Limits(
            robot.max_speed,
            robot.max_turn_rate,
            robot.max_acceleration,
            robot.max_turn_acceleration,
        )


class SafetyGate:
    """Turns wanted velocities into velocities that may be published.

    A wanted velocity that is not finite counts as a wish to stop. The change from one command to
    the next is bounded, also on the way to a stop.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._last = (0.0, 0.0)
        self.not_finite = 0

    def admit(self, speed: float, turn_rate: float, dt_s: float) -> tuple[float, float]:
        """The velocity to publish [m/s, rad/s], dt_s after the last one."""
        limits = self._limits
        if not (math.isfinite(speed) and math.isfinite(turn_rate)):
            self.not_finite += 1
            speed = turn_rate = 0.0
        dv, dw = limits.max_acceleration * dt_s, limits.max_turn_acceleration * dt_s
        self._last = (
            _towards(self._last[0], _clamp(speed, limits.max_speed), dv),
            _towards(self._last[1], _clamp(turn_rate, limits.max_turn_rate), dw),
        )
        return self._last


def _clamp(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def _towards(value: float, wanted: float, step: float) -> float:
    return value + _clamp(wanted - value, step)
