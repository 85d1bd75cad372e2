"""Evidence about theta, carried from batch to batch (FORMULATION section 2).

A Gaussian (theta_bar, Lambda) plus the newest batches' exact likelihoods, each under the policy it
was collected with. A batch that leaves the window is condensed into the Gaussian at the current
estimate; with a window of one batch this is the page's recursion
`theta_bar <- theta_hat, Lambda <- rho Lambda + Hessian`. Keeping some batches exact matters: the
Hessian of a first, short batch at a poor estimate would be frozen otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Likelihood, Remembered, trajectories_in
from bisirl_ros.core.lower_level import is_positive_definite
from bisirl_ros.core.misfit import Misfit
from bisirl_ros.core.posterior import EXPERT, Posterior

SETTLED = 1e-3
"""Change of a prior's mean and standard deviation, in standard deviations, that is none."""


@dataclass(frozen=True)
class Evidence(Posterior):
    """The negative log posterior N g of one person's theta; immutable.

    mean: (n,) theta_bar; precision: (n, n) Lambda > 0; prior: (n, n) the part of Lambda that was
    there before anything was seen, prior_mean: (n,) around which, width: by what its covariance was
    multiplied (`core.prior_width`); batches: kept exactly, newest last; condensed: how many batches
    are inside the Gaussian, of trajectories_condensed trajectories; window: how many to keep
    exactly; forgotten: how many more were seen once
    misfit: what the batches say against the model, where the game has statistics to tell by
    """

    mean: Array
    precision: Array
    prior: Array
    prior_mean: Array
    width: float = 1.0
    batches: tuple[Likelihood, ...] = ()
    condensed: int = 0
    trajectories_condensed: int = 0
    window: int = 200
    forgotten: int = 0
    misfit: Misfit | None = None

    @staticmethod
    def start(n: int, precision: float, window: int = 200) -> Evidence:
        """Nothing seen yet: theta_bar = 0, Lambda = precision * I."""
        return Evidence.around(np.zeros(n), precision * np.eye(n), window)

    @staticmethod
    def around(mean: Array, precision: Array, window: int = 200) -> Evidence:
        """Nothing seen yet: the prior N(mean, precision^-1); (n,), (n, n)."""
        return Evidence(mean, precision, precision, mean, window=window)

    @property
    def counted(self) -> int:
        """The number of batches that count."""
        return self.condensed + len(self.batches)

    @property
    def trajectories(self) -> int:
        """N, the number of trajectories that count."""
        return self.trajectories_condensed + sum(map(trajectories_in, self.batches))

    @property
    def seen(self) -> int:
        """The number of batches so far, the forgotten ones included."""
        return self.counted + self.forgotten

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

    def said(self, theta: Array) -> tuple[Array, Array]:
        """h (n,), H (n, n): near theta the interactions alone say exp(h . x - x' H x / 2).

        H is positive semidefinite: the Hessian, or the Fisher matrix where that is not.
        """
        bend = self.hessian(theta) - self.prior
        values = np.linalg.eigvalsh(bend)
        if values[0] < -1e-9 * max(float(values[-1]), float(np.abs(self.prior).max())):
            bend = self.fisher(theta) - self.prior
        slope = self.gradient(theta) - self.prior @ (theta - self.prior_mean)
        return bend @ theta - slope, bend

    def add(self, batch: Likelihood) -> Evidence:
        """The evidence with one more batch."""
        return replace(self, batches=(*self.batches, batch))

    def asked_beyond(self, wider: Likelihood, theta: Array) -> Evidence:
        """Having asked whether a new batch fits what is believed before it is added.

        wider: the batch's likelihood, statistics behind its features (`misfit.Misfit.after`); of
        other statistics than before, the question is begun anew
        """
        before, k = self.misfit, wider.size - len(theta)
        if not k:
            return self
        if before is None or len(before.total) != k:
            before = Misfit.none(k)
        return replace(self, misfit=before.after(wider, theta, self.covariance(theta)))

    def without_newest(self) -> Evidence:
        """The evidence before the newest batch, as long as that is kept exactly."""
        return replace(self, batches=self.batches[:-1])

    def only(self, newest: int) -> Evidence:
        """What the prior and the newest batches say, as if nothing had been seen before."""
        fresh = Evidence.around(self.prior_mean, self.prior, self.window)
        return replace(fresh, width=self.width, batches=self.batches[len(self.batches) - newest :])

    def under(self, prior_mean: Array, prior: Array, width: float = 1.0) -> Evidence:
        """The same interactions, explained from another prior N(prior_mean, prior^-1).

        width: by what that prior's covariance was multiplied
        """
        mean, precision = prior_mean, prior
        if self.condensed or self.trajectories_condensed:
            pull = self.precision @ self.mean - self.prior @ self.prior_mean + prior @ prior_mean
            precision = self.precision - self.prior + prior
            mean = np.linalg.solve(precision, pull)
        other = replace(
            self,
            mean=mean,
            precision=precision,
            prior=prior,
            prior_mean=prior_mean,
            width=width,
        )
        other.__dict__["_exact"] = self._exact  # with what it remembers
        return other

    def begins_like(self, other: Evidence) -> bool:
        """Whether another's prior is as good as this one: no mean or deviation is off by much."""
        std, before = (np.sqrt(np.diag(np.linalg.inv(of.prior))) for of in (self, other))
        changes = np.abs([self.prior_mean - other.prior_mean, std - before]) / std
        return bool(changes.max() < SETTLED)

    def carry(self, theta: Array) -> Evidence:
        """Condense the batches beyond the window, at theta."""
        return self._condense(theta, max(len(self.batches) - self.window, 0))

    def forget(self, theta: Array, newest: int, rho: float) -> Evidence:
        """Keep the newest batches, condense the older ones and multiply what they said by rho."""
        old = self._condense(theta, len(self.batches) - newest)
        precision = self.prior + rho * (old.precision - self.prior)
        before = self.prior @ self.prior_mean
        kept = round(rho * old.condensed)
        return replace(
            old,
            mean=np.linalg.solve(precision, before + rho * (old.precision @ old.mean - before)),
            precision=precision,
            condensed=kept,
            trajectories_condensed=round(rho * old.trajectories_condensed),
            forgotten=old.forgotten + old.condensed - kept,
            misfit=None,
        )

    @cached_property
    def _exact(self) -> tuple[Remembered, ...]:
        """All exact batches as one likelihood, or nothing."""
        if not self.batches:
            return ()
        return (Remembered(self.batches[0].joined(self.batches[1:])),)

    def _condense(self, theta: Array, count: int) -> Evidence:
        if count == 0:
            return self
        old = self.batches[0].joined(self.batches[1:count])
        hessian, gradient = old.hessian(theta), old.gradient(theta)
        if not is_positive_definite(self.precision + hessian):
            hessian = old.fisher(theta)
        precision = self.precision + hessian
        pull = self.precision @ self.mean + hessian @ theta - gradient
        more = sum(map(trajectories_in, self.batches[:count]))
        return replace(
            self,
            mean=np.linalg.solve(precision, pull),
            precision=precision,
            batches=self.batches[count:],
            condensed=self.condensed + count,
            trajectories_condensed=self.trajectories_condensed + more,
        )

    @property
    def parts(self) -> Mapping[str, Evidence]:
        """What is explained separately, by name: all of it."""
        return {EXPERT: self}

    def with_parts(self, parts: Mapping[str, Evidence]) -> Evidence:
        """The same with some parts exchanged."""
        return parts.get(EXPERT, self)
