"""The last thing between a policy and the wheels: limits, finite check, ramp to a stop."""

from __future__ import annotations

import math

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.robot import Robot

STOP: Array = np.zeros(3)
STOP.setflags(write=False)


class SafetyGate:
    """Turns wanted twists into twists that may be published.

    A wanted twist that is not finite counts as a wish to stop. The change from one command to the
    next is bounded, also on the way to a stop; what the drive cannot do is never published.
    """

    def __init__(self, robot: Robot) -> None:
        self._robot = robot
        self._last: Array = STOP
        self.not_finite = 0

    def admit(self, twist: Array, dt_s: float) -> Array:
        """The twist (3,) = vx, vy [m/s], wz [rad/s] to publish, dt_s after the last one."""
        wanted: Array = np.asarray(twist, float)
        if not np.isfinite(wanted).all():
            self.not_finite += 1
            wanted = STOP
        robot = self._robot
        most = dt_s * np.array(
            [robot.max_acceleration, robot.max_acceleration, robot.max_turn_acceleration]
        )
        change = np.clip(self._able(wanted) - self._last, -most, most)
        self._last = self._able(self._last + change)
        return self._last

    @property
    def stands(self) -> bool:
        """Whether the last twist was a stop."""
        return math.isclose(float(np.abs(self._last).max()), 0.0, abs_tol=1e-9)

    def _able(self, twist: Array) -> Array:
        return np.asarray(self._robot.admissible(torch.tensor(twist)[None])[0])
