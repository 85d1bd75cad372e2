"""What the double loop asks of a solver (FORMULATION section 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from torch import Tensor

from bisirl_ros.core.evidence import Likelihood
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.interactions import Interactions
from bisirl_ros.core.likelihood import Array


class Solver(Protocol):
    """One interaction game, solved."""

    @property
    def n_features(self) -> int:
        """Number of reward parameters n = dim theta."""
        ...

    def likelihood(self, batch: Interactions, phi: Tensor) -> Likelihood:
        """The batch's choices explained under phi, the policy it was collected with."""
        ...

    def outer_terms(
        self, phi: Tensor, theta: Array, recent: Sequence[Interactions], rng: np.random.Generator
    ) -> OuterTerms:
        """f and the pieces of its hypergradient at (phi, theta); recent: newest batches last."""
        ...
