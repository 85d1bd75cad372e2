"""Likelihood of observed choices: a conditional logit of what is not seen exactly.

FORMULATION section 2. Decision i has hypotheses q (a goal, a draw of the state), each with points m
of the velocity that may have been chosen, and with what was offered, k:

    log p_i = logsumexp_q( s_q + C_q - Z_q )
    C_q = logsumexp_m( theta . chosen_qm + w_qm ),  Z_q = logsumexp_k( theta . offered_qk + a_qk )

With one hypothesis and one point it is the exact conditional logit, convex in theta; else it is a
difference of convex functions (a mixture, as in latent class logit: Train 2009, chapter 14).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from bisirl_ros.core.arrays import Array

LOWEST = -1e300
JITTER = 1e-12


class _Parts(NamedTuple):
    """At one theta: q's responsibility (N, Q), probabilities within q, means (N, Q, n)."""

    share: Array
    of_chosen: Array
    of_offered: Array
    mean_chosen: Array
    mean_offered: Array


@dataclass(frozen=True)
class Choices:
    """Choices explained under the policy that was deployed when they were made.

    chosen: (N, Q, M, n) Phi of the velocities that may have been chosen
    log_weight: (N, Q, M) of each, given the reports; -inf where impossible
    offered: (N, Q, K, n) Phi of the candidates
    log_area: (K,) or (N, Q, K) what each candidate stands for, log [m^2/s^2]
    log_share: (N, Q) of each hypothesis, given what was seen before; -inf where impossible
    """

    chosen: Array
    log_weight: Array
    offered: Array
    log_area: Array
    log_share: Array

    @staticmethod
    def exact(chosen: Array, offered: Array, log_area: Array) -> Choices:
        """Choices seen exactly: chosen (N, n), offered (N, K, n), log_area (K,) or (N, K)."""
        count = len(chosen)
        return Choices(
            chosen[:, None, None],
            np.zeros((count, 1, 1)),
            offered[:, None],
            log_area if log_area.ndim == 1 else log_area[:, None],
            np.zeros((count, 1)),
        )

    def of_first(self, n: int) -> Choices:
        """The same explained by the first n features alone; copied, so that the rest can go."""
        return replace(
            self, chosen=self.chosen[..., :n].copy(), offered=self.offered[..., :n].copy()
        )

    def or_anything(self, probability: float) -> Choices:
        """If each decision is, with that probability, any motion offered, whatever it is worth.

        A noise floor of what is chosen: one wild decision moves no weight far. One more hypothesis,
        to which all features are zero.
        """
        if probability == 0.0:
            return self
        anything = np.full_like(self.log_weight[:, :1], -np.inf)
        anything[:, 0, 0] = log_sum(log_sum(self.log_weight) + self.log_share)
        area = self.area_of_each
        shares = (
            self.log_share + np.log1p(-probability),
            np.full((len(self), 1), np.log(probability)),
        )
        return Choices(
            np.concatenate([self.chosen, np.zeros_like(self.chosen[:, :1])], 1),
            np.concatenate([self.log_weight, anything], 1),
            np.concatenate([self.offered, np.zeros_like(self.offered[:, :1])], 1),
            np.concatenate([area, area[:, :1]], 1),
            np.concatenate(shares, 1),
        )

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def size(self) -> int:
        """Number of reward parameters n."""
        return int(self.chosen.shape[-1])

    @cached_property
    def is_exact(self) -> bool:
        """Whether there is one hypothesis and one point for each choice."""
        return self.chosen.shape[1:3] == (1, 1)

    def log_density(self, theta: Array) -> Array:
        """log p of each decision's reports, up to a constant that theta does not change: (N,)."""
        return log_sum(self._log_joint(theta))

    def responsibility(self, theta: Array) -> Array:
        """Probability of each hypothesis given the decision as well, summing to one: (N, Q)."""
        return _softmax(self._log_joint(theta))

    def value(self, theta: Array) -> float:
        """- sum log p."""
        return -float(self.log_density(theta).sum())

    def gradient(self, theta: Array) -> Array:
        """d value / d theta = the model's features minus those chosen, expected: (n,)."""
        at = self._parts(theta)
        return np.asarray(np.einsum("iq,iqn->n", at.share, at.mean_offered - at.mean_chosen))

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2, exact: (n, n); not positive where the reports say little.

        The law of total covariance: what is offered varies, less what may have been chosen within
        a hypothesis, less the difference of both between hypotheses.
        """
        at = self._parts(theta)
        share = at.share[..., None]
        total = _outer(at.of_offered * share, self.offered - at.mean_offered[..., None, :])
        if self.is_exact:
            return total
        total -= _outer(at.of_chosen * share, self.chosen - at.mean_chosen[..., None, :])
        gap = at.mean_chosen - at.mean_offered
        gap = gap - np.einsum("iq,iqn->in", at.share, gap)[:, None]
        return np.asarray(total - _outer(at.share, gap))

    def fisher(self, theta: Array) -> Array:
        """What these choices are expected to tell of theta, positive semidefinite: (n, n).

        sum_i V (V + S)^-1 V: V is the covariance of the features that the model expects, S that of
        the chosen ones' error, from the weights of the points alone. It is the covariance of the
        posterior mean, hence the information (missing-information principle, Louis 1982), of a
        Gaussian choice seen with a Gaussian error; V itself where the choice was seen exactly.
        """
        at = self._parts(theta)
        if self.is_exact:
            return self.hessian(theta)
        offered = self._spread_of(self.offered, at.of_offered, at.mean_offered, at.share)
        weight = _softmax(self.log_weight)
        mean = np.einsum("iqm,iqmn->iqn", weight, self.chosen)
        error = self._spread_of(self.chosen, weight, mean, at.share)
        gap = mean - at.mean_offered
        gap = gap - np.einsum("iq,iqn->in", at.share, gap)[:, None]
        error += np.einsum("iq,iqm,iqn->imn", at.share, gap, gap, optimize=True)
        size = np.trace(offered + error, axis1=1, axis2=2)[:, None, None]
        both = offered + error + (JITTER * size + 1e-300) * np.eye(self.size)
        total = np.einsum("imn,ink->mk", offered, np.linalg.solve(both, offered))
        return np.asarray(0.5 * (total + total.T))

    def joined(self, others: Sequence[Choices]) -> Choices:
        """The likelihood of these choices and others as one; what is impossible fills up."""
        if not others:
            return self
        every = (self, *others)
        q = max(x.offered.shape[1] for x in every)
        m = max(x.chosen.shape[2] for x in every)
        k = max(x.offered.shape[2] for x in every)
        return Choices(
            np.concatenate([_padded(x.chosen, (q, m), (0.0, 0.0)) for x in every]),
            np.concatenate([_padded(x.log_weight, (q, m), (0.0, -np.inf)) for x in every]),
            np.concatenate([_padded(x.offered, (q, k), (0.0, 0.0)) for x in every]),
            np.concatenate([_padded(x.area_of_each, (q, k), (0.0, -np.inf)) for x in every]),
            np.concatenate([_padded(x.log_share, (q,), (-np.inf,)) for x in every]),
        )

    @property
    def area_of_each(self) -> Array:
        """log_area, one row per choice and hypothesis: (N, Q, K)."""
        return np.broadcast_to(self.log_area, self.offered.shape[:3])

    def _log_joint(self, theta: Array) -> Array:
        """s_q + C_q - Z_q: (N, Q)."""
        chosen = self.chosen @ theta + self.log_weight
        offered = self.offered @ theta + self.log_area
        return np.asarray(self.log_share + log_sum(chosen) - log_sum(offered))

    def _parts(self, theta: Array) -> _Parts:
        chosen = self.chosen @ theta + self.log_weight
        offered = self.offered @ theta + self.log_area
        log_chosen, of_chosen = _sum_and_shares(chosen)
        log_offered, of_offered = _sum_and_shares(offered)
        share = _softmax(self.log_share + log_chosen - log_offered)
        mean_chosen = (of_chosen[..., None, :] @ self.chosen)[..., 0, :]
        mean_offered = (of_offered[..., None, :] @ self.offered)[..., 0, :]
        return _Parts(share, of_chosen, of_offered, mean_chosen, mean_offered)

    def _spread_of(self, features: Array, weight: Array, mean: Array, share: Array) -> Array:
        """Covariance of features within hypotheses, for each choice: (N, n, n)."""
        centred = features - mean[..., None, :]
        each = (weight * share[..., None])[..., None] * centred
        flat = (len(features), -1, self.size)
        return np.asarray(each.reshape(flat).swapaxes(1, 2) @ centred.reshape(flat))


def _outer(weight: Array, centred: Array) -> Array:
    """sum weight centred centred', over all but the last axis: (n, n)."""
    flat = centred.reshape(-1, centred.shape[-1])
    return np.asarray((flat * weight.reshape(-1, 1)).T @ flat)


def log_sum(logits: Array) -> Array:
    """log sum exp over the last axis; -inf where all are."""
    top, _, total = _powers(logits)
    return np.asarray(np.log(total) + top)


def _softmax(logits: Array) -> Array:
    """Probabilities over the last axis; zeros where all logits are -inf."""
    return _sum_and_shares(logits)[1]


def _sum_and_shares(logits: Array) -> tuple[Array, Array]:
    """Both of those, by one exponential."""
    top, weight, total = _powers(logits)
    weight /= total[..., None]
    return np.asarray(np.log(total) + top), weight


def _powers(logits: Array) -> tuple[Array, Array, Array]:
    """The largest over the last axis, exp of what the logits are above it, and the sum of that."""
    top = np.maximum(logits.max(-1), LOWEST)
    weight = logits - top[..., None]
    np.exp(weight, out=weight)
    return top, weight, np.maximum(weight.sum(-1), 5e-324)


def _padded(values: Array, counts: tuple[int, ...], fills: tuple[float, ...]) -> Array:
    """values (N, Q, ...) with more entries on the axes from 1 on, filled up."""
    for axis, (count, fill) in enumerate(zip(counts, fills, strict=True), start=1):
        if values.shape[axis] < count:
            more = [(0, 0)] * values.ndim
            more[axis] = (0, count - values.shape[axis])
            values = np.pad(values, more, constant_values=fill)
    return values
