"""What one outer iteration of the double loop did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.identified import IdentifiedSubspace, identified_by
from bisirl_ros.core.loop_state import LoopState
from bisirl_ros.core.lower_level import LowerLevelResult
from bisirl_ros.core.posterior import GIVEN, Posterior


@dataclass(frozen=True)
class PersonEstimate:
    """theta, std: (n,) one person's estimate and its standard deviation, as published.

    log_evidence: against the model (`core.misfit`), None where nothing was asked; doubted: whether
    that is enough, so that std is the robust one; deviations: (k,) by statistic
    structure: how they are believed to decide (`core.structures`); structures: probability of each
    that may be it, likeliest first, where that is learned
    """

    theta: Array
    std: Array
    log_evidence: float | None = None
    doubted: bool = False
    deviations: tuple[float, ...] = ()
    structure: str = GIVEN
    structures: Mapping[str, float] = field(default_factory=dict)


class Update(NamedTuple):
    """One outer update: f(phi, theta), ||v_k||, and its time [s]."""

    objective: float
    norm: float
    seconds: float


@dataclass(frozen=True)
class Improved:
    """The outer updates of one batch, of the search that led.

    renewed: whether a new policy is deployed; switched: whether another search found it, and leads
    """

    updates: tuple[Update, ...] = ()
    renewed: bool = False
    switched: bool = False


@dataclass(frozen=True)
class OuterReport:
    """What one outer iteration did.

    theta, std: (n,), or (P n,) of several people, estimate and Laplace's standard deviation; those
        that are published of people are in `people`
    inner: of the lower level
    held_out: mean log-likelihood per decision of this batch before anything was learned from it;
    objective, gradient_norms, update_s: of the search that led, f at its iterate (NaN where no
        policy is learned), norms and times [s] of its outer updates
    identified: which directions of one person's theta all interactions so far speak of, whoever's
    drift: of one part's batches, how many are kept because the person seems to have changed before
        them, the fewest of all who have; 0: no change noticed; drifted: the same by person
    people: everybody met so far, by identity, in the order of theta; empty where nobody has a name
    renewed: whether a new policy is deployed; searches: how many look for one; switched: whether
        another of them leads now
    inner_s: time of the inner solve [s]
    """

    k: int
    updates: int
    decisions: int
    theta: Array
    std: Array
    inner: LowerLevelResult
    held_out: float
    objective: float
    gradient_norms: tuple[float, ...]
    identified: IdentifiedSubspace
    drift: int
    inner_s: float
    update_s: tuple[float, ...]
    renewed: bool = False
    searches: int = 1
    switched: bool = False
    drifted: Mapping[str, int] = field(default_factory=dict)
    people: Mapping[str, PersonEstimate] = field(default_factory=dict)

    @staticmethod
    def of(
        state: LoopState[Any],
        improved: Improved,
        inner: LowerLevelResult,
        drifted: Mapping[str, int],
        **measured: Any,
    ) -> OuterReport:
        """Of the state after an iteration; measured: decisions, held_out, inner_s."""
        updates = improved.updates
        return OuterReport(
            k=state.k,
            updates=state.updates,
            theta=state.theta,
            std=np.sqrt(np.diag(state.evidence.covariance(state.theta))),
            inner=inner,
            objective=updates[-1].objective if updates else float("nan"),
            gradient_norms=tuple(update.norm for update in updates),
            identified=identified_by(state.evidence, state.theta),
            drift=min(drifted.values(), default=0),
            update_s=tuple(update.seconds for update in updates),
            renewed=improved.renewed,
            searches=len(state.searches),
            switched=improved.switched,
            drifted=drifted,
            people=estimates(state.evidence, state.theta),
            **measured,
        )

    @property
    def rank(self) -> int:
        """Dimension of the identified subspace of theta."""
        return self.identified.rank

    @property
    def identities(self) -> tuple[str, ...]:
        """Who was met so far, in the order of theta."""
        return tuple(self.people)


def estimates(evidence: Posterior, theta: Array) -> dict[str, PersonEstimate]:
    """Everybody met so far, by identity."""
    return {name: _estimate(evidence, theta, name) for name in evidence.identities}


def _estimate(evidence: Posterior, theta: Array, name: str) -> PersonEstimate:
    family, part = evidence.families.get(name), evidence.parts[evidence.part_of(name)]
    found = PersonEstimate(
        evidence.theta_of(theta, name),
        np.sqrt(np.diag(evidence.covariance_of(theta, name))),
        structure=evidence.structure_of(name),
        structures=family.probability if family else {},
    )
    misfit = part.misfit
    if misfit is None:
        return found
    return replace(
        found,
        log_evidence=misfit.log_evidence,
        doubted=evidence.doubts(name),
        deviations=tuple(misfit.deviations.tolist()),
    )
