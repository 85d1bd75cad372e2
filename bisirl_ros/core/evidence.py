"""Evidence about theta, carried from batch to batch (FORMULATION section 2).

A Gaussian (theta_bar, Lambda) plus the newest batches' exact likelihoods, each under the policy it
was collected with. A batch that leaves the window is condensed into the Gaussian at the current
estimate; with a window of one batch this is the page's recursion
`theta_bar <- theta_hat, Lambda <- rho Lambda + Hessian`. Keeping some batches exact matters: the
Hessian of a first, short batch at a poor estimate would be frozen otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Objective, is_positive_definite


class Likelihood(Objective, Protocol):
    """The negative log-likelihood of a batch of interactions, under the batch's own policy."""

    def __len__(self) -> int:
        """Number of decisions."""
        ...

    def joined(self, others: Sequence[Any]) -> Likelihood:
        """The likelihood of this batch and others of its kind, evaluated as one."""
        ...


@dataclass(frozen=True)
class Evidence:
    """The negative log posterior N g as a function of theta; immutable.

    mean: (n,) theta_bar; precision: (n, n) Lambda > 0; prior: (n, n) the part of Lambda that was
    there before anything was seen; batches: kept exactly, newest last; condensed: how many
    batches are inside the Gaussian; window: how many to keep exactly; forgotten: how many more
    were seen once
    """

    mean: Array
    precision: Array
    prior: Array
    batches: tuple[Likelihood, ...] = ()
    condensed: int = 0
    window: int = 200
    forgotten: int = 0

    @staticmethod
    def start(n: int, precision: float, window: int = 200) -> Evidence:
        """Nothing seen yet: theta_bar = 0, Lambda = precision * I."""
        prior = precision * np.eye(n)
        return Evidence(np.zeros(n), prior, prior, window=window)

    @property
    def trajectories(self) -> int:
        """N, the number of batches that count."""
        return self.condensed + len(self.batches)

    @property
    def seen(self) -> int:
        """The number of batches so far, the forgotten ones included."""
        return self.trajectories + self.forgotten

    def value(self, theta: Array) -> float:
        """N g(theta)."""
        off = theta - self.mean
        return 0.5 * float(off @ self.precision @ off) + sum(b.value(theta) for b in self._exact)

    def gradient(self, theta: Array) -> Array:
        """d N g / d theta: (n,)."""
        total = self.precision @ (theta - self.mean)
        return sum((b.gradient(theta) for b in self._exact), total)

    def hessian(self, theta: Array) -> Array:
        """d2 N g / d theta2, exact: (n, n)."""
        return sum((b.hessian(theta) for b in self._exact), self.precision.copy())

    def fisher(self, theta: Array) -> Array:
        """The Hessian's expectation under the model, positive definite: (n, n)."""
        return sum((b.fisher(theta) for b in self._exact), self.precision.copy())

    def posterior_precision(self, theta: Array) -> Array:
        """Lambda of the Laplace posterior at theta, positive definite: (n, n)."""
        hessian = self.hessian(theta)
        return hessian if is_positive_definite(hessian) else self.fisher(theta)

    def covariance(self, theta: Array) -> Array:
        """Laplace posterior covariance at theta: (n, n)."""
        return np.linalg.inv(self.posterior_precision(theta))

    def information(self, theta: Array) -> Array:
        """What the interactions alone say about theta, without the prior: (n, n)."""
        return self.fisher(theta) - self.prior

    def add(self, batch: Likelihood) -> Evidence:
        """The evidence with one more batch."""
        return replace(self, batches=(*self.batches, batch))

    def without_newest(self) -> Evidence:
        """The evidence before the newest batch, as long as that is kept exactly."""
        return replace(self, batches=self.batches[:-1])

    def carry(self, theta: Array) -> Evidence:
        """Condense the batches beyond the window, at theta."""
        return self._condense(theta, max(len(self.batches) - self.window, 0))

    def forget(self, theta: Array, newest: int, rho: float) -> Evidence:
        """Keep the newest batches, condense the older ones and multiply what they said by rho."""
        old = self._condense(theta, len(self.batches) - newest)
        precision = self.prior + rho * (old.precision - self.prior)
        pull = rho * old.precision @ old.mean
        kept = round(rho * old.condensed)
        return replace(
            old,
            mean=np.linalg.solve(precision, pull),
            precision=precision,
            condensed=kept,
            forgotten=old.forgotten + old.condensed - kept,
        )

    @cached_property
    def _exact(self) -> tuple[Likelihood, ...]:
        """All exact batches as one likelihood, or nothing."""
        if not self.batches:
            return ()
        return (self.batches[0].joined(self.batches[1:]),)

    def _condense(self, theta: Array, count: int) -> Evidence:
        if count == 0:
            return self
        old = self.batches[0].joined(self.batches[1:count])
        hessian, gradient = old.hessian(theta), old.gradient(theta)
        if not is_positive_definite(self.precision + hessian):
            hessian = old.fisher(theta)
        precision = self.precision + hessian
        pull = self.precision @ self.mean + hessian @ theta - gradient
        return replace(
            self,
            mean=np.linalg.solve(precision, pull),
            precision=precision,
            batches=self.batches[count:],
            condensed=self.condensed + count,
        )
