"""Robots that are driven by the model itself, and odometry of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.calibrate.driving import Driving
from bisirl_ros.calibrate.excitation import excitation
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room

DEAD_TIME_S = 0.1
STEP_S = 0.01


@dataclass(frozen=True)
class Drive:
    """time: (T,) [s]; state: (T, 6) as `Robot.step` has it; the commands that led there."""

    command_time: Array
    command: Array
    time: Array
    state: Array

    def heard(self, rate_hz: float, noise: float, seed: int = 0, late_s: float = 0.0) -> Driving:
        """By odometry with noise, its clock late."""
        rng = np.random.default_rng(seed)
        at = np.arange(rng.uniform(0.0, 1.0 / rate_hz), self.command_time[-1], 1.0 / rate_hz)
        velocity = self.seen(at)[:, 3:] + rng.normal(0.0, noise, (len(at), 3))
        return Driving.of(self.command_time, self.command, at + late_s, velocity)

    def seen(self, at: Array) -> Array:
        """States at times (N,): (N, 6)."""
        return np.stack([np.interp(at, self.time, s) for s in self.state.T], -1)


def driven(robot: Robot, duration_s: float, asked: Robot | None = None) -> Drive:
    """`robot` after the excitation meant for `asked`, which it follows DEAD_TIME_S late."""
    command_time, command = excitation(asked or robot, duration_s)
    count = round(command_time[-1] / STEP_S)
    now = np.arange(count) * STEP_S
    acts = np.searchsorted(command_time + DEAD_TIME_S, now + 1e-9, side="right")
    late = torch.from_numpy(np.concatenate([np.zeros((1, 3)), command]))
    state, room = torch.zeros(1, 6, dtype=torch.float64), Room.of((), ())
    states = [state]
    for index in acts.tolist():
        state = robot.step(state, late[index], STEP_S, room)
        states.append(state)
    return Drive(
        command_time, command, np.append(now, count * STEP_S), torch.cat(states).numpy().copy()
    )
