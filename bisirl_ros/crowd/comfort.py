"""The learned reward as a map: what people lose by the robot standing here or there.

Shown is theta . (psi(robot far away) - psi(robot here)) of one decision, everybody as they are now,
summed over people. It is linear in theta: with the estimate's mean it is the expected loss, and the
covariance has no part in it. Each goes for the likeliest goal of theirs, as far as that matters
(`robot_left`). What does not depend on the robot is in both terms, and cancels.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.features import FEATURES, Step
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import AWAY_M, Situation

MOST_PLACES = 40_000
"""Places looked at for one map, the nearest people's first: a few milliseconds' worth."""
TINY = 1e-12


@dataclass(frozen=True)
class ComfortSettings:
    """The map of people's comfort."""

    size_m: float = setting(10.0, doc="width and height", unit="m", low=1.0, high=20.0)
    resolution_m: float = setting(0.1, doc="of a cell", unit="m", low=0.05, high=1.0)
    reach_m: float = setting(
        3.0, doc="further from somebody it is not shown", unit="m", low=0.5, high=5.0
    )
    worst: float = setting(
        3.0,
        doc="loss per decision that has the highest value: 3 is chosen e^3 = 20 times less often;"
        " 0: the largest loss of each map",
        low=0.0,
        high=1000.0,
    )
    highest: int = setting(
        100, doc="value of the worst; 99 keeps Nav2 from taking it for a wall", low=1, high=100
    )


@dataclass(frozen=True, eq=False)
class ComfortMap:
    """values: (H, W) 0 where nobody loses (or they gain) to `highest`, rows along y; origin: x, y
    [m] of the outer corner of cell (0, 0), a multiple of resolution_m [m]"""

    values: NDArray[np.int8]
    resolution_m: float
    origin: tuple[float, float]


@torch.no_grad()
def comfort_map(
    scenario: Scenario, theta: Array, situation: Situation, settings: ComfortSettings
) -> ComfortMap:
    """The map around the robot in a situation (B = 1) whose people have weights theta (P, n)."""
    size = settings.resolution_m
    side = max(round(settings.size_m / size), 1)
    corner = np.rint(situation.robot[0, :2].double().numpy() / size) - side // 2
    patch = _disc(round(settings.reach_m / size, 6))
    shown = _nearest(situation, MOST_PLACES // patch.shape[1])
    people, goal = situation.people[0, shown].double(), situation.aims.likeliest[0, shown].double()
    cells = torch.floor(people[:, :2].T / size)[..., None] + patch[:, None]  # (2, P, K)
    weights = torch.as_tensor(theta, dtype=torch.float64)[shown]
    places = ((cells + 0.5) * size).movedim(0, -1)
    lost = losses(scenario, weights, people, goal, situation.room, places)
    column, row = cells.numpy() - corner[:, None, None]
    within = (column >= 0) & (column < side) & (row >= 0) & (row < side)
    flat = (side * row[within] + column[within]).astype(int)
    summed = np.bincount(flat, lost.numpy()[within], side * side).clip(min=0.0)
    worst = settings.worst or max(float(summed.max()), TINY)
    values = np.rint(settings.highest * np.minimum(summed / worst, 1.0)).astype(np.int8)
    x, y = (size * corner).tolist()
    return ComfortMap(values.reshape(side, side), size, (x, y))


def losses(
    scenario: Scenario, theta: Tensor, people: Tensor, goal: Tensor, room: Room, robot: Tensor
) -> Tensor:
    """What each of P people loses in a decision with the robot at K places: (P, K), < 0 a gain.

    theta: (P, n); people: (P, 4) as they are; goal: (P, 2) [m]; robot: (P, K, 2) [m]
    """
    person, state = scenario.person, people[:, None]
    alone = state.new_zeros((len(people), 1, 0, 2))

    def reward(place: Tensor) -> Tensor:
        step = Step(state, state, place, alone, goal[:, None], room, scenario.decision_period_s)
        terms = (
            theta[:, i, None] * FEATURES[spec.name](step, spec, person)
            for i, spec in enumerate(person.features)
        )
        return sum(terms, state.new_zeros(()))

    return reward(state[..., :2] + AWAY_M) - reward(robot)


def _nearest(situation: Situation, most: int) -> Tensor:
    """Who of the people present is near the robot: at most so many, by number."""
    there = torch.nonzero(situation.present[0])[:, 0]
    far = (situation.people[0, there, :2] - situation.robot[0, :2]).square().sum(-1)
    return there[far.argsort()[:most]]


@functools.cache
def _disc(radius: float) -> Tensor:
    """The cells within a radius of a cell, all in cells: (2, K) columns and rows off it."""
    reach = torch.arange(-int(radius), int(radius) + 1, dtype=torch.float64)
    offsets = torch.cartesian_prod(reach, reach)
    return offsets[offsets.square().sum(-1) <= radius**2].T.contiguous()
