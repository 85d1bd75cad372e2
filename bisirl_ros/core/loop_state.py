"""What the double loop remembers between iterations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.policy_search import PolicySearch
from bisirl_ros.core.posterior import Posterior

Batch = TypeVar("Batch", bound=Sized)


@dataclass
class LoopState(Generic[Batch]):
    """Everything the double loop remembers between iterations.

    phi: (m,) the policy that is deployed; theta: (n,) estimate, or (P n,) of several people, as its
    evidence has it; searches: what looks for a better policy, first the one that found phi; k:
    outer iterations (batches) done, the version of phi; updates: outer updates done by each search;
    collected: the newest batches, each with the policy it was collected under
    """

    phi: Tensor
    theta: Array
    evidence: Posterior
    searches: list[PolicySearch]
    rng: np.random.Generator
    k: int = 0
    updates: int = 0
    collected: list[tuple[Batch, Tensor]] = field(default_factory=list)

    @staticmethod
    def start(
        phi: Tensor,
        n_features: int,
        config: LoopConfig,
        seed: int,
        *,
        people: bool = False,
        initial: InitialBelief | None = None,
        more_starts: Sequence[Tensor] = (),
    ) -> LoopState[Batch]:
        """theta at its prior's mean and the given phi.

        people: the solver tells persons apart (its likelihood is a `PeopleLikelihood`); nobody was
        met yet, and `config.reward` says how their rewards hang together
        initial: what is believed of people; None: 0, as weakly as `config.prior_precision` says
        more_starts: other policies (m,) from which to look for better ones
        """
        prior = (n_features, config.prior_precision, config.evidence_window)
        evidence: Posterior = (
            PeopleEvidence.start(*prior, config.reward, config.misfit_alarm, initial)
            if people
            else Evidence.start(*prior)
        )
        means = [part.prior_mean for part in evidence.parts.values()]
        return LoopState(
            phi=phi.detach().clone(),
            theta=np.concatenate([np.zeros(0), *means]),
            evidence=evidence,
            searches=[PolicySearch.start(start, config) for start in (phi, *more_starts)],
            rng=np.random.default_rng(seed),
        )

    @property
    def recent(self) -> list[Batch]:
        """The newest batches alone, oldest first."""
        return [batch for batch, _ in self.collected]

    @contextmanager
    def whole_or_not_at_all(self) -> Iterator[None]:
        """What raises inside leaves the state as it was before, its luck included."""
        names = ("phi", "theta", "evidence", "k", "updates", "searches")
        kept = {name: getattr(self, name) for name in names}
        collected, luck = list(self.collected), self.rng.bit_generator.state
        before = [(search, search.remembered()) for search in self.searches]
        try:
            yield
        except BaseException:
            for name, value in kept.items():
                setattr(self, name, value)
            self.collected, self.rng.bit_generator.state = collected, luck
            for search, remembered in before:
                search.recall(remembered)
            raise
