"""Evidence about theta, carried from batch to batch (FORMULATION section 2).

A Gaussian (theta_bar, Lambda) plus the newest batches' exact likelihoods, each under the policy it
was collected with. A batch that leaves the window is condensed into the Gaussian at the current
estimate; with a window of one batch this is the page's recursion
`theta_bar <- theta_hat, Lambda <- rho Lambda + Hessian`. Keeping some batches exact matters: the
Hessian of a first, short batch at a poor estimate would be frozen otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from bisirl_ros.core.likelihood import Array


class Likelihood(Protocol):
    """The negative log-likelihood of one batch of interactions, under the batch's own policy."""

    def __len__(self) -> int: ...

    def value(self, theta: Array) -> float: ...

    def gradient(self, theta: Array) -> Array: ...

    def hessian(self, theta: Array) -> Array: ...


@dataclass(frozen=True)
class Evidence:
    """The negative log posterior N g as a function of theta; immutable.

    mean: (n,) theta_bar; precision: (n, n) Lambda > 0; batches: kept exactly, newest last;
    condensed: how many batches are inside the Gaussian; window: how many to keep exactly
    """

    mean: Array
    precision: Array
    batches: tuple[Likelihood, ...] = ()
    condensed: int = 0
    window: int = 200

    @staticmethod
    def prior(n: int, precision: float, window: int = 200) -> Evidence:
        """Nothing seen yet: theta_bar = 0, Lambda = precision * I."""
        return Evidence(np.zeros(n), precision * np.eye(n), window=window)

    @property
    def trajectories(self) -> int:
        """N, the number of batches seen."""
        return self.condensed + len(self.batches)

    def value(self, theta: Array) -> float:
        """N g(theta)."""
        off = theta - self.mean
        return 0.5 * float(off @ self.precision @ off) + sum(b.value(theta) for b in self.batches)

    def gradient(self, theta: Array) -> Array:
        """d N g / d theta: (n,)."""
        total = self.precision @ (theta - self.mean)
        return sum((b.gradient(theta) for b in self.batches), total)

    def hessian(self, theta: Array) -> Array:
        """d2 N g / d theta2 = Lambda of the posterior: (n, n)."""
        return sum((b.hessian(theta) for b in self.batches), self.precision.copy())

    def add(self, batch: Likelihood) -> Evidence:
        """The evidence with one more batch."""
        return replace(self, batches=(*self.batches, batch))

    def carry(self, theta: Array, rho: float = 1.0) -> Evidence:
        """Condense the batches beyond the window at theta; rho < 1 forgets old evidence."""
        evidence = self
        if rho < 1.0:
            evidence = evidence._condense(theta, len(self.batches))
            evidence = replace(evidence, precision=rho * evidence.precision)
        return evidence._condense(theta, max(len(evidence.batches) - self.window, 0))

    def _condense(self, theta: Array, count: int) -> Evidence:
        if count == 0:
            return self
        old = self.batches[:count]
        hessian = sum((b.hessian(theta) for b in old), np.zeros_like(self.precision))
        gradient = sum((b.gradient(theta) for b in old), np.zeros_like(self.mean))
        precision = self.precision + hessian
        pull = self.precision @ self.mean + hessian @ theta - gradient
        return replace(
            self,
            mean=np.linalg.solve(precision, pull),
            precision=precision,
            batches=self.batches[count:],
            condensed=self.condensed + count,
        )

    def covariance(self, theta: Array) -> Array:
        """Laplace posterior covariance at theta: (n, n)."""
        return np.linalg.inv(self.hessian(theta))
