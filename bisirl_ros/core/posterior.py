"""What the double loop asks of evidence, be it about one person or about several."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Objective

if TYPE_CHECKING:
    from typing_extensions import Self

    from bisirl_ros.core.evidence import Evidence
    from bisirl_ros.core.structures import Family

GIVEN = "as given"
"""The structure that the game itself has."""
EXPERT = "expert"
"""What the person of a game that has only one is called."""


class Way(NamedTuple):
    """One way in which somebody may decide, their theta (n,) and its covariance (n, n) if so."""

    probability: float
    structure: str
    theta: Array
    covariance: Array


class Posterior(Objective, Protocol):
    """N g, and what was believed before; what is written out here holds for one person.

    theta is one flat vector: of all people, in the order in which they were met.
    """

    @property
    def trajectories(self) -> int:
        """N, the number of trajectories that count; of several people, everybody's."""
        ...

    @property
    def parts(self) -> Mapping[str, Evidence]:
        """What is explained separately, by name: N g is the sum of these."""
        ...

    def with_parts(self, parts: Mapping[str, Evidence]) -> Self:
        """The same with some parts exchanged."""
        ...

    def posterior_precision(self, theta: Array) -> Array:
        """Lambda of the Laplace posterior at theta, positive definite."""
        ...

    def covariance(self, theta: Array) -> Array:
        """Laplace posterior covariance at theta."""
        ...

    def information(self, theta: Array) -> Array:
        """What the interactions alone say about theta, without the prior."""
        ...

    def judged(self, batch: Any, theta: Array) -> Self:
        """Having asked whether a new batch fits what is believed at theta, before it is added."""
        return self

    def part_of(self, identity: str) -> str:
        """The name of what explains somebody."""
        return EXPERT

    @property
    def families(self) -> Mapping[str, Family]:
        """What else may explain people, by identity, where that is learned."""
        return {}

    def structure_of(self, identity: str) -> str:
        """By which structure somebody is explained (`core.structures`)."""
        family = self.families.get(identity)
        return family.leading if family else GIVEN

    def doubts(self, identity: str) -> bool:
        """Whether somebody met behaves as the model does not."""
        return False

    def add(self, batch: Any) -> Self:
        """With one more batch's likelihood."""
        ...

    def without_newest(self) -> Self:
        """Before the newest batch, as long as that is kept exactly."""
        ...

    def carry(self, theta: Array) -> Self:
        """Condense the batches beyond the window, at theta."""
        ...

    @property
    def identities(self) -> tuple[str, ...]:
        """Who was met, in that order; nobody where people have no names."""
        return ()

    @property
    def newest(self) -> tuple[str, ...]:
        """The parts that the newest batch spoke of."""
        return tuple(self.parts)

    def extended(self, theta: Array) -> Array:
        """theta with those whom it does not know yet, at their prior's mean."""
        return theta

    def theta_of(self, theta: Array, identity: str) -> Array:
        """One person's (or part's) share of theta: (n,)."""
        return theta

    def exchanged(self, theta: Array, found: Mapping[str, Array]) -> Array:
        """theta with some parts' shares exchanged."""
        return found.get(EXPERT, theta)

    def covariance_of(self, theta: Array, identity: str) -> Array:
        """Of one person's theta, as it is published: (n, n)."""
        return self.covariance(theta)

    def ways_of(self, theta: Array, identity: str) -> tuple[Way, ...]:
        """What `covariance_of` is the spread of: all ways in which one person may decide."""
        return (Way(1.0, GIVEN, theta, self.covariance(theta)),)

    def met(self, identities: Iterable[str], theta: Array) -> Self:
        """Having met these people; theta is what was known of the others then."""
        return self

    def newcomer(self, theta: Array) -> tuple[Array, Array]:
        """What is believed of somebody who was not met yet: mean (n,), covariance (n, n)."""
        return theta, self.covariance(theta)

    def surprise(self, batch: Any, theta: Array) -> tuple[float, Array]:
        """- log-likelihood of a batch at theta, and its gradient, of those in the batch."""
        return batch.value(theta), batch.gradient(theta)

    def repooled(self, theta: Array) -> Self:
        """With the priors that theta asks for: others', or wider ones; itself where they stay."""
        return self


def places_of(theta: Array, evidence: Posterior, identity: str) -> Array | None:
    """Which entries of theta are somebody's: (n,) integers; None of a stranger."""
    if identity not in evidence.identities:
        return None
    return evidence.theta_of(np.arange(len(theta), dtype=float), identity).astype(int)


def spread_of(ways: Iterable[Way], about: Array) -> Array:
    """Covariance of a mixture about theta (n,), its means' distance from there included: (n, n)."""
    total = np.zeros((len(about), len(about)))
    for way in ways:
        off = way.theta - about
        total += way.probability * (way.covariance + np.outer(off, off))
    return total
