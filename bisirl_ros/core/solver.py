"""What the double loop asks of a solver (FORMULATION section 5)."""

from __future__ import annotations

from collections.abc import Sequence, Sized
from typing import Protocol, TypeVar

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence, Likelihood
from bisirl_ros.core.hypergradient import OuterTerms

Batch = TypeVar("Batch", bound=Sized, contravariant=True)
"""The interactions that one deployed policy gave, as the solver's game records them."""


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

    def likelihood(self, batch: Batch, phi: Tensor) -> Likelihood:
        """The batch's choices explained under phi, the policy it was collected with."""
        ...

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Evidence,
        recent: Sequence[Batch],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """f and the pieces of its hypergradient at (phi, theta).

        recent: newest batches last; beta_i: weight of the information gain over the evidence
        """
        ...
