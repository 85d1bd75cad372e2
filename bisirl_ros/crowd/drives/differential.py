"""Two driven wheels: forward, and turning on the spot."""

from __future__ import annotations

from torch import Tensor

from bisirl_ros.crowd.drives.limits import Limits

COLUMNS = (0, 2)


def admissible(velocity: Tensor, limits: Limits) -> Tensor:
    """velocity (..., 2) = vx, wz within the limits: (..., 2) [m/s, rad/s]."""
    most = limits.most(COLUMNS, velocity)
    return velocity.clamp(-most, most)
