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
from bisirl_ros.core.posterior import GIVEN

HOPELESS = 15.0
"""A structure so many nats behind the best is given up."""
AHEAD = 1.0
"""Nats by which another structure has to be ahead of the leading one to be believed instead."""
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
    leading: which is believed; another one has to be likelier by AHEAD to be believed instead
    """

    prior: Evidence
    false_alarm: float = 0.0
    of: Mapping[str, Explanation] = field(default_factory=dict)
    given_up: tuple[str, ...] = ()
    leading: str = GIVEN

    def after(self, batch: Mapping[str, Explain], solve: Solve) -> Family:
        """With one more batch, explained by each structure."""
        fresh, asked = Explanation(self.prior, self.prior.prior_mean), self.false_alarm > 0.0
        of = {
            name: self.of.get(name, fresh).after(explain(), solve, asked=asked)
            for name, explain in batch.items()
            if name not in self.given_up
        }
        best = max(of, key=lambda name: of[name].log_evidence)
        lost = [n for n, one in of.items() if one.log_evidence < of[best].log_evidence - HOPELESS]
        kept = {name: one for name, one in of.items() if name not in lost}
        leading = self.leading
        if leading not in kept or kept[leading].log_evidence < of[best].log_evidence - AHEAD:
            leading = best
        return replace(self, of=kept, given_up=(*self.given_up, *lost), leading=leading)

    @property
    def believed(self) -> Explanation:
        """The leading structure's."""
        return self.of[self.leading]

    @property
    def probability(self) -> Mapping[str, float]:
        """Of each structure that was not given up, likeliest first."""
        log = np.array([one.log_evidence for one in self.of.values()])
        weight = np.exp(log - log.max())
        found = dict(zip(self.of, (weight / weight.sum()).tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def covariance(self, of_one: Callable[[Evidence, Array], Array]) -> Array:
        """About the leading estimate, of the mixture of all: (n, n); of_one: of one structure's."""
        theta = self.believed.theta
        total = np.zeros((len(theta), len(theta)))
        for name, probability in self.probability.items():
            one = self.of[name]
            off = one.theta - theta
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
