"""What a world is told, checked."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError


class Commands:
    """The last command to everybody; zero until the first.

    robot: (3,) vx, vy [m/s], wz [rad/s], which `Robot.step` makes admissible
    people: (P, 2) vx, vy [m/s], at most as fast as people are
    """

    def __init__(self, scenario: Scenario) -> None:
        self._most, self._count = scenario.person.max_speed, scenario.people
        self.clear()

    def clear(self) -> None:
        """Tell everybody to stand."""
        self.robot = torch.zeros(3, dtype=torch.float64)
        self.people = torch.zeros((self._count, 2), dtype=torch.float64)

    def to_robot(self, vx: float, vy: float, wz: float) -> None:
        """See `World.command_robot`."""
        if not all(math.isfinite(value) for value in (vx, vy, wz)):
            raise InputError(f"robot command ({vx}, {vy}, {wz}): give a finite twist")
        self.robot = torch.tensor((vx, vy, wz), dtype=torch.float64)

    def to_person(self, index: int, vx: float, vy: float) -> None:
        """See `World.command_person`."""
        if not 0 <= index < self._count:
            raise InputError(f"command to person {index}: there are {self._count}, from 0 on")
        if not (math.isfinite(vx) and math.isfinite(vy)):
            raise InputError(f"person command ({vx}, {vy}): give a finite target velocity")
        speed = math.hypot(vx, vy)
        scale = self._most / speed if speed > self._most else 1.0
        self.people[index] = torch.tensor((scale * vx, scale * vy), dtype=torch.float64)


def checked_bodies(scenario: Scenario, robot: Array, people: Array) -> tuple[Tensor, Tensor]:
    """Copies of where to put everybody: (6,) and (P, 4), float64; the twist as the drive can do it.

    Raises InputError for another shape or a value that is not finite.
    """
    robot, people = np.asarray(robot, dtype=np.float64), np.asarray(people, dtype=np.float64)
    for name, value, shape in (("robot", robot, (6,)), ("people", people, (scenario.people, 4))):
        if value.shape != shape:
            raise InputError(f"reset: {name} has shape {value.shape}; give {shape}")
        if not np.isfinite(value).all():
            raise InputError(f"reset: {name} holds a value that is not finite")
    body = torch.tensor(robot)
    body[3:] = scenario.robot.admissible(body[3:])
    return body, torch.tensor(people)


def nominal_bodies(scenario: Scenario) -> tuple[Array, Array]:
    """The centre of where everybody may start: robot (6,), at rest, and people (P, 4)."""
    starts = scenario.starts
    rows = [(*p.position, *p.velocity) for p in starts.people[: scenario.people]]
    return np.array([*starts.robot.pose, 0.0, 0.0, 0.0]), np.array(rows).reshape(-1, 4)
