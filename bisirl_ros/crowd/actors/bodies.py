"""What actors know of bodies: who still decides, how a robot moves, what a body is told."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.person import Person, implied_target
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


def deciding(scenario: Scenario, situation: Situation) -> Tensor:
    """Who is there and has not arrived: (B, P) bool."""
    there = arrived(
        situation.people[..., :2], situation.aims.likeliest, scenario.person.goal_tolerance_m
    )
    return situation.present & ~there


def intent(person: Person, velocity_t: Tensor, velocity_tp1: Tensor) -> Tensor:
    """What to go for to have `velocity_tp1` one decision later, as far as they can: (..., 2) [m/s].

    Models that say how a velocity changes are held to the body's lag by it.
    """
    target = implied_target(velocity_t, velocity_tp1, person.lag_s, person.decision_period_s)
    return at_most(target, person.max_speed)


def at_most(velocity: Tensor, speed: Tensor | float) -> Tensor:
    """velocity (..., 2), shortened to `speed`, a number or (...,) [m/s]."""
    size = torch.linalg.vector_norm(velocity, dim=-1, keepdim=True).clamp(min=1e-9)
    most = torch.as_tensor(speed).to(velocity)
    most = most[..., None] if most.ndim else most
    shorter: Tensor = velocity * (most / size).clamp(max=1.0)
    return shorter
