"""The protective separation distance, and the speed it leaves towards somebody.

S = S_h + S_r + S_s + C + Z_d + Z_r (ISO/TS 15066:2016, 5.5.4.2.3), where a person comes nearer for
as long as the robot reacts and brakes, S_h = v_h (T_r + T_s), the robot goes on while it reacts,
S_r = v_r T_r, and brakes over S_s = v_r^2 / (2 a), T_s = v_r / a. Where only v_h is known to be at
most K this is S = K T + C of ISO 13855. No safety rating is claimed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from bisirl_ros.config import setting

NOTHING_M = 1e-12


@dataclass(frozen=True)
class SeparationSettings:
    """The terms of the distance that is kept to people and to what stands around."""

    reaction_s: float = setting(
        0.1,
        doc="T_r: from seeing to braking, the drive's lag not counted (ISO/TS 15066)",
        unit="s",
        low=0.0,
        high=2.0,
    )
    intrusion_m: float = setting(
        0.05,
        doc="C: how far a body reaches beyond its radius; ISO 13855 has .85 where arms go unseen,"
        " with which nobody is handed anything",
        unit="m",
        low=0.0,
        high=2.0,
    )
    person_uncertainty_m: float = setting(
        0.05, doc="Z_d: of where a person is seen (ISO/TS 15066)", unit="m", low=0.0, high=1.0
    )
    robot_uncertainty_m: float = setting(
        0.02, doc="Z_r: of where the robot is (ISO/TS 15066)", unit="m", low=0.0, high=1.0
    )
    near_m: float = setting(
        0.2, doc="gap to a person below which near_speed holds", unit="m", low=0.0, high=5.0
    )
    near_speed: float = setting(
        0.5, doc="top speed that near to a person, whichever way", unit="m/s", low=0.0, high=5.0
    )

    @property
    def least_m(self) -> float:
        """The gap to a person that is kept even at rest: C + Z_d + Z_r [m]."""
        return self.intrusion_m + self.person_uncertainty_m + self.robot_uncertainty_m


def separation(
    speed: float, v_h: float, reaction_s: float, deceleration: float, cos: float = 1.0
) -> float:
    """How far apart two must be of whom one drives at `speed` and one comes nearer at v_h [m].

    cos: of the angle between the robot's way and the way to the person, v_r = cos * speed
    deceleration: a, of the braking robot [m/s^2]; C, Z_d and Z_r come on top.
    """
    stop_s = speed / deceleration
    return v_h * (reaction_s + stop_s) + cos * speed * (reaction_s + 0.5 * stop_s)


def speed_left(
    gap_m: float, v_h: float, reaction_s: float, deceleration: float, cos: float = 1.0
) -> float:
    """The largest speed [m/s] whose `separation` is within gap_m [m]; 0 where there is none.

    cos: in (0, 1]: who does not close in is not bounded.
    """
    slope = cos * reaction_s + v_h / deceleration
    left = gap_m - v_h * reaction_s
    if left < NOTHING_M:
        return 0.0
    # cos v^2 / (2 a) + slope v - left = 0, in the form that cancels nothing
    return 2.0 * left / (slope + math.sqrt(slope * slope + 2.0 * cos * left / deceleration))
