"""Crossings played step by step, and how CrowdNav says that they ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.bench.crowdnav.crossings import (
    BODY_M,
    DISCOMFORT_M,
    ROBOT_GOAL,
    ROBOT_START,
    SPEED,
    Crossings,
)
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.reciprocal import Agents, Reciprocal
from bisirl_ros.crowd.room import Room
from bisirl_ros.errors import InputError

STEP_S, TIME_LIMIT_S = 0.25, 25.0
RUNNING, SUCCESS, COLLISION, TIMEOUT = 0, 1, 2, 3
ROUNDING = 0.01

Drive = Callable[[Tensor, Tensor], Tensor]
"""The robots (B, 6) one step later, of robots (B, 6) beside people (B, P, 4); states as in
`Situation`."""


@dataclass(frozen=True)
class Played:
    """What came of B crossings.

    outcome: (B,) SUCCESS, COLLISION or TIMEOUT; time_s: (B,) when; steps: (B,) how many
    close: (B,) steps on which the gap to somebody was below DISCOMFORT_M
    robot: (T + 1, B, 6), people: (T + 1, B, P, 4): states at all moments, of whoever is done too
    """

    outcome: NDArray[np.int_]
    time_s: Array
    steps: NDArray[np.int_]
    close: NDArray[np.int_]
    robot: Array
    people: Array


class OrcaCrowd:
    """ORCA discs in the open, with the settings of CrowdNav's `orca.py`.

    safety_m: by how much more than 1 cm every disc is taken to be larger
    """

    def __init__(self, safety_m: float = 0.0) -> None:
        margin_m = 0.01 + safety_m
        self._orca = Reciprocal(STEP_S, 5.0, 5.0, margin_m, seen_m=10.0, most_neighbours=10)
        self._open = Room.of((), ())

    def __call__(self, state: Tensor, goal: Tensor) -> Tensor:
        """The velocity (B, Q, 2) [m/s] that each of Q discs (B, Q, 4) chooses; goal: (B, Q, 2)."""
        way = goal - state[..., :2]
        wanted = way / way.norm(dim=-1, keepdim=True).clamp(min=SPEED)
        count = state.shape[1]
        there = torch.ones(state.shape[:2], dtype=torch.bool)
        agents = Agents(state, wanted, there, (BODY_M,) * count, (SPEED,) * count)
        return self._orca.velocity(agents, self._open)


@torch.no_grad()
def play(crossings: Crossings, drive: Drive) -> Played:
    """Drive through all crossings at once.

    Raises InputError for a robot that outruns SPEED, or where pyrvo is not installed.
    """
    count = len(crossings)
    goal, sees = torch.from_numpy(crossings.goal), torch.from_numpy(crossings.sees)
    people = torch.cat([torch.from_numpy(crossings.start), torch.zeros_like(goal)], -1)
    robot, velocity = at_start(count), torch.zeros_like(goal[:, 0])
    robots, peoples = [robot.numpy()], [people.numpy()]
    outcome, steps, close = (np.zeros(count, int) for _ in range(3))
    for step in range(round(TIME_LIMIT_S / STEP_S)):
        going = outcome == RUNNING
        if not going.any():
            break
        moved = robot.clone()
        moved[going] = drive(robot[going], people[going]).double()
        seen = torch.cat([robot[:, :2], velocity], -1)
        velocity = (moved[:, :2] - robot[:, :2]) / STEP_S
        _check(velocity)
        chosen = people[..., 2:].clone()
        chosen[going] = choose(seen[going], people[going], goal[going], sees[going])
        gap = gaps(robot, people, velocity).numpy()
        there = (moved[:, :2] - moved.new_tensor(ROBOT_GOAL)).norm(dim=-1).numpy() < BODY_M
        steps += going
        late = step * STEP_S >= TIME_LIMIT_S - 1.0
        ended = np.select([late, gap < 0.0, there], [TIMEOUT, COLLISION, SUCCESS], RUNNING)
        close += going & (ended == RUNNING) & (gap < DISCOMFORT_M)
        outcome = np.where(going, ended, outcome)
        people = torch.cat([people[..., :2] + chosen * STEP_S, chosen], -1)
        robot = moved
        robots.append(robot.numpy())
        peoples.append(people.numpy())
    return Played(outcome, steps * STEP_S, steps, close, np.array(robots), np.array(peoples))


def at_start(count: int) -> Tensor:
    """Robots (B, 6) at rest where they start, looking at their goal."""
    return torch.tensor([[*ROBOT_START, np.pi / 2.0, 0.0, 0.0, 0.0]], dtype=torch.float64).repeat(
        count, 1
    )


def gaps(robot: Tensor, people: Tensor, velocity: Tensor) -> Tensor:
    """Smallest gap to anybody along a step in which people go on as they walk: (B,) [m].

    velocity: (B, 2) the robot's in this step [m/s] (`crowd_sim.py`, step); < 0 is a collision
    """
    begin = people[..., :2] - robot[:, None, :2]
    along = (people[..., 2:] - velocity[:, None]) * STEP_S
    share = -(begin * along).sum(-1) / along.square().sum(-1).clamp(min=1e-12)
    nearest = begin + share.clamp(0.0, 1.0)[..., None] * along
    apart: Tensor = torch.linalg.vector_norm(nearest, dim=-1)
    return apart.amin(-1) - 2.0 * BODY_M


def choose(robot: Tensor, people: Tensor, goal: Tensor, sees: Tensor) -> Tensor:
    """What people (B, P, 4) choose beside robots (B, 4): (B, P, 2) [m/s]; only seers avoid it.

    goal: (B, P, 2) [m]; sees: (B, P) bool
    """
    orca = OrcaCrowd()
    blind = orca(people, goal) if not sees.all() else torch.zeros_like(goal)
    if not sees.any():
        return blind
    body = robot[:, None]
    everybody = orca(torch.cat([people, body], 1), torch.cat([goal, body[..., :2]], 1))
    return torch.where(sees[..., None], everybody[:, :-1], blind)


def _check(velocity: Tensor) -> None:
    fastest = float(velocity.norm(dim=-1).max())
    if not fastest <= SPEED + ROUNDING:
        raise InputError(f"robot: drives at {fastest:g} m/s; the limit is {SPEED:g} m/s")
