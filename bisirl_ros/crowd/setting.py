"""What stays the same while episodes of the crowd go on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.structure import Structures


@dataclass(frozen=True)
class Setting:
    """Of B episodes with P people.

    route: (B, L, 2) the robot's [m]; goal: (B, P, 2) each person's true one [m]
    present: (B, P) bool; theta: (B, P, n) each person's weights
    structures: how each decides; None: as the scenario has it
    """

    route: Tensor
    goal: Tensor
    present: Tensor
    theta: Tensor
    room: Room
    course: Course
    structures: Structures | None = None

    def repeated(self, times: int) -> Setting:
        """The same for `times` moments, moments first: (times * B, ...)."""
        route, goal, present, theta = (
            v.repeat(times, *[1] * (v.ndim - 1))
            for v in (self.route, self.goal, self.present, self.theta)
        )
        structures = self.structures and self.structures.repeated(times)
        return Setting(route, goal, present, theta, self.room, Course.of(route), structures)
