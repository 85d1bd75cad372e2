"""Commands that tell a drive's lag and limits in about a minute, within a few metres."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.robot import Robot

RATE_HZ = 20.0
LEVELS = (0.0, 1.0, 0.0, -1.0, 0.0, 0.5, -0.5, 0.0)
"""Steps of a column, in parts of its amplitude; forth and back alike."""
STEPS_SHARE = 0.6
SLOWEST_HZ, FASTEST_HZ = 0.2, 1.0
STRAIGHT_SHARE = 0.1
REACH_M = 2.0
CIRCLING, STEERING = 0.5, 0.4


def excitation(
    robot: Robot, duration_s: float = 60.0, reach_m: float = REACH_M
) -> tuple[Array, Array]:
    """Times (N,) [s] at RATE_HZ and commands (N, 3) vx, vy [m/s], wz [rad/s].

    Each column in turn: steps, then a chirp, backwards as well as forwards. The robot stays within
    reach_m of where it began, at less than its top speed where need be; one that steers turns
    while it circles slowly, and needs a few of its turning circles besides.
    """
    share_s = duration_s / len(robot.columns)
    time = np.arange(round(share_s * RATE_HZ)) / RATE_HZ
    held_s = STEPS_SHARE * share_s / len(LEVELS)
    speed = min(robot.max_speed, reach_m / held_s)
    pattern = _pattern(time, share_s)
    parts = []
    for column in robot.columns:
        part = np.zeros((len(time), 3))
        if column < 2:
            part[:, column] = speed * pattern
        elif robot.drive == "ackermann":
            circling = 0.5 * speed
            most = min(circling / robot.turning_radius_m, robot.max_turn_rate)
            turns = time >= STRAIGHT_SHARE * share_s
            part[:, 0] = circling * (time < (1.0 - STRAIGHT_SHARE) * share_s)
            part[:, 2] = turns * most * (CIRCLING + STEERING * pattern) * (part[:, 0] > 0.0)
        else:
            part[:, 2] = robot.max_turn_rate * pattern
        parts.append(part)
    command = np.concatenate(parts)
    return np.arange(len(command)) / RATE_HZ, command


def _pattern(time: Array, length_s: float) -> Array:
    """Steps, then a chirp of half their size, within -1 .. 1; zero at the end."""
    steps_s = STEPS_SHARE * length_s
    level = np.array(LEVELS)[
        np.minimum((time / steps_s * len(LEVELS)).astype(int), len(LEVELS) - 1)
    ]
    since = np.maximum(time - steps_s, 0.0)
    chirp_s = 0.95 * (length_s - steps_s)
    cycles = SLOWEST_HZ * since + 0.5 * (FASTEST_HZ - SLOWEST_HZ) / chirp_s * np.square(since)
    chirp = 0.5 * np.cos(2.0 * np.pi * cycles) * (since < chirp_s)
    pattern: Array = np.where(time < steps_s, level, chirp)
    return pattern
