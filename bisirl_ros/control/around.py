"""What is around the robot, as the gate sees it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from bisirl_ros.control.body import Twist
from bisirl_ros.core.arrays import Array


def nobody() -> Array:
    """No people: (0, 4)."""
    return np.zeros((0, 4))


@dataclass(frozen=True)
class Around:
    """The robot's pose, and what it must not run into.

    place: x, y [m]; yaw [rad]; people: (P, 4) x, y [m], vx, vy [m/s]; person_radius_m [m]
    things: (O, 3) whatever stands: gap from the footprint [m], unit vector x, y towards it
    """

    place: tuple[float, float]
    yaw: float
    people: Array = field(default_factory=nobody)
    person_radius_m: float = 0.25
    things: Array = field(default_factory=lambda: np.zeros((0, 3)))

    def people_near(self, radius_m: float) -> Iterator[tuple[float, float, float, float]]:
        """For each person: the gap to a robot of radius_m [m], the unit vector x, y to them, and
        how fast they come nearer by themselves, 0 where they do not [m/s]."""
        px, py = self.place
        for x, y, vx, vy in self.people.tolist():
            dx, dy = x - px, y - py
            far = math.hypot(dx, dy)
            wx, wy = dx / max(far, 1e-9), dy / max(far, 1e-9)
            coming = max(0.0, -(wx * vx + wy * vy))
            yield far - radius_m - self.person_radius_m, wx, wy, coming

    def velocity(self, twist: Twist) -> tuple[float, float]:
        """The velocity x, y [m/s] in the fixed frame of a twist in the robot's."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return cos * twist[0] - sin * twist[1], sin * twist[0] + cos * twist[1]
