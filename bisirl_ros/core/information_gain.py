"""How much the next interactions will tell: the active-learning term (FORMULATION section 3)."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array


def information_gain(precision: Array | Tensor, fisher: Tensor) -> Tensor:
    """1/2 log det(Lambda + Fisher) - 1/2 log det Lambda [nat], differentiable in fisher.

    precision: (n, n) Lambda > 0; fisher: (n, n) expected of the next episode
    """
    known = torch.as_tensor(precision, dtype=fisher.dtype, device=fisher.device)
    return 0.5 * (torch.logdet(known + fisher) - torch.logdet(known))
