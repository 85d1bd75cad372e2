"""What the double loop asks of a solver (FORMULATION section 5)."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Protocol, TypeVar

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.likelihood import Likelihood, PeopleLikelihood
from bisirl_ros.core.posterior import Posterior

Batch = TypeVar("Batch", bound=Sized, contravariant=True)
"""The interactions that one deployed policy gave, as the solver's game records them."""
Collected = Sequence[tuple[Batch, Tensor]]
"""Batches, oldest first, each with the policy (m,) that it was collected under."""


class Solver(Protocol[Batch]):
    """One interaction game, solved."""

    @property
    def n_features(self) -> int:
        """Number of reward parameters n = dim theta."""
        ...

    @property
    def plays_again(self) -> bool:
        """Whether interactions can be collected again under another policy."""
        ...

    def likelihood(
        self, batch: Batch, phi: Tensor, before: Collected[Batch] = ()
    ) -> Likelihood | PeopleLikelihood:
        """The batch's choices explained under phi, the policy it was collected with.

        By person, where the game tells persons apart.
        before: the newest batches before it, from which they may know the robot
        """
        ...

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Batch],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """f and the pieces of its hypergradient at (phi, theta).

        theta: as the evidence has it, several people's one after the other
        recent: newest batches last; beta_i: weight of the information gain over the evidence
        """
        ...

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Batch],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """J_l of imagined episodes (R,), the same for the same `rng`; exact ones need but one."""
        ...
