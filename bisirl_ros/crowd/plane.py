"""The plane as complex numbers: a turn is one product, a distance one absolute value."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor


def as_complex(pair: Tensor) -> Tensor:
    """(..., 2) as x + iy: (...,)."""
    x, y = pair.unbind(-1)
    return torch.complex(x, y)


def bodies(people: Tensor) -> tuple[Tensor, Tensor]:
    """Place and velocity of people (..., 4), each (...,) complex."""
    x, y, vx, vy = people.unbind(-1)
    return torch.complex(x, y), torch.complex(vx, vy)


def robot_as_body(robot: Tensor) -> Tensor:
    """x, y [m], vx, vy [m/s] in the fixed frame (B, 4) of the robot's state (B, 6)."""
    x, y, yaw, forward, left, _ = robot.unbind(-1)
    cos, sin = torch.cos(yaw), torch.sin(yaw)
    return torch.stack([x, y, cos * forward - sin * left, sin * forward + cos * left], -1)


def repeated(value: Tensor, times: int) -> Tensor:
    """Each row `times` times in a row: (R, ...) to (R * times, ...), by one operation."""
    return value.index_select(0, each_row(len(value), times, value.device))


@lru_cache(maxsize=256)
def each_row(rows: int, times: int, device: torch.device) -> Tensor:
    """0, 0, ..., 1, 1, ...: every row's number `times` times, made once: (rows * times,)."""
    with torch.inference_mode(False):
        return torch.arange(rows, device=device).repeat_interleave(times)
