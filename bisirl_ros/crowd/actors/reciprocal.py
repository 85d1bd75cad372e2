"""Optimal reciprocal collision avoidance, by the package pyrvo, of many situations."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bisirl_ros.crowd.room import Room
from bisirl_ros.errors import InputError

DISC_CORNERS = 12


@dataclass(frozen=True)
class Agents:
    """Q discs in each of B situations.

    state: (B, Q, 4) x, y [m], vx, vy [m/s]; wanted: (B, Q, 2) [m/s]; present: (B, Q) bool
    radius_m, max_speed: of each, Q numbers
    """

    state: Tensor
    wanted: Tensor
    present: Tensor
    radius_m: tuple[float, ...]
    max_speed: tuple[float, ...]


class Reciprocal:
    """ORCA (van den Berg et al. 2011): each takes half of what avoids all others.

    horizon_s, wall_horizon_s: how long what is chosen has to be free of others, of walls
    margin_m: added to every radius, for bodies that do not follow at once
    Raises InputError where pyrvo is not installed.
    """

    def __init__(
        self,
        period_s: float,
        horizon_s: float = 3.0,
        wall_horizon_s: float = 2.0,
        margin_m: float = 0.1,
        seen_m: float = 15.0,
        most_neighbours: int = 10,
    ) -> None:
        self._pyrvo = _pyrvo()
        self._period_s, self._margin_m = period_s, margin_m
        self._limits = (seen_m, most_neighbours, horizon_s, wall_horizon_s)

    def velocity(self, agents: Agents, room: Room) -> Tensor:
        """What each does next: (B, Q, 2) [m/s], zero for whoever is absent."""
        found = torch.zeros_like(agents.wanted)
        for b in range(len(found)):
            there = agents.present[b].nonzero()[:, 0].tolist()
            if there:
                chosen = self._one(agents, b, there, room)
                found[b, there] = torch.tensor(chosen).to(found)
        return found

    def _one(
        self, agents: Agents, b: int, there: list[int], room: Room
    ) -> list[tuple[float, float]]:
        simulator = self._pyrvo.RVOSimulator(self._period_s, *self._limits, 1.0, 1.0)
        for corners in _obstacles(room):
            simulator.add_obstacle(corners)
        simulator.process_obstacles()
        for number, q in enumerate(there):
            x, y, vx, vy = agents.state[b, q].tolist()
            radius = agents.radius_m[q] + self._margin_m
            simulator.add_agent((x, y), *self._limits, radius, agents.max_speed[q], (vx, vy))
            simulator.set_agent_pref_velocity(number, tuple(agents.wanted[b, q].tolist()))
        simulator.do_step()
        velocities = (simulator.get_agent_velocity(number) for number in range(len(there)))
        return [v.to_tuple() for v in velocities]


def _obstacles(room: Room) -> list[list[tuple[float, float]]]:
    """Corners, counterclockwise, of each wall and of a polygon around each disc."""
    found = [[(a[0], a[1]), (b[0], b[1])] for a, b in room.walls.tolist()]
    for x, y, radius in room.discs.tolist():
        reach = radius / math.cos(math.pi / DISC_CORNERS)
        angles = [2.0 * math.pi * k / DISC_CORNERS for k in range(DISC_CORNERS)]
        found.append([(x + reach * math.cos(a), y + reach * math.sin(a)) for a in angles])
    return found


def _pyrvo() -> Any:
    try:
        return importlib.import_module("pyrvo")
    except ImportError as error:
        raise InputError(
            "orca: the package pyrvo is not installed; run pip install pyrvo, or choose others"
        ) from error
