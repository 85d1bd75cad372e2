"""What the double loop remembers between iterations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.ascent import Ascent
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.initial_belief import InitialBelief
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.posterior import Posterior

Batch = TypeVar("Batch", bound=Sized)


@dataclass(frozen=True)
class Rival:
    """Another policy phi (m,) that is improved beside the one deployed; ascent: takes its steps."""

    phi: torch.nn.Parameter
    ascent: Ascent

    @staticmethod
    def start(phi: Tensor, config: LoopConfig, inertia: Mapping[str, Any] | None = None) -> Rival:
        """With what its ascent remembers of earlier steps, by default nothing."""
        parameter = torch.nn.Parameter(phi.clone())
        ascent = Ascent(parameter, config.optimiser)
        ascent.inertia = inertia or {}
        return Rival(parameter, ascent)


@dataclass
class LoopState(Generic[Batch]):
    """Everything the double loop remembers between iterations.

    phi: (m,) policy; theta: (n,) estimate, or (P n,) of several people, as its evidence has it;
    ascent: takes the steps of phi; k: outer iterations (batches) done, the version of phi; updates:
    outer updates done; collected: the newest batches, each with the policy it was collected under
    rivals: policies that began elsewhere and may come to be deployed
    """

    phi: torch.nn.Parameter
    theta: Array
    evidence: Posterior
    ascent: Ascent
    rng: np.random.Generator
    k: int = 0
    updates: int = 0
    collected: list[tuple[Batch, Tensor]] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)

    @staticmethod
    def start(
        phi: Tensor,
        n_features: int,
        config: LoopConfig,
        seed: int,
        *,
        people: bool = False,
        initial: InitialBelief | None = None,
        rivals: Sequence[Tensor] = (),
    ) -> LoopState[Batch]:
        """theta at its prior's mean and the given phi.

        people: the solver tells persons apart (its likelihood is a `PeopleLikelihood`); nobody was
        met yet, and `config.reward` says how their rewards hang together
        initial: what is believed of people; None: 0, as weakly as `config.prior_precision` says
        rivals: other policies to begin with
        """
        parameter = torch.nn.Parameter(phi.clone())
        prior = (n_features, config.prior_precision, config.evidence_window)
        evidence: Posterior = (
            PeopleEvidence.start(*prior, config.reward, config.misfit_alarm, initial)
            if people
            else Evidence.start(*prior)
        )
        means = [part.prior_mean for part in evidence.parts.values()]
        return LoopState(
            phi=parameter,
            theta=np.concatenate([np.zeros(0), *means]),
            evidence=evidence,
            ascent=Ascent(parameter, config.optimiser),
            rng=np.random.default_rng(seed),
            rivals=[Rival.start(other, config) for other in rivals],
        )

    @property
    def recent(self) -> list[Batch]:
        """The newest batches alone, oldest first."""
        return [batch for batch, _ in self.collected]

    def change_with(self, rival: Rival) -> None:
        """The rival's policy is the one deployed, and this one becomes the rival."""
        phi, inertia = self.phi.detach().clone(), self.ascent.inertia
        with torch.no_grad():
            self.phi.copy_(rival.phi)
            rival.phi.copy_(phi)
        self.ascent.inertia, rival.ascent.inertia = rival.ascent.inertia, inertia

    @contextmanager
    def whole_or_not_at_all(self) -> Iterator[None]:
        """What raises inside leaves the state as it was before, its luck included."""
        names = ("theta", "evidence", "k", "updates", "rivals")
        kept = {name: getattr(self, name) for name in names}
        collected, luck = list(self.collected), self.rng.bit_generator.state
        policies: list[LoopState[Batch] | Rival] = [self, *self.rivals]
        before = [(policy.phi.detach().clone(), policy.ascent.inertia) for policy in policies]
        try:
            yield
        except BaseException:
            for name, value in kept.items():
                setattr(self, name, value)
            self.collected, self.rng.bit_generator.state = collected, luck
            for policy, (phi, inertia) in zip(policies, before, strict=True):
                with torch.no_grad():
                    policy.phi.copy_(phi)
                policy.ascent.inertia = inertia
            raise
