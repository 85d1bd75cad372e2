"""Likelihood of observed choices: a conditional logit, convex in theta (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class ChoiceLikelihood:
    """Choices explained under the policy that was deployed when they were made.

    chosen: (N, n) Phi of the velocity that was observed
    offered: (N, K, n) Phi of the candidates
    log_area: (K,) or (N, K) what each candidate stands for, log [m^2/s^2]
    """

    chosen: Array
    offered: Array
    log_area: Array

    def __len__(self) -> int:
        return len(self.chosen)

    @cached_property
    def size(self) -> int:
        """Number of reward parameters n."""
        return int(self.chosen.shape[-1])

    def log_density(self, theta: Array) -> Array:
        """log pi_e of each observed target velocity, per [m^2/s^2]: (N,)."""
        return np.asarray(self.chosen @ theta - self._log_normaliser(theta))

    def value(self, theta: Array) -> float:
        """- sum log pi_e."""
        return -float(self.log_density(theta).sum())

    def gradient(self, theta: Array) -> Array:
        """d value / d theta = model's features minus the demonstrated ones: (n,)."""
        return np.asarray((self._mean(theta) - self.chosen).sum(0))

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2 = the Fisher information of these choices: (n, n)."""
        p = self._probability(theta)
        centred = self.offered - self._mean(theta)[:, None, :]
        return np.asarray(np.einsum("ik,ikm,ikn->mn", p, centred, centred, optimize=True))

    def fisher(self, theta: Array) -> Array:
        """The Hessian, which does not depend on what was chosen: (n, n)."""
        return self.hessian(theta)

    def joined(self, others: Sequence[ChoiceLikelihood]) -> ChoiceLikelihood:
        """The likelihood of these choices and others as one; candidates of no area fill up."""
        if not others:
            return self
        every = (self, *others)
        most = max(x.offered.shape[1] for x in every)
        return ChoiceLikelihood(
            np.concatenate([x.chosen for x in every]),
            np.concatenate([_padded(x.offered, most, 0.0) for x in every]),
            np.concatenate([_padded(x.area_of_each, most, -np.inf) for x in every]),
        )

    @property
    def area_of_each(self) -> Array:
        """log_area, one row per choice: (N, K)."""
        return np.broadcast_to(self.log_area, self.offered.shape[:2])

    def _logits(self, theta: Array) -> Array:
        return np.asarray(self.offered @ theta + self.log_area)

    def _log_normaliser(self, theta: Array) -> Array:
        logits = self._logits(theta)
        top = logits.max(-1)
        return np.asarray(top + np.log(np.exp(logits - top[:, None]).sum(-1)))

    def _probability(self, theta: Array) -> Array:
        return np.asarray(np.exp(self._logits(theta) - self._log_normaliser(theta)[:, None]))

    def _mean(self, theta: Array) -> Array:
        return np.asarray(np.einsum("ik,ikm->im", self._probability(theta), self.offered))


def _padded(values: Array, count: int, fill: float) -> Array:
    """values (N, K, ...) with count instead of K entries."""
    more = [(0, 0)] * values.ndim
    more[1] = (0, count - values.shape[1])
    return np.pad(values, more, constant_values=fill)
