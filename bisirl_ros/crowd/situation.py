"""Who is there, where each goes, what stands in the way: the state of the game, as one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.room import Room

AWAY_M = 1e3
"""Where somebody who is absent is put: too far to matter to any feature or policy."""


@dataclass(frozen=True)
class Situation:
    """B situations of a robot and P people; P = 0 is legal.

    robot: (B, 6) x, y [m], yaw [rad], vx, vy [m/s], wz [rad/s], the twist in the body's frame
    people: (B, P, 4) x, y [m], vx, vy [m/s] in the fixed frame; present: (B, P) bool
    """

    robot: Tensor
    people: Tensor
    present: Tensor
    aims: Aims
    room: Room

    def __len__(self) -> int:
        return len(self.robot)

    @property
    def count(self) -> int:
        """P, how many people there is room for."""
        return self.people.shape[1]

    @property
    def seen(self) -> Tensor:
        """People (B, P, 4), whoever is absent put far away."""
        away = torch.tensor([AWAY_M, AWAY_M, 0.0, 0.0]).to(self.people)
        return torch.where(self.present[..., None], self.people, away)

    def with_bodies(self, robot: Tensor, people: Tensor) -> Situation:
        """The same people and aims elsewhere."""
        return replace(self, robot=robot, people=people)

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Situation:
        """The same situations on another device or in another precision."""

        def moved(value: Tensor) -> Tensor:
            return value.to(device) if value.dtype == torch.bool else value.to(device, dtype)

        aims = Aims(*(moved(v) for v in (self.aims.route, self.aims.goals, self.aims.log_belief)))
        robot, people, present = (moved(v) for v in (self.robot, self.people, self.present))
        return Situation(robot, people, present, aims, self.room.to(device, dtype))

    def chosen(self, index: Any) -> Situation:
        """Some of the B situations."""
        aims = self.aims
        return Situation(
            self.robot[index],
            self.people[index],
            self.present[index],
            Aims(aims.route[index], aims.goals[index], aims.log_belief[index]),
            self.room,
        )
