"""People who mind their goal alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class GoalWalkers:
    """People who walk straight to their goal at the preferred speed, whatever the robot does.

    noise: standard deviation of each component of what they go for [m/s]
    """

    def __init__(self, scenario: Scenario, noise: float = 0.05) -> None:
        self._person, self._noise = scenario.person, noise

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        way = situation.aims.likeliest - situation.people[..., :2]
        left = way.norm(dim=-1, keepdim=True).clamp(min=1e-9)
        speed = (left / self._person.decision_period_s).clamp(max=self._person.preferred_speed)
        around = 2.0 * math.pi * luck
        off = math.sqrt(2.0) * self._noise  # a circle's radius is sqrt(2) deviations of a component
        noise = torch.stack([torch.cos(around), torch.sin(around)], -1) * off
        wanted: Tensor = way / left * speed + noise.to(way)
        return wanted
