"""Which directions of theta the interactions speak of (FORMULATION section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import Posterior

RELATIVE_TOLERANCE = 1e-13
"""Information below this share of the largest is rounding."""


@dataclass(frozen=True)
class IdentifiedSubspace:
    """basis: (n, r) orthonormal, identified; null: (n, n - r) orthonormal, unidentified."""

    basis: Array
    null: Array

    @property
    def rank(self) -> int:
        """r, the dimension of what is identified."""
        return int(self.basis.shape[1])

    def project(self, theta: Array) -> Array:
        """The identified part of theta: (n,)."""
        return np.asarray(self.basis @ (self.basis.T @ theta))

    def unidentified(self, names: Sequence[str]) -> tuple[str, ...]:
        """One line per direction that no interaction showed, in terms of the features' names."""
        return tuple(_described(direction, names) for direction in _sparse(self.null))


def identified_subspace(information: Array, scale: float = 0.0) -> IdentifiedSubspace:
    """Eigenvectors of the information (n, n) that the interactions carry, by whether it is any.

    scale: size of other terms, as the prior's, from whose sum with it the information was taken
    """
    values, vectors = np.linalg.eigh(information)
    largest = max(float(values[-1]), scale, np.finfo(np.float64).tiny)
    known = values > RELATIVE_TOLERANCE * largest
    return IdentifiedSubspace(vectors[:, known], vectors[:, ~known])


def identified_by(evidence: Posterior, theta: Array) -> IdentifiedSubspace:
    """Which directions of one person's theta the interactions so far speak of, whoever's."""
    parts = {name: evidence.theta_of(theta, name) for name in evidence.parts}
    information = sum(evidence.parts[name].information(x) for name, x in parts.items())
    scale = max(float(evidence.parts[name].prior.max()) for name in parts)
    return identified_subspace(np.asarray(information), scale)


def _sparse(null: Array) -> list[Array]:
    """The same subspace, spanned by directions of few features (reduced row echelon form)."""
    rows = null.T.copy()
    for i in range(len(rows)):
        pivot = int(np.abs(rows[i]).argmax())
        rows[i] /= rows[i, pivot]
        others = np.arange(len(rows)) != i
        rows[others] -= np.outer(rows[others, pivot], rows[i])
    return [row / np.linalg.norm(row) for row in rows]


def _described(direction: Array, names: Sequence[str]) -> str:
    first = int(np.abs(direction).argmax())
    direction = direction * np.sign(direction[first])
    terms = [
        f"{'-' if direction[i] < 0 else '+'} {abs(direction[i]):.2f} {names[i]}"
        for i in np.argsort(-np.abs(direction))
        if abs(direction[i]) > 0.05
    ]
    return " ".join(terms).removeprefix("+ ")
