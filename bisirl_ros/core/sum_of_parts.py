"""The negative log posterior of people who decide independently: a sum, its Hessian in blocks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

import numpy as np
from scipy.linalg import block_diag  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence


class SumOfParts(ABC):
    """N g of theta, of which each part has its share: (P n,), one part's after the other's."""

    parts: Mapping[str, Evidence]

    @abstractmethod
    def theta_of(self, theta: Array, identity: str) -> Array:
        """One person's, or part's, share of theta: (n,)."""

    def value(self, theta: Array) -> float:
        """N g(theta)."""
        return sum(part.value(x) for part, x in self._with(theta))

    def gradient(self, theta: Array) -> Array:
        """d N g / d theta, as theta is."""
        return np.concatenate([np.zeros(0), *(part.gradient(x) for part, x in self._with(theta))])

    def hessian(self, theta: Array) -> Array:
        """d2 N g / d theta2, exact, one block per person."""
        return self._blocks(Evidence.hessian, theta)

    def fisher(self, theta: Array) -> Array:
        """The Hessian's expectation under the model, positive definite, one block per person."""
        return self._blocks(Evidence.fisher, theta)

    def posterior_precision(self, theta: Array) -> Array:
        """Of the Laplace posterior, positive definite; each block is a Hessian or Fisher matrix."""
        return self._blocks(Evidence.posterior_precision, theta)

    def covariance(self, theta: Array) -> Array:
        """Of the Laplace posterior: each person's own, without what two errors have in common."""
        return self._blocks(Evidence.covariance, theta)

    def information(self, theta: Array) -> Array:
        """What people's own interactions alone say about them, one block per person."""
        return self._blocks(Evidence.information, theta)

    def _with(self, theta: Array) -> list[tuple[Evidence, Array]]:
        """Every part with its share of theta."""
        return [(part, self.theta_of(theta, name)) for name, part in self.parts.items()]

    def _blocks(self, matrix: Callable[[Evidence, Array], Array], theta: Array) -> Array:
        blocks = [matrix(part, x) for part, x in self._with(theta)]
        return np.asarray(block_diag(*blocks)) if blocks else np.zeros((0, 0))
