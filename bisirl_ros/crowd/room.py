"""The room: walls that nobody walks or drives through, in imagination as in the simulator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

EPS_M = 1e-9
PUSHES = 3
TOLERANCE_M = 1e-4


@dataclass(frozen=True)
class Room:
    """Walls as line segments, pillars as discs; differentiable distances to them.

    walls: (S, 2, 2) end points [m]; discs: (D, 3) x, y, radius [m]
    """

    walls: Tensor
    discs: Tensor

    @staticmethod
    def of(
        walls: tuple[tuple[float, ...], ...] = (), discs: tuple[tuple[float, ...], ...] = ()
    ) -> Room:
        """A room from rows x1, y1, x2, y2 of walls and x, y, radius of discs; float64."""
        return Room(
            torch.tensor(walls, dtype=torch.float64).reshape(-1, 2, 2),
            torch.tensor(discs, dtype=torch.float64).reshape(-1, 3),
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to run into."""
        return len(self.walls) + len(self.discs) == 0

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Room:
        """The same room on another device or in another precision."""
        return Room(self.walls.to(device, dtype), self.discs.to(device, dtype))

    def clearance(self, points: Tensor) -> Tensor:
        """Distance to the nearest wall or disc, negative inside a disc: (...,) [m].

        points: (..., 2) [m]; infinite in an empty room.
        """
        return self.nearest(points)[0]

    def nearest(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Clearance (...,) [m] and the unit vector (..., 2) away from what is nearest."""
        if self.empty:
            return torch.full_like(points[..., 0], math.inf), torch.zeros_like(points)
        gap, way = self.each(points)
        least, index = gap.min(-1)
        pick = index[..., None, None].expand(*index.shape, 1, 2)
        return least, way.gather(-2, pick)[..., 0, :]

    def each(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Distance (..., S + D) [m] to every wall and disc, and unit vectors (..., S + D, 2) away
        from it; the room is not empty."""
        gaps, ways = [], []
        if len(self.walls):
            start, along = self.walls[:, 0], self.walls[:, 1] - self.walls[:, 0]
            off = points[..., None, :] - start
            share = (off * along).sum(-1) / along.square().sum(-1).clamp(min=EPS_M)
            off = off - share.clamp(0.0, 1.0)[..., None] * along
            gaps.append(_length(off))
            ways.append(off / gaps[-1][..., None])
        if len(self.discs):
            off = points[..., None, :] - self.discs[:, :2]
            reach = _length(off)
            gaps.append(reach - self.discs[:, 2])
            ways.append(off / reach[..., None])
        return torch.cat(gaps, -1), torch.cat(ways, -2)

    def admit(self, before: Tensor, after: Tensor, radius_m: float) -> tuple[Tensor, Tensor]:
        """Where a disc of radius_m ends up that moves from before to after, and the way it is held.

        before, after: (..., 2) [m], less than a radius apart. Who would overlap something is pushed
        back; where that fails, they stay. Returns the place (..., 2) and a unit vector (..., 2)
        away from what holds them, zero where nothing does. Who starts inside something may leave.
        """
        if self.empty:
            return after, torch.zeros_like(after)
        place, held = after, torch.zeros_like(after)
        allowed = self.clearance(before).clamp(max=radius_m)
        for _ in range(PUSHES):
            gap, away = self.nearest(place)
            short = (allowed - gap).clamp(min=0.0)[..., None]
            place = place + short * away
            held = torch.where(short > 0.0, away, held)
        free = (self.clearance(place) >= allowed - TOLERANCE_M) & ~self._crossed(before, place)
        return torch.where(free[..., None], place, before), held

    def _crossed(self, before: Tensor, after: Tensor) -> Tensor:
        """Whether the straight way from before to after (..., 2) meets a wall: (...,) bool."""
        if not len(self.walls):
            return torch.zeros(before.shape[:-1], dtype=torch.bool, device=before.device)
        start, stop = self.walls[:, 0], self.walls[:, 1]
        here, there = before[..., None, :], after[..., None, :]
        sides = _side(start, stop, here) * _side(start, stop, there)
        ends = _side(here, there, start) * _side(here, there, stop)
        return ((sides < 0.0) & (ends < 0.0)).any(-1)

    def parts(self, reach_m: float, radius_m: float) -> int:
        """Into how many steps a motion of reach_m has to be cut for `admit`."""
        return 1 if self.empty else max(1, math.ceil(reach_m / (0.8 * radius_m)))

    def seen_free(self, path: Tensor, radius_m: float) -> Tensor:
        """Which points of straight paths (..., T, 2) come before the first touch: (..., T) bool.

        Looks at the points and halfway between them; the first point is always free.
        """
        if self.empty:
            return torch.ones(path.shape[:-1], dtype=torch.bool, device=path.device)
        least = self.clearance(path[..., :1, :]).clamp(max=radius_m) - TOLERANCE_M
        middle = 0.5 * (path[..., 1:, :] + path[..., :-1, :])
        clear = (self.clearance(path[..., 1:, :]) >= least) & (self.clearance(middle) >= least)
        return torch.cat([torch.ones_like(clear[..., :1]), clear], -1).long().cumprod(-1).bool()


def without_inwards(velocity: Tensor, held: Tensor) -> Tensor:
    """velocity (..., 2) less its part against the unit vector held (..., 2), if any."""
    inwards = (velocity * held).sum(-1, keepdim=True).clamp(max=0.0)
    return velocity - inwards * held


def _side(start: Tensor, stop: Tensor, point: Tensor) -> Tensor:
    """On which side of the line from start to stop a point lies, all (..., 2): (...,), signed."""
    along, off = stop - start, point - start
    return along[..., 0] * off[..., 1] - along[..., 1] * off[..., 0]


def _length(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + EPS_M**2)
