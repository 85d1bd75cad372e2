"""Candidate motions: the target velocities a human chooses among (FORMULATION section 5b).

The choice is a density over the disc of target velocities, p(u) ~ exp(theta . Phi(u)). A set of
candidates stands for that disc: points and the logarithm of the area each stands for. The softmax
over `theta . Phi_k + log area_k` is then the human's choice, and the same sum normalises the
density of a velocity observed between the points, so that learner and human may use different
sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.crowd.plane import each_row

LIKELIHOOD_GRID = (10, 22)
"""Rings and spokes of the even ones among those that explain what people did."""


@dataclass(frozen=True)
class Candidates:
    """Target velocities and the area of velocity space each stands for.

    velocity: (K, 2), the same for everybody, or (M, K, 2), each of M people's own [m/s]
    log_area: (K,) or (M, K) log of [m^2/s^2]; -inf of a point that nobody can choose
    """

    velocity: Tensor
    log_area: Tensor

    @staticmethod
    def joined(parts: Sequence[Candidates]) -> Candidates:
        """Those of some people (M, K, 2), then of others with as many."""
        return Candidates(
            torch.cat([part.velocity for part in parts]),
            torch.cat([part.log_area for part in parts]),
        )

    def __len__(self) -> int:
        return int(self.velocity.shape[-2])

    def at(self, index: Tensor) -> Tensor:
        """The velocities that M people's indices (M, ...) point at: (M, ..., 2)."""
        if self.velocity.ndim == 2:
            return self.velocity[index]
        people = each_row(len(index), 1, index.device)
        for _ in range(index.ndim - 1):
            people = people[:, None]
        return self.velocity[people, index]

    def mean(self, p: Tensor) -> Tensor:
        """Of candidates with probabilities (M, K): (M, 2) [m/s]."""
        if self.velocity.ndim == 2:
            return p @ self.velocity
        return torch.bmm(p[:, None], self.velocity)[:, 0]

    def to(self, device: torch.device | str, dtype: torch.dtype) -> Candidates:
        """The same candidates on another device or in another precision."""
        return Candidates(self.velocity.to(device, dtype), self.log_area.to(device, dtype))


STANDING = 0.1
"""Speeds below this are one candidate: to stand, which people do more than anything [m/s]."""


def gauss_disc(max_speed: float, rings: int = 6, spokes: int = 14) -> Candidates:
    """Gauss quadrature on the disc |u| <= max_speed [m/s]: exact for smooth densities.

    To stand is a candidate of its own, the first; the ring around it has Legendre nodes in |u|^2
    (equal measure on a disc) times equally spaced directions, every other ring turned by half a
    step. K = rings * spokes + 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(rings)
    least, most = STANDING**2, max_speed**2
    radius = np.sqrt(least + (most - least) * (nodes + 1.0) / 2.0)
    step = 2.0 * math.pi / spokes
    angle = step * (np.arange(spokes)[None, :] + 0.5 * (np.arange(rings)[:, None] % 2))
    velocity = np.stack([radius[:, None] * np.cos(angle), radius[:, None] * np.sin(angle)], -1)
    area = math.pi * (most - least) * (weights / 2.0)[:, None] / spokes * np.ones((1, spokes))
    return _candidates(
        np.concatenate([np.zeros((1, 2)), velocity.reshape(-1, 2)]),
        np.concatenate([[math.pi * least], area.reshape(-1)]),
    )


def sunflower_disc(max_speed: float, count: int, turn: float = 0.0) -> Candidates:
    """`count` points of equal area on the disc |u| <= max_speed [m/s], turned by `turn` [rad].

    Vogel's spiral: successive points turn by the golden angle.
    """
    index = np.arange(count) + 0.5
    radius = max_speed * np.sqrt(index / count)
    angle = index * math.pi * (3.0 - math.sqrt(5.0)) + turn
    velocity = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1)
    return _candidates(velocity, np.full(count, math.pi * max_speed**2 / count))


def _candidates(velocity: np.ndarray, area: np.ndarray) -> Candidates:
    return Candidates(torch.from_numpy(velocity), torch.from_numpy(np.log(area)))
