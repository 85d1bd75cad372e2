"""What people are taken to have foreseen of a robot that somebody else drove.

Nobody can foresee all that it did: `realised` lets them see the future, which explains too much
where the robot turned or stopped unforeseeably. `constant_velocity` lets them see none of its
plans, which explains too little where it drove as anybody would expect. Which is nearer is told by
the log-likelihood of decisions from which nothing was learned yet.
"""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.samples import Samples

REALISED, CONSTANT_VELOCITY = "realised", "constant_velocity"
FORESIGHTS = (REALISED, CONSTANT_VELOCITY)


def foreseen(robot: Samples, times: Array, ahead_s: Array, foresight: str) -> Array:
    """The robot's states (T, H + 1, 6) from each of times (T,) on, ahead_s (H + 1,) later [s]."""
    if foresight == REALISED:
        return robot.at(times[:, None] + ahead_s)
    return going_on(robot.at(times), ahead_s)


def going_on(states: Array, ahead_s: Array) -> Array:
    """Robots (T, 6) who keep their velocity, ahead_s (H + 1,) later [s]: (T, H + 1, 6)."""
    yaw, vx, vy = states[:, 2], states[:, 3], states[:, 4]
    velocity = np.stack(
        [np.cos(yaw) * vx - np.sin(yaw) * vy, np.sin(yaw) * vx + np.cos(yaw) * vy], -1
    )
    later = np.repeat(states[:, None], len(ahead_s), 1)
    later[..., :2] += ahead_s[:, None] * velocity[:, None]
    later[..., 5] = 0.0
    return later
