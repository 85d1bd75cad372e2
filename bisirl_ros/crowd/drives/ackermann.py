"""Steered like a car: it turns only as it drives, and no tighter than its turning circle."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.drives.limits import Limits

COLUMNS = (0, 2)


def admissible(velocity: Tensor, limits: Limits) -> Tensor:
    """velocity (..., 2) = vx, wz with |wz| <= |vx| / turning radius: (..., 2) [m/s, rad/s]."""
    most = limits.most(COLUMNS, velocity)
    forward, turn = torch.split(velocity.clamp(-most, most), 1, -1)
    tightest = forward.abs() / limits.turning_radius_m
    return torch.cat([forward, turn.clamp(-tightest, tightest)], -1)
