"""The world without physics: a unicycle robot and a lagging person."""

from __future__ import annotations

import math

import numpy as np

from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.drive import Drive
from bisirl_sim.obstacles import Obstacles
from bisirl_sim.walker import Walker


class KinematicWorld:
    """`World` in plain Python: exact arcs at a step's mean speeds; obstacles stop the robot."""

    backend = "kinematic"

    def __init__(self, scenario: Scenario, dt_s: float = 0.01) -> None:
        self.dt_s = dt_s
        self._radius_m = scenario.robot.radius_m
        self._obstacles = Obstacles(scenario.obstacles)
        self._drive = Drive(scenario.robot, dt_s)
        self._walker = Walker(scenario.human, self._obstacles, dt_s)
        self._steps = 0
        self._x, self._y, self._yaw = scenario.robot.start

    @property
    def time_s(self) -> float:
        """See `World.time_s`."""
        return self._steps * self.dt_s

    def reset(
        self, robot: tuple[float, float, float], human: tuple[float, float, float, float]
    ) -> None:
        """See `World.reset`."""
        self._x, self._y, self._yaw = (float(value) for value in robot)
        self._drive.reset()
        self._walker.reset(human)

    def command_robot(self, speed: float, turn_rate: float) -> None:
        """See `World.command_robot`."""
        self._drive.command(speed, turn_rate)

    def command_human(self, vx: float, vy: float) -> None:
        """See `World.command_human`."""
        self._walker.command(vx, vy)

    def step(self) -> None:
        """See `World.step`."""
        speed_t, turn_rate_t = self._drive.speed, self._drive.turn_rate
        self._drive.step()
        self._move(
            0.5 * (speed_t + self._drive.speed) * self.dt_s,
            0.5 * (turn_rate_t + self._drive.turn_rate) * self.dt_s,
        )
        self._walker.step()
        self._steps += 1

    def robot_state(self) -> np.ndarray:
        """See `World.robot_state`."""
        yaw = wrap_angle(self._yaw)
        return np.array((self._x, self._y, yaw, self._drive.speed, self._drive.turn_rate))

    def human_state(self) -> np.ndarray:
        """See `World.human_state`."""
        return self._walker.state()

    def close(self) -> None:
        """See `World.close`."""

    def _move(self, arc_m: float, turn_rad: float) -> None:
        """Follow an arc of `arc_m` [m] and `turn_rad` [rad], or stop at an obstacle."""
        half = 0.5 * turn_rad
        chord_m = arc_m * (math.sin(half) / half if half else 1.0)
        x = self._x + chord_m * math.cos(self._yaw + half)
        y = self._y + chord_m * math.sin(self._yaw + half)
        gap_before, _ = self._obstacles.clearance(self._x, self._y, self._radius_m)
        gap, _ = self._obstacles.clearance(x, y, self._radius_m)
        if gap < min(0.0, gap_before):
            self._drive.speed = 0.0
        else:
            self._x, self._y = x, y
        self._yaw += turn_rad


def wrap_angle(angle: float) -> float:
    """`angle` [rad] in [-pi, pi]."""
    return math.remainder(angle, math.tau)
