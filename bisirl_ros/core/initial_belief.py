"""What is believed of people's rewards before anybody was met: theta ~ N(mean, covariance).

Weak, or learned from other people before. In z = root^-1 (theta - mean) it is N(0, I / precision),
of which `Hyperprior.of` says how much is shared and how much is how people differ: half and half.
What people's interactions say is put in terms of z, pooled there, and put back; no other step of
the pooled prior knows of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.pooled_prior import Hyperprior, PooledPrior, pooled_prior

ROUNDING = 1e-6
"""Difference, in standard deviations, of two that are one."""


@dataclass(frozen=True, eq=False)
class InitialBelief:
    """theta = mean + root z, z ~ N(0, I / precision).

    mean: (n,); root: (n, n), of full rank; precision: of every entry of z
    """

    mean: Array
    root: Array
    precision: float = 1.0

    @staticmethod
    def weak(n: int, precision: float) -> InitialBelief:
        """Nothing is known: N(0, I / precision)."""
        return InitialBelief(np.zeros(n), np.eye(n), precision)

    @staticmethod
    def around(mean: Array, covariance: Array) -> InitialBelief:
        """N(mean, covariance); (n,), (n, n) positive definite.

        The root is the deviations times the symmetric root of the correlations (ZCA-cor of Kessy,
        Lewin and Strimmer 2018, American Statistician 72): neither the order of the features nor
        their units matter to what is pooled.
        """
        std = np.sqrt(np.diag(covariance))
        values, vectors = np.linalg.eigh(covariance / std[:, None] / std)
        return InitialBelief(mean, std[:, None] * ((vectors * np.sqrt(values)) @ vectors.T))

    @property
    def covariance(self) -> Array:
        """Of a stranger: (n, n)."""
        return np.asarray(self.root @ self.root.T / self.precision)

    def evidence(self, window: int) -> Evidence:
        """Of somebody of whom nothing was seen."""
        back = np.linalg.inv(self.root)
        return Evidence.around(self.mean, self.precision * (back.T @ back), window)

    def pooled(self, said: Sequence[tuple[Array, Array]]) -> PooledPrior:
        """The prior of somebody new, and of each person given the others, see `pooled_prior`.

        said: what each person's interactions say of theta, `Evidence.said`: (n,), (n, n)
        """
        mean, root, n = self.mean, self.root, len(self.mean)
        pulls = np.array([pull for pull, _ in said]).reshape(-1, n)
        bends = np.array([bend for _, bend in said]).reshape(-1, n, n)
        found = pooled_prior(
            (pulls - bends @ mean) @ root, root.T @ bends @ root, Hyperprior.of(self.precision)
        )
        return PooledPrior(
            mean + root @ found.mean,
            root @ found.mean_covariance @ root.T,
            root @ found.spread @ root.T,
            found.freedom,
            mean + found.others_mean @ root.T,
            root @ found.others_covariance @ root.T,
            found.alike,
        )

    def agrees(self, other: InitialBelief) -> bool:
        """Whether both believe the same, but for rounding."""
        std = np.sqrt(np.diag(self.covariance))
        mean = (self.mean - other.mean) / std
        covariance = (self.covariance - other.covariance) / std[:, None] / std
        return bool(np.abs(mean).max() < ROUNDING and np.abs(covariance).max() < ROUNDING)
