"""H^-1 b from Hessian-vector products alone (FORMULATION section 3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bisirl_ros.core.arrays import Array

Product = Callable[[Array], Array]
"""v (n,) -> H v (n,), H symmetric positive definite."""


def conjugate_gradient(product: Product, b: Array, steps: int, tolerance: float = 1e-14) -> Array:
    """x of H x = b, (n,): Hestenes and Stiefel (1952), exact after n steps but for rounding."""
    x = np.zeros_like(b)
    residual = b.copy()
    direction, power = residual, float(residual @ residual)
    enough = tolerance**2 * power
    for _ in range(steps):
        if power <= enough:
            break
        image = product(direction)
        length = power / float(direction @ image)
        x = x + length * direction
        residual = residual - length * image
        power, before = float(residual @ residual), power
        direction = residual + power / before * direction
    return x


def neumann_series(product: Product, b: Array, terms: int) -> Array:
    """x of H x = b, (n,): the first terms of a sum over i of (I - a H)^i a b.

    a is one over the largest eigenvalue, bounded by power iteration: the series converges.
    """
    if not b.any():
        return np.zeros_like(b)
    step = 1.0 / _largest_eigenvalue(product, b)
    x, term = np.zeros_like(b), step * b
    for _ in range(terms):
        x = x + term
        term = term - step * product(term)
    return x


def _largest_eigenvalue(product: Product, start: Array) -> float:
    """An upper estimate; 30 power iterations, and 5 % more for what they miss."""
    v = start + 1e-3 * np.linalg.norm(start) * np.cos(np.arange(len(start)))
    value = 1.0
    for _ in range(30):
        v = v / max(float(np.linalg.norm(v)), np.finfo(np.float64).tiny)
        image = product(v)
        value, v = float(np.linalg.norm(image)), image
    return 1.05 * value
