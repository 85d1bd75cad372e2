"""The pose of a walking person: joint angles and hip height from the gait's phase."""

from __future__ import annotations

import math
from dataclasses import dataclass

STRIDE_M = 1.45
"""Distance walked in a full cycle, two steps [m]."""
THIGH_M, SHIN_M = 0.45, 0.47
FULL_SWING_SPEED = 1.0
"""Speed from which on limbs swing fully [m/s]."""


@dataclass(frozen=True)
class Pose:
    """Angles of the joints of `human.urdf` by name [rad], and the hips' height [m]."""

    joints: dict[str, float]
    hip_height_m: float


def walking_pose(phase: float, speed: float) -> Pose:
    """The pose at `phase` [rad] of the cycle, walking at `speed` [m/s]; standing straight at 0.

    The lower of the two feet touches the ground; arms swing against the legs.
    """
    swing = min(1.0, speed / FULL_SWING_SPEED)
    joints: dict[str, float] = {}
    reach_m = 0.0
    for side, angle in (("left", phase), ("right", phase + math.pi)):
        hip = -swing * (0.42 * math.sin(angle) + 0.04)
        knee = swing * (0.10 + 0.85 * max(0.0, math.cos(angle - 0.35)) ** 2)
        joints[f"{side}_hip"], joints[f"{side}_knee"] = hip, knee
        joints[f"{side}_shoulder"] = swing * 0.5 * math.sin(angle) + 0.03
        joints[f"{side}_elbow"] = -0.18 - swing * (0.35 - 0.2 * math.sin(angle))
        reach_m = max(reach_m, THIGH_M * math.cos(hip) + SHIN_M * math.cos(hip + knee))
    return Pose(joints, reach_m)
