"""Evidence about several people, whose identities come and go (FORMULATION sections 1 and 2).

Given their rewards people decide independently: N g is a sum over people, its Hessian block
diagonal. How their rewards hang together is the mode: `shared` by all, `each` with
their own that says nothing about others, or `pooled`: draws of one population that all teach about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

import numpy as np

from bisirl_ros.core.arrays import Array, inverse
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.core.pooled_prior import PooledPrior
from bisirl_ros.core.posterior import GIVEN, Way, spread_of
from bisirl_ros.core.prior_width import widened
from bisirl_ros.core.robust import robust_covariance
from bisirl_ros.core.structures import Family, identical
from bisirl_ros.core.sum_of_parts import SumOfParts

SHARED, EACH, POOLED = REWARDS = ("shared", "each", "pooled")
EVERYBODY = "everybody"
"""What all people together are called where they share one theta."""


@dataclass(frozen=True)
class PeopleEvidence(SumOfParts):
    """A `Posterior` over the rewards of people; immutable.

    reward: `each`, `shared` or `pooled`; n: weights per person; initial: of a stranger's weights
    where nobody taught about them; window: batches kept exactly, of each person
    misfit_alarm: probability with which somebody who fits the model is ever said not to
    identities: who was met, in that order; parts: what is explained separately, by identity or
    EVERYBODY; present: who decided in the newest batch; families: what else may explain them

    theta: (n,) where it is shared, else (P n,), one person's after the other's. Of who is absent
    everything stays, and is there when they come back. Raises KeyError for somebody never met.
    """

    reward: str
    n: int
    initial: InitialBelief
    window: int = 200
    misfit_alarm: float = 0.0
    identities: tuple[str, ...] = ()
    parts: Mapping[str, Evidence] = field(default_factory=dict)
    present: tuple[str, ...] = ()
    families: Mapping[str, Family] = field(default_factory=dict)
    _ways: dict[tuple[str, bytes], tuple[Way, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @staticmethod
    def start(
        n: int,
        precision: float,
        window: int = 200,
        reward: str = EACH,
        misfit_alarm: float = 0.0,
        initial: InitialBelief | None = None,
    ) -> PeopleEvidence:
        """Nobody met yet; initial: None where nothing is known but `precision`."""
        initial = initial or InitialBelief.weak(n, precision)
        parts = {EVERYBODY: initial.evidence(window)} if reward == SHARED else {}
        return PeopleEvidence(reward, n, initial, window, misfit_alarm, parts=parts)

    @property
    def newest(self) -> tuple[str, ...]:
        """The parts that the newest batch spoke of."""
        return (EVERYBODY,) if self.reward == SHARED and self.present else self.present

    @property
    def trajectories(self) -> int:
        """N, the number of trajectories that count: one per person and episode."""
        return sum(part.trajectories for part in self.parts.values())

    @property
    def seen(self) -> int:
        """The number of persons' batches so far, the forgotten ones included."""
        return sum(part.seen for part in self.parts.values())

    def theta_of(self, theta: Array, identity: str) -> Array:
        """One person's share of theta: (n,)."""
        return theta if self.reward == SHARED else theta[self._place[identity]]

    def covariance_of(self, theta: Array, identity: str) -> Array:
        """Of one person's theta, as published: Laplace's, the robust one if doubted: (n, n)."""
        return spread_of(self.ways_of(theta, identity), self.theta_of(theta, identity))

    def ways_of(self, theta: Array, identity: str) -> tuple[Way, ...]:
        """See `Posterior.ways_of`; worked out once."""
        part, share = self.part_of(identity), self.theta_of(theta, identity)
        if (key := (part, share.tobytes())) not in self._ways:
            of_one = robust_covariance if self.doubts(identity) else Evidence.covariance
            family = self.families.get(identity, Family(self.parts[part]))
            own = of_one(self.parts[part], share)
            self._ways[key] = family.ways(share.copy(), own, of_one)
        return self._ways[key]

    def part_of(self, identity: str) -> str:
        """The name of what explains somebody."""
        return EVERYBODY if self.reward == SHARED else identity

    def doubts(self, identity: str) -> bool:
        """Whether somebody met behaves as the model, or any structure of it, does not."""
        if family := self.families.get(identity):
            return family.doubted
        misfit = self.parts[self.part_of(identity)].misfit
        return misfit is not None and misfit.found(self.misfit_alarm)

    def structure_of(self, identity: str) -> str:
        """By which structure somebody is explained (`core.structures`)."""
        return self.families[identity].leading if identity in self.families else GIVEN

    def exchanged(self, theta: Array, found: Mapping[str, Array]) -> Array:
        """theta with some parts' shares exchanged."""
        shares = [found.get(name, self.theta_of(theta, name)) for name in self.parts]
        return np.concatenate([np.zeros(0), *shares])

    def extended(self, theta: Array) -> Array:
        """theta with those whom it does not know yet, at their prior's mean."""
        known = len(theta) // self.n
        return np.concatenate([theta, *(x.prior_mean for x in list(self.parts.values())[known:])])

    def newcomer(self, theta: Array) -> tuple[Array, Array]:
        """What is believed of somebody who was not met yet: mean (n,), covariance (n, n).

        Pooled: mu, and Omega plus the covariance of mu. Shared: what is believed of everybody.
        """
        if self.reward == SHARED:
            return theta, self.covariance_of(theta, EVERYBODY)
        if self.reward == POOLED:
            pool = self.pool(theta)
            return pool.mean, pool.covariance
        return self.initial.mean, self.initial.covariance

    def pool(self, theta: Array) -> PooledPrior:
        """What the people met say about each other and about a stranger, near theta."""
        return self.initial.pooled([part.said(x) for part, x in self._with(theta)])

    def repooled(self, theta: Array) -> PeopleEvidence:
        """Pooled: each explained from what the others teach, near theta; itself where that stays.

        Else those of the newest batch with a prior as wide as they ask for. Minimised again and
        repooled until it is itself, theta solves the hierarchical problem.
        """
        if self.reward != POOLED or not self.parts:
            wide = {n: widened(self.parts[n], self.theta_of(theta, n)) for n in self.newest}
            return self if all(wide[n] is self.parts[n] for n in wide) else self.with_parts(wide)
        pool, taught = self.pool(theta), {}
        others = zip(pool.others_mean, pool.others_covariance, strict=True)
        for (name, part), (mean, covariance) in zip(self.parts.items(), others, strict=True):
            taught[name] = part.under(mean, inverse(covariance))
        settled = all(taught[name].begins_like(part) for name, part in self.parts.items())
        return self if settled else replace(self, parts=taught)

    def surprise(self, batch: PeopleLikelihood, theta: Array) -> tuple[float, Array]:
        """- log-likelihood of a batch at theta, and its gradient, of those in the batch."""
        theta_of = partial(self.theta_of, theta)
        return batch.value(theta_of), batch.gradient_of(theta_of)

    def met(self, identities: Iterable[str], theta: Array) -> PeopleEvidence:
        """Having met these people, new ones as `newcomer(theta)` has it."""
        if not (new := [name for name in identities if name not in self.identities]):
            return self
        parts = dict(self.parts)
        if self.reward != SHARED:
            mean, covariance = self.newcomer(theta)
            stranger = Evidence.around(mean, inverse(covariance), self.window)
            parts |= dict.fromkeys(new, stranger)
        return replace(self, parts=parts, identities=(*self.identities, *new))

    def judged(self, batch: PeopleLikelihood, theta: Array) -> PeopleEvidence:
        """Having asked whether a new batch fits what is believed of everybody at theta."""
        if self.misfit_alarm == 0.0:
            return self
        parts = dict(self.parts)
        for name, wider in batch.wider_by(self.part_of).items():
            parts[name] = parts[name].asked_beyond(wider, self.theta_of(theta, name))
        return self.with_parts(parts)

    def add(self, batch: PeopleLikelihood) -> PeopleEvidence:
        """With one more batch; raises KeyError for somebody who was not `met`."""
        present = tuple(batch.of)
        if unknown := set(present) - set(self.identities):
            raise KeyError(f"{', '.join(sorted(unknown))}: not met yet")
        parts = dict(self.parts)
        for identity, likelihood in batch.of.items():
            name = self.part_of(identity)
            parts[name] = parts[name].add(likelihood)
        return replace(self, parts=parts, present=present)

    def without_newest(self) -> PeopleEvidence:
        """Before the newest batch, as long as that is kept exactly; whoever was met stays met."""
        parts = dict(self.parts)
        for identity in self.present:
            name = self.part_of(identity)
            parts[name] = parts[name].without_newest()
        return replace(self, parts=parts, present=())

    def with_parts(self, parts: Mapping[str, Evidence]) -> PeopleEvidence:
        """The same with some parts exchanged."""
        return replace(self, parts={**self.parts, **parts})

    def carry(self, theta: Array) -> PeopleEvidence:
        """Condense each person's batches beyond the window, at theta; itself where none is."""
        parts = {name: part.carry(self.theta_of(theta, name)) for name, part in self.parts.items()}
        families = {name: family.carry() for name, family in self.families.items()}
        if identical(parts, self.parts) and identical(families, self.families):
            return self
        return replace(self, parts=parts, families=families)

    @cached_property
    def _place(self) -> dict[str, slice]:
        return {x: slice(i * self.n, (i + 1) * self.n) for i, x in enumerate(self.identities)}
