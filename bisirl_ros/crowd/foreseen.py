"""What people are taken to have foreseen of a robot that somebody else drove.

Nobody can foresee all that it did: `realised` lets them see the future, which explains too much
where the robot turned or stopped unforeseeably. `constant_velocity` lets them see none of its
plans, which explains too little where it drove as anybody would expect. `fitted` lets them know how
it mostly went on from such a motion, from what was seen of it before. Which is nearest is told by
the log-likelihood of decisions from which nothing was learned yet.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.samples import Samples

REALISED, CONSTANT_VELOCITY, FITTED = "realised", "constant_velocity", "fitted"
FORESIGHTS = (REALISED, CONSTANT_VELOCITY, FITTED)
RIDGE: Final = 1.0
"""Velocity is kept, as if a sum of squares of so much had been seen doing so [m^2/s^2]."""


class Onlooker:
    """Who sees robots drive, and foresees where one will be ahead_s (H + 1,) later [s], 0 first.

    FITTED: its displacement in its own frame is linear in vx, vy and in both times wz, by a ridge
    regression (Hoerl and Kennard 1970) for each moment towards velocity that is kept; `watch` adds
    to what is known. FORMULATION section 1 has people foresee our robot's policy instead.
    """

    def __init__(self, foresight: str, ahead_s: Array) -> None:
        self._foresight, self._ahead_s = foresight, ahead_s
        self._precision = RIDGE * np.eye(4)
        self._sum = np.zeros((4, 2 * len(ahead_s)))

    def watch(self, robot: Samples) -> None:
        """See a robot's states (N, 6), once a moment ahead, for what they are worth later."""
        if self._foresight != FITTED:
            return
        times = np.arange(robot.times[0], robot.times[-1], self._ahead_s[1])
        times = times[robot.known(times[:, None] + self._ahead_s).all(-1)]
        states, later = robot.at(times), robot.at(times[:, None] + self._ahead_s)
        off = _turned(later[..., :2] - going_on(states, self._ahead_s)[..., :2], -states[:, 2])
        moves = _moves(states)
        self._precision += moves.T @ moves
        self._sum += moves.T @ off.reshape(len(times), -1)

    def foresee(self, robot: Samples, times: Array) -> Array:
        """The robot's states (T, H + 1, 6) from each of times (T,) [s] on."""
        if self._foresight == REALISED:
            return robot.at(times[:, None] + self._ahead_s)
        states = robot.at(times)
        later = going_on(states, self._ahead_s)
        if self._foresight == FITTED:
            off = _moves(states) @ np.linalg.solve(self._precision, self._sum)
            later[..., :2] += _turned(off.reshape(*later.shape[:2], 2), states[:, 2])
        return later


def going_on(states: Array, ahead_s: Array) -> Array:
    """Robots (T, 6) who keep their velocity, ahead_s (H + 1,) later [s]: (T, H + 1, 6)."""
    velocity = _turned(states[:, None, 3:5], states[:, 2])
    later = np.repeat(states[:, None], len(ahead_s), 1)
    later[..., :2] += ahead_s[:, None] * velocity
    later[..., 5] = 0.0
    return later


def _moves(states: Array) -> Array:
    """What the displacement of robots (T, 6) is linear in: (T, 4)."""
    speed = states[:, 3:5]
    return np.concatenate([speed, speed * states[:, 5:]], -1)


def _turned(vectors: Array, yaw: Array) -> Array:
    """Vectors (T, M, 2), turned by yaw (T,) [rad]."""
    cos, sin = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], -1)
