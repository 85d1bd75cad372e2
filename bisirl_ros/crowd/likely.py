"""Candidates where somebody's choice is likely, found anew from decision to decision.

A choice is often far narrower than the disc of what can be chosen: a grid over the disc that tells
what would change it needs hundreds of points. Here two dozen points follow each person: a spiral
through the Gaussian with the mean and covariance of their last choice, made wider, each standing
for the area that it has there (adaptive importance sampling: Oh and Berger 1992).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bisirl_ros.crowd.candidates import Candidates

WIDER = 1.5
"""Than the last choice's deviations is the spiral."""
SIGMAS = 3.0
"""Of the widened Gaussian, as far as the spiral goes."""
LEAST_MPS = 0.07
"""Added to every last choice's spread: people change their mind [m/s]."""


class LikelyCandidates:
    """Candidates for each person, where their last choice lay.

    count: K of each; max_speed: the disc that can be chosen from [m/s]
    """

    def __init__(
        self, count: int, max_speed: float, device: torch.device | str, dtype: torch.dtype
    ) -> None:
        index = torch.arange(count, dtype=torch.float64) + 0.5
        inside = 1.0 - math.exp(-0.5 * SIGMAS**2)
        square = -2.0 * torch.log1p(-inside * index / count)  # quantiles of |z|^2, z ~ N(0, 1)
        angle = index * math.pi * (3.0 - math.sqrt(5.0))
        spiral = torch.stack([angle.cos(), angle.sin()], -1) * square.sqrt()[:, None]
        self._points = (WIDER * spiral).to(device, dtype)
        self._floor = (LEAST_MPS**2 * torch.eye(2)).to(device, dtype)
        per_point = 2.0 * math.pi * WIDER**2 * inside / count
        self._log_area = (math.log(per_point) + 0.5 * square).to(device, dtype)
        self._most = max_speed

    def after(self, last: Candidates, p: Tensor) -> Candidates:
        """Those of the next choice; p: (M, K) the probabilities of the last one's candidates."""
        mean = last.mean(p)[:, None]
        off = last.velocity - mean
        spread = torch.baddbmm(self._floor, (p[..., None] * off).mT, off)
        root = torch.linalg.cholesky_ex(spread).L  # the floor keeps it positive
        velocity = torch.baddbmm(mean, self._points.expand(len(root), -1, -1), root.mT)
        log_area = self._log_area + root.diagonal(dim1=1, dim2=2).log().sum(-1, keepdim=True)
        beyond = torch.linalg.vector_norm(velocity, dim=-1) > self._most
        return Candidates(velocity, log_area.masked_fill(beyond, -math.inf))
