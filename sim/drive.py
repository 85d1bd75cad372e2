"""How the robot's drive follows its command: first-order lag within acceleration limits."""

from __future__ import annotations

import math

from bisirl_ros.crowd.scenario import RobotSpec
from bisirl_ros.errors import InputError


class Drive:
    """Speed and turn rate that follow the clipped command; both backends use it.

    speed: forward speed [m/s]; turn_rate: [rad/s]. Both may be overwritten by what was measured.
    """

    def __init__(self, spec: RobotSpec, dt_s: float) -> None:
        self._spec = spec
        self._follow = -math.expm1(-dt_s / spec.lag_s)
        self._dv_max = spec.max_acceleration * dt_s
        self._dw_max = spec.max_turn_acceleration * dt_s
        self.reset()

    def reset(self) -> None:
        """Stand still with a zero command."""
        self.speed = self.turn_rate = 0.0
        self._target = (0.0, 0.0)

    def command(self, speed: float, turn_rate: float) -> None:
        """Set the targets [m/s, rad/s], clipped to the limits; raises InputError if not finite."""
        if not (math.isfinite(speed) and math.isfinite(turn_rate)):
            raise InputError(
                f"robot command ({speed}, {turn_rate}): give finite speed and turn rate"
            )
        v_max, w_max = self._spec.max_speed, self._spec.max_turn_rate
        self._target = (clip(speed, v_max), clip(turn_rate, w_max))

    def step(self) -> None:
        """Advance speed and turn rate by one step."""
        v_target, w_target = self._target
        self.speed += clip(self._follow * (v_target - self.speed), self._dv_max)
        self.turn_rate += clip(self._follow * (w_target - self.turn_rate), self._dw_max)


def clip(value: float, limit: float) -> float:
    """`value` within [-limit, limit]."""
    return min(max(value, -limit), limit)
