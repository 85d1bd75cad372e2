"""What every drive knows of its robot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Limits:
    """max_speed [m/s], max_turn_rate [rad/s], turning_radius_m [m] of a drive that steers."""

    max_speed: float
    max_turn_rate: float
    turning_radius_m: float

    def most(self, columns: tuple[int, ...], like: Tensor) -> Tensor:
        """The largest magnitude of each column of vx, vy, wz: (len(columns),)."""
        every = (self.max_speed, self.max_speed, self.max_turn_rate)
        return constant(tuple(every[c] for c in columns), like.dtype, like.device)


@cache
def constant(values: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """A tensor of (nested) numbers that never change, made once."""
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)
