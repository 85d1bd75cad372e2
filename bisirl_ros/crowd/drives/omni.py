"""Mecanum or omni wheels: any direction up to the top speed."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.drives.limits import Limits

COLUMNS = (0, 1, 2)


def admissible(velocity: Tensor, limits: Limits) -> Tensor:
    """velocity (..., 3) = vx, vy, wz, shortened to the top speed: (..., 3) [m/s, m/s, rad/s]."""
    speed = torch.sqrt(velocity[..., :2].square().sum(-1, keepdim=True) + 1e-12)
    shorter = velocity[..., :2] * (limits.max_speed / speed).clamp(max=1.0)
    turn = velocity[..., 2:].clamp(-limits.max_turn_rate, limits.max_turn_rate)
    return torch.cat([shorter, turn], -1)
