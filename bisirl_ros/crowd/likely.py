"""Candidates where somebody's choice is likely, found anew from decision to decision.

A choice is often far narrower than the disc of what can be chosen: a grid over the disc that tells
what would change it needs hundreds of points. Here a few dozen points follow each person: a spiral
through the Gaussian with the mean and covariance of their last choice, made wider, each standing
for the area that it has there (adaptive importance sampling: Oh and Berger 1992; Cappe et al. 2004).
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
    """`count` candidates for each person, in proportion to where their last choice lay.

    max_speed: the disc that can be chosen from [m/s]
    """

    def __init__(self, count: int, max_speed: float, device: torch.device | str, dtype: torch.dtype):
        index = torch.arange(count, dtype=torch.float64) + 0.5
        inside = 1.0 - math.exp(-0.5 * SIGMAS**2)
        square = -2.0 * torch.log1p(-inside * index / count)  # quantiles of |z|^2, z ~ N(0, 1)
        angle = index * math.pi * (3.0 - math.sqrt(5.0))
        spiral = torch.stack([angle.cos(), angle.sin()]) * square.sqrt()
        self._points = (WIDER * spiral).to(device, dtype)  # (2, K)
        per_point = 2.0 * math.pi * WIDER**2 * inside / count
        self._log_area = (math.log(per_point) + 0.5 * square).to(device, dtype)
        self._most = max_speed

    def after(self, last: Candidates, p: Tensor) -> Candidates:
        """Those of the next choice; p: (M, K) the probabilities of the last one's candidates."""
        mean = last.mean(p)
        x, y = (last.velocity - mean[:, None]).unbind(-1)
        floor = LEAST_MPS**2
        xx = (p * x * x).sum(-1) + floor
        xy = (p * x * y).sum(-1)
        yy = (p * y * y).sum(-1) + floor
        wide, slope = xx.sqrt(), xy / xx  # the root of the covariance, a triangle
        tall = (yy - slope * xy).sqrt()
        along, across = self._points
        dx = wide[:, None] * along
        dy = slope[:, None] * dx + tall[:, None] * across
        velocity = torch.stack([dx, dy], -1) + mean[:, None]
        log_area = self._log_area + (wide * tall).log()[:, None]
        possible = velocity.square().sum(-1) <= self._most**2
        return Candidates(velocity, torch.where(possible, log_area, -math.inf))
