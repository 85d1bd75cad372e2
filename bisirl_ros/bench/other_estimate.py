"""A learner that estimates people's weights in another way than BISIRL, and plans as it does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver


class OtherEstimate(CrowdSolver, ABC):
    """Plans for an estimate of its own, which is no differentiable function of phi.

    So use the `first-order` hypergradient, and `reward: each`.

    estimate: weights (n,) of everybody met, by identity, as last planned for
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, **settings: Any) -> None:
        super().__init__(scenario, policy, **settings)
        self.estimate: Mapping[str, Array] = {}

    @abstractmethod
    def estimated(self, evidence: Posterior) -> Mapping[str, Array]:
        """Weights (n,) of everybody met, by identity."""

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """See `CrowdSolver.outer_terms`."""
        own = self._own(theta, evidence)
        return super().outer_terms(phi, own, evidence, recent, rng, beta_i)

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """See `CrowdSolver.returns`."""
        own = self._own(theta, evidence)
        return super().returns(phi, own, evidence, recent, episodes, rng)

    def _own(self, theta: Array, evidence: Posterior) -> Array:
        self.estimate = self.estimated(evidence)
        return evidence.exchanged(theta, self.estimate)
