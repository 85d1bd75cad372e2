"""What an imagined episode would tell of people's rewards (beta_I of FORMULATION section 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.information_gain import information_gain


def episode_gain(
    precision: Array, fisher: Tensor, places: Sequence[Array | None]
) -> tuple[float, Tensor]:
    """The information gain of the mean episode, and its derivative as a reward per step: (T, B).

    fisher: (T, B, P, n, n) of each choice; places: which entries of theta each person's are
    d 1/2 log det(Lambda + E sum_h F_h) = E sum_h 1/2 tr((Lambda + E sum_h F_h)^-1 d F_h), so the
    traces, with the inverse held fixed, have its gradient.
    """
    mean = torch.zeros(precision.shape, dtype=torch.float64)  # Lambda may be nearly singular
    told = [(p, torch.from_numpy(at)) for p, at in enumerate(places) if at is not None]
    for p, at in told:
        mean[at[:, None], at] += fisher[:, :, p].detach().sum(0).mean(0).double().cpu()
    mean.requires_grad_()
    gain = information_gain(precision, mean)
    slope = torch.autograd.grad(gain, mean)[0].to(fisher)
    per_step = fisher.new_zeros(fisher.shape[:2])
    for p, at in told:
        per_step = per_step + (fisher[:, :, p] * slope[at[:, None], at]).sum((-2, -1))
    return float(gain.detach()), per_step
