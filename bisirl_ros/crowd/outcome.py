"""How an episode has ended: the one rule, for simulators and recordings alike."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.errors import InputError

CLOCK_S = 1e-6
"""How far a clock that counts steps may be off."""


def outcome(scenario: Scenario, situation: Situation, elapsed_s: float, goals: Any) -> str | None:
    """How the episode in one situation (B = 1) has ended; see `outcomes`.

    Raises InputError for another number of situations or goals.
    """
    if len(situation) != 1:
        raise InputError(f"outcome: {len(situation)} situations; give one, or call outcomes")
    return outcomes(scenario, situation, elapsed_s, goals)[0]


def outcomes(
    scenario: Scenario, situation: Situation, elapsed_s: float, goals: Any
) -> list[str | None]:
    """How each of B episodes has ended: "collision", "arrived", "timeout", in this order, or None.

    A collision is anybody present within contact distance of the robot. Arrived are those whose
    arrival the scenario waits for (`done`); going past a goal is not arriving.

    elapsed_s: time since the start [s]; goals: where people really go, (P, 2) or (B, P, 2) [m]
    Raises InputError for another number of goals.
    """
    people, present = situation.people[..., :2], situation.present
    there = torch.as_tensor(goals).to(people)
    if there.shape not in (people.shape, people.shape[1:]):
        raise InputError(
            f"outcome: goals have shape {tuple(there.shape)}; give {tuple(people.shape[1:])}"
        )
    touched = min_distance_m(situation) < scenario.contact_distance_m
    robot = arrived(
        situation.robot[:, :2], situation.aims.robot_goal, scenario.robot.goal_tolerance_m
    )
    walked = arrived(people, there, scenario.person.goal_tolerance_m) | ~present
    over = "timeout" if elapsed_s >= scenario.time_limit_s - CLOCK_S else None
    return [
        "collision" if hit else "arrived" if well else over
        for hit, well in zip(touched.tolist(), done(scenario, robot, walked).tolist(), strict=True)
    ]


def done(scenario: Scenario, robot: Tensor, people: Tensor) -> Tensor:
    """Whether all those have arrived whom the scenario waits for: (B,) bool.

    robot: (B,) whether it has; people: (B, P) whether each has, or is not there
    """
    walked = people.all(-1)
    return {"all": robot & walked, "people": walked, "robot": robot}[scenario.arrival]


def min_distance_m(situation: Situation) -> Tensor:
    """From the robot's centre to the nearest present person's: (B,) [m], inf with nobody there."""
    apart = (situation.people[..., :2] - situation.robot[:, None, :2]).norm(dim=-1)
    apart = torch.where(situation.present, apart, math.inf)
    nobody = apart.new_full((len(situation), 1), math.inf)
    return torch.cat([apart, nobody], -1).amin(-1)
