"""Whether the robot does what is commanded: an e-stop, another arbiter, nobody who listens."""

from __future__ import annotations

import math

import numpy as np

from bisirl_ros.control.body import Body
from bisirl_ros.core.arrays import Array

TOLD_MPS, TOLD_RADPS = 0.15, 0.4
"""Differences that drives, floors and odometry make by themselves stay below."""
PATIENCE_S = 1.0
NUDGE_MPS, NUDGE_RADPS = 0.1, 0.2
"""Enough for a drive to overcome its friction, once it is let."""
STILL_MPS = 0.01
LOST_S = 2.0


class Obedience:
    """Compares odometry's twist with the commanded one after the drive's lag.

    It is disobeyed from PATIENCE_S of difference on, until the robot moves by half of what is
    commanded at least, or nothing is. Meanwhile `careful` is to be gone on from: who lets go of an
    e-stop is not to be run into at full speed.
    """

    def __init__(self, body: Body) -> None:
        self._body = body
        self._expected = np.zeros(3)
        self._odd_s = self._disobeyed_s = 0.0
        self.disobeyed = False

    @property
    def lost(self) -> bool:
        """Whether it has gone on for LOST_S."""
        return self._disobeyed_s > LOST_S

    def watch(self, commanded: Array, measured: Array, dt_s: float) -> None:
        """Twists (3,) vx, vy [m/s], wz [rad/s], dt_s [s] after the last ones."""
        blend = 1.0 - math.exp(-dt_s / self._body.lag_s)
        self._expected = self._expected + blend * (commanded - self._expected)
        off = self._expected - measured
        far = math.hypot(off[0], off[1]) / (TOLD_MPS + 0.3 * math.hypot(*self._expected[:2]))
        turned = abs(off[2]) / (TOLD_RADPS + 0.3 * abs(self._expected[2]))
        odd = max(far, turned) > 1.0
        self._odd_s = self._odd_s + dt_s if odd else 0.0
        moves = _pace(measured) >= 0.5 * _pace(self._expected) - STILL_MPS
        self.disobeyed = self._odd_s > PATIENCE_S or (self.disobeyed and (odd or not moves))
        self._disobeyed_s = self._disobeyed_s + dt_s if self.disobeyed else 0.0

    def careful(self, commanded: Array, measured: Array) -> Array:
        """The twist (3,) to go on from: of what was commanded, what is measured and a nudge."""
        most = np.abs(measured) + np.array([NUDGE_MPS, NUDGE_MPS, NUDGE_RADPS])
        return np.clip(commanded, -most, most)

    def forget(self) -> None:
        """Start anew: what was expected means nothing."""
        self._expected, self.disobeyed = np.zeros(3), False
        self._odd_s = self._disobeyed_s = 0.0


def _pace(twist: Array) -> float:
    """How fast a twist (3,) moves a body of half a metre at its fastest point [m/s]."""
    return math.hypot(twist[0], twist[1]) + 0.25 * abs(float(twist[2]))
