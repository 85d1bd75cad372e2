"""Which structure explains somebody: a small family of models, each with its own estimate.

Given a structure s (a horizon, a discount, a view of the robot, ...) the evidence about theta is
what it always is. How well s explains all that was seen is its marginal likelihood, by Laplace's
approximation at its own estimate (Kass and Raftery 1995),

    log p(D | s) = -N g_s(theta_s) + log|Lambda_0| / 2 - log|Lambda_s| / 2,

carried from batch to batch; the prior Lambda_0 is as wide as each asks for (`core.prior_width`).
All structures are as probable as each other before anything is seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Explain, Explained
from bisirl_ros.core.posterior import GIVEN, Way
from bisirl_ros.core.prior_width import explained, log_width
from bisirl_ros.errors import InputError

HOPELESS = 15.0
"""A structure so many nats behind the best is given up."""
AHEAD = 1.5
"""Nats by which a structure has to be ahead of the one as given, and of the one that was believed
before, to be believed."""
LIKELY = 1e-3
"""The probability below which a structure need not be rejected for somebody to be doubted."""
ONCE_BELIEVED = 3.0
"""Head start, in nats, of what was believed of somebody before they changed."""
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
        found = self.lost - self.evidence.value(at) + 0.5 * (sizes[0] - sizes[1])
        return float(found + log_width(self.evidence.width))

    def after(self, batch: Explained, solve: Solve, *, asked: bool) -> Explanation:
        """With one more batch; asked: whether it is asked if it fits before it is added."""
        evidence = self.evidence.asked_beyond(batch.wider, self.theta) if asked else self.evidence
        evidence, theta = explained(evidence.add(batch.known), self.theta, solve)
        return replace(self, evidence=evidence, theta=theta)

    def carry(self) -> Explanation:
        """See `Evidence.carry`; what the evidence no longer holds is remembered as `lost`."""
        kept = self.evidence.carry(self.theta)
        if kept is self.evidence:
            return self
        more = kept.value(self.theta) - self.evidence.value(self.theta)
        return replace(self, evidence=kept, lost=self.lost + more)

    @property
    def finite(self) -> bool:
        """Whether it can be compared at all."""
        return bool(np.isfinite(self.log_evidence) and np.isfinite(self.theta).all())


@dataclass(frozen=True)
class Family:
    """Everything that may explain one person; immutable.

    prior: before anything was seen; false_alarm: see `LoopConfig.misfit_alarm`
    of: by structure, of those that may still be it, all of the same batches; given_up: the others
    leading: which is believed; likelier by AHEAD than the one as given, if it is another
    head_start: nats by which the leading one is likelier before anything is compared
    """

    prior: Evidence
    false_alarm: float = 0.0
    of: Mapping[str, Explanation] = field(default_factory=dict)
    given_up: tuple[str, ...] = ()
    leading: str = GIVEN
    head_start: float = 0.0

    def after(self, batch: Mapping[str, Explain], solve: Solve) -> Family:
        """With one more batch, explained by each structure.

        One that the batch cannot be explained by is given up. Raises InputError where that leaves
        none.
        """
        asked = self.false_alarm > 0.0
        before = self.of or {
            name: Explanation(
                self.prior, self.prior.prior_mean, self.head_start * (name == self.leading)
            )
            for name in batch
        }
        every = {
            name: one.after(batch[name](), solve, asked=asked)
            for name, one in before.items()
            if name in batch
        }
        of = {name: one for name, one in every.items() if one.finite}
        if not of:
            raise InputError("interactions: no way to decide explains them; check the poses")
        least = max(one.log_evidence for one in of.values()) - HOPELESS
        kept = {name: one for name, one in of.items() if one.log_evidence >= least}
        lost = tuple(name for name in before if name not in kept)
        leading = believed(kept, self.leading)
        return replace(self, of=kept, given_up=(*self.given_up, *lost), leading=leading)

    @property
    def probability(self) -> Mapping[str, float]:
        """Of each structure that was not given up, likeliest first."""
        if not self.of:
            return {self.leading: 1.0}
        log = np.array([one.log_evidence for one in self.of.values()])
        weight = np.exp(log - log.max())
        found = dict(zip(self.of, (weight / weight.sum()).tolist(), strict=True))
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def ways(
        self, theta: Array, own: Array, of_one: Callable[[Evidence, Array], Array]
    ) -> tuple[Way, ...]:
        """Everything that was not given up, likeliest first.

        theta (n,), own (n, n): estimate and covariance of the leading one; of_one: of another's
        """
        found = []
        for name, probability in self.probability.items():
            at, spread = theta, own
            if name != self.leading:
                one = self.of[name]
                at, spread = one.theta, of_one(one.evidence, one.theta)
            found.append(Way(probability, name, at, spread))
        return tuple(found)

    @property
    def doubted(self) -> bool:
        """Whether every structure that is at all likely is rejected."""
        likely = [self.of[n] for n, p in self.probability.items() if n in self.of and p >= LIKELY]
        found = [one.evidence.misfit for one in likely]
        return bool(found) and all(m is not None and m.found(self.false_alarm) for m in found)

    def carry(self) -> Family:
        """With what is beyond the window condensed; itself where nothing is."""
        of = {name: one.carry() for name, one in self.of.items()}
        return self if identical(of, self.of) else replace(self, of=of)

    def begun_anew(self) -> Family:
        """Of somebody who changed: any structure may be theirs, the leading one most likely."""
        return replace(self, of={}, given_up=(), head_start=ONCE_BELIEVED)


def believed(of: Mapping[str, Explanation], before: str) -> str:
    """The structure that is believed where one was `before`: the likeliest, or one within AHEAD.

    First of these the one as given, so that who decides as they were thought to is rarely told
    otherwise; then the one that was believed, so that two others that are alike do not take turns.
    """
    best = max(of, key=lambda name: of[name].log_evidence)
    enough = of[best].log_evidence - AHEAD
    near = (name for name in (GIVEN, before) if name in of and of[name].log_evidence >= enough)
    return next(near, best)


def identical(some: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    """Whether both hold the same objects by the same names."""
    return len(some) == len(others) and all(some[name] is others.get(name) for name in some)
