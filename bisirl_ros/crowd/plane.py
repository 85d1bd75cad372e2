"""The plane as complex numbers: a turn is one product, a distance one absolute value."""

from __future__ import annotations

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
