"""pi_e: what people choose (FORMULATION section 1): a softmax over candidate motions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.candidates import Candidates


@dataclass(frozen=True)
class Response:
    """pi_e of M people who decide, over K candidates.

    features: (M, K, n) Phi; p, log_p: (M, K) pi_e and its logarithm
    log_z: (M,) log of the integral of exp(theta . Phi) over the disc
    """

    features: Tensor
    p: Tensor
    log_p: Tensor
    log_z: Tensor

    @property
    def mean(self) -> Tensor:
        """E_pi[Phi]: (M, n)."""
        return torch.einsum("mk,mkn->mn", self.p, self.features)

    @property
    def fisher(self) -> Tensor:
        """Cov_pi[Phi], what one choice tells of theta: (M, n, n)."""
        centred = self.features - self.mean[:, None]
        return (self.p[..., None] * centred).mT @ centred

    def chosen(self, luck: Tensor) -> Tensor:
        """Which candidate each chooses, by luck (M,) uniform on [0, 1): (M,) integers."""
        share = self.p.cumsum(-1)
        index = torch.searchsorted(share, (luck * share[:, -1])[:, None], right=True)
        return index[:, 0].clamp(max=share.shape[-1] - 1)

    def drawn(self, luck: Tensor, times: int) -> Tensor:
        """`times` candidates of each, systematically: at even steps through the cumulative of pi_e.

        luck: (M,) uniform on [0, 1), where the steps begin; (M, times) integers. Each is a draw of
        pi_e; together they hold its mean far better than as many independent ones.
        """
        share = self.p.cumsum(-1)
        even = torch.arange(times, dtype=luck.dtype, device=luck.device)
        at = (even + luck[:, None]) / times * share[:, -1:]
        return torch.searchsorted(share, at, right=True).clamp(max=share.shape[-1] - 1)


def pi_e(features: Tensor, theta: Tensor, candidates: Candidates) -> Response:
    """The one softmax over candidates: features (M, K, n), theta (M, n)."""
    value = torch.bmm(features, theta[..., None])[..., 0]
    logits = value + candidates.log_area
    log_z = torch.logsumexp(logits, -1)
    log_p = logits - log_z[:, None]
    return Response(features, log_p.exp(), log_p, log_z)
