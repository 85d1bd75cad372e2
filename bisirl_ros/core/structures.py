"""Which structure explains somebody: a small family of models, each with its own estimate.

Given a structure s (a horizon, a discount, a view of the robot, ...) the evidence about theta is
what it always is. How well s explains all that was seen is its marginal likelihood, by Laplace's
approximation at its own estimate (Kass and Raftery 1995),

    log p(D | s) = -N g_s(theta_s) + log|Lambda_0| / 2 - log|Lambda_s| / 2,

carried from batch to batch. All structures are as probable as each other before anything is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Explain, Explained

GIVEN = "as given"
"""The structure that the game has, and that the policy plans for."""
HOPELESS = 15.0
"""A structure so many nats behind the best is given up."""
Solve = Callable[[Evidence, Array], Array]
"""(evidence, theta from which) -> the theta that explains it best."""


@dataclass(frozen=True)
class Explanation:
    """evidence: about theta, under one structure; theta: (n,) its estimate; lost: constant part of
    the log-likelihood that the evidence no longer holds"""

    evidence: Evidence
    theta: Array
    lost: float = 0.0

    @cached_property
    def log_evidence(self) -> float:
        """log p(D | s), natural."""
        at = self.theta
        sizes = [
            np.linalg.slogdet(matrix)[1]
            for matrix in (self.evidence.prior, self.evidence.posterior_precision(at))
        ]
        return float(self.lost - self.evidence.value(at) + 0.5 * (sizes[0] - sizes[1]))

    def after(self, batch: Explained, solve: Solve, *, asked: bool) -> Explanation:
        """With one more batch; asked: whether it is asked if it fits before it is added."""
        evidence = self.evidence.asked_beyond(batch.wider, self.theta) if asked else self.evidence
        evidence = evidence.add(batch.known)
        theta = solve(evidence, self.theta)
        kept = evidence.carry(theta)
        lost = (
            self.lost if kept is evidence else self.lost + kept.value(theta) - evidence.value(theta)
        )
        return Explanation(kept, theta, lost)


@dataclass(frozen=True)
class Family:
    """Everything that may explain one person; immutable.

    prior: before anything was seen; false_alarm: see `LoopConfig.misfit_alarm`
    of: by structure, of those that may still be it; given_up: the others
    """

    prior: Evidence
    false_alarm: float = 0.0
    of: Mapping[str, Explanation] = field(default_factory=dict)
    given_up: tuple[str, ...] = ()

    def after(self, batch: Mapping[str, Explain], solve: Solve) -> Family:
        """With one more batch, explained by each structure."""
        asked = self.false_alarm > 0.0
        fresh = Explanation(self.prior, self.prior.prior_mean)
        of = {
            name: self.of.get(name, fresh).after(explain(), solve, asked=asked)
            for name, explain in batch.items()
            if name not in self.given_up
        }
        best = max(one.log_evidence for one in of.values())
        lost = [name for name, one in of.items() if one.log_evidence < best - HOPELESS]
        kept = {name: one for name, one in of.items() if name not in lost}
        return replace(self, of=kept, given_up=(*self.given_up, *lost))

    @property
    def probability(self) -> Mapping[str, float]:
        """Of each structure that was not given up, likeliest first."""
        log = np.array([one.log_evidence for one in self.of.values()])
        weight = np.exp(log - log.max())
        found = dict(zip(self.of, (weight / weight.sum()).tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def leading(self) -> str:
        """The likeliest structure."""
        return next(iter(self.probability))

    @property
    def theta(self) -> Array:
        """The leading structure's estimate: (n,)."""
        return self.of[self.leading].theta

    def covariance(self, of_one: Callable[[Evidence, Array], Array]) -> Array:
        """About `theta`, of the mixture of all structures: (n, n); of_one: of one structure's."""
        total = np.zeros((len(self.theta),) * 2)
        for name, probability in self.probability.items():
            one = self.of[name]
            off = one.theta - self.theta
            total += probability * (of_one(one.evidence, one.theta) + np.outer(off, off))
        return total

    @property
    def doubted(self) -> bool:
        """Whether every structure is rejected: if one is right, with that probability ever."""
        found = [one.evidence.misfit for one in self.of.values()]
        return all(misfit is not None and misfit.found(self.false_alarm) for misfit in found)

    def forget(self, newest: int, rho: float) -> Family:
        """See `Evidence.forget`: each structure's evidence, of the same batches."""
        of = {
            name: Explanation(one.evidence.forget(one.theta, newest, rho), one.theta)
            for name, one in self.of.items()
        }
        return replace(self, of=of)
