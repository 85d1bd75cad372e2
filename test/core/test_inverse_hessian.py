"""H^-1 b from products alone, against the dense solution."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.inverse_hessian import Product, conjugate_gradient, neumann_series


def positive_definite(spectrum: Array, seed: int = 0) -> tuple[Array, Array]:
    """A matrix of this spectrum with random eigenvectors, which are returned too."""
    rng = np.random.default_rng(seed)
    vectors = np.linalg.qr(rng.normal(size=(len(spectrum),) * 2))[0]
    return (vectors * spectrum) @ vectors.T, vectors


def counting(matrix: Array) -> tuple[Product, list[int]]:
    """The matrix's product, and how often it was asked for."""
    calls = [0]

    def product(v: Array) -> Array:
        calls[0] += 1
        return np.asarray(matrix @ v)

    return product, calls


@pytest.mark.parametrize("n", [1, 2, 12])
def test_conjugate_gradient_is_exact_after_n_steps(n: int) -> None:
    matrix, _ = positive_definite(np.linspace(0.5, 20.0, n))
    b = np.random.default_rng(1).normal(size=n)
    x = conjugate_gradient(matrix.__matmul__, b, n)
    assert x == pytest.approx(np.linalg.solve(matrix, b), rel=1e-9)


def test_conjugate_gradient_needs_one_step_per_distinct_eigenvalue() -> None:
    matrix, _ = positive_definite(np.repeat([1.0, 5.0, 30.0], 4))
    b = np.random.default_rng(2).normal(size=12)
    product, calls = counting(matrix)
    x = conjugate_gradient(product, b, 100)
    assert x == pytest.approx(np.linalg.solve(matrix, b), rel=1e-12)
    assert calls[0] <= 5  # it stops by itself
    early = conjugate_gradient(product, b, 2)
    assert np.abs(early - x).max() > 1e-3


def test_each_step_of_conjugate_gradient_is_the_best_of_its_krylov_space() -> None:
    """The error in the metric of H is the least among all polynomials of that degree."""
    matrix, _ = positive_definite(np.geomspace(1.0, 50.0, 8))
    b = np.random.default_rng(3).normal(size=8)
    exact = np.linalg.solve(matrix, b)
    for steps in range(1, 6):
        x = conjugate_gradient(matrix.__matmul__, b, steps)
        krylov = np.stack([np.linalg.matrix_power(matrix, i) @ b for i in range(steps)], 1)
        basis = np.linalg.qr(krylov)[0]
        best = basis @ np.linalg.solve(basis.T @ matrix @ basis, basis.T @ b)
        assert x == pytest.approx(best, rel=1e-7, abs=1e-9)
        assert np.linalg.norm(x - exact) > 1e-6


def test_conjugate_gradient_keeps_what_it_is_given() -> None:
    matrix, _ = positive_definite(np.array([1.0, 2.0, 4.0]))
    b = np.array([1.0, -2.0, 3.0])
    conjugate_gradient(matrix.__matmul__, b, 3)
    neumann_series(matrix.__matmul__, b, 3)
    assert (b == [1.0, -2.0, 3.0]).all()
    assert (conjugate_gradient(matrix.__matmul__, np.zeros(3), 3) == 0.0).all()
    assert (conjugate_gradient(matrix.__matmul__, b, 0) == 0.0).all()


@pytest.mark.parametrize("seed", range(5))
def test_the_neumann_series_is_a_geometric_one_in_every_eigenvector(seed: int) -> None:
    """1 - (1 - a h)^terms of the exact share, with 1 / a at or little above the largest h."""
    spectrum = np.geomspace(0.3, 9.0, 6)
    matrix, vectors = positive_definite(spectrum, seed)
    b = np.random.default_rng(seed).normal(size=6)
    exact = np.linalg.solve(matrix, b)
    one = vectors.T @ neumann_series(matrix.__matmul__, b, 1)
    a = one / (vectors.T @ b)  # the first term is a b
    assert a == pytest.approx(np.full(6, a[0]), rel=1e-9)
    assert 1.0 / 9.6 < a[0] <= 1.0 / 9.0
    for terms in (3, 30):
        share = 1.0 - (1.0 - a[0] * spectrum) ** terms
        x = neumann_series(matrix.__matmul__, b, terms)
        assert vectors.T @ x == pytest.approx(share * (vectors.T @ exact), rel=1e-9, abs=1e-12)
    assert neumann_series(matrix.__matmul__, b, 2000) == pytest.approx(exact, rel=1e-9)


def test_the_series_converges_even_where_b_hides_the_largest_eigenvalue() -> None:
    """No product of b ever has a share in the eigenvector of 40, not by rounding either."""
    spectrum = np.array([1.0, 2.0, 1.5, 40.0, 1.0])
    b = np.array([1.0, -1.0, 2.0, 0.0, 0.5])
    x = neumann_series(np.diag(spectrum).__matmul__, b, 1500)
    assert x == pytest.approx(b / spectrum, rel=1e-9)


def test_few_terms_are_worse_than_few_steps() -> None:
    """FORMULATION section 3: conjugate gradients 3e-2 after 2 steps, the series after 10 terms."""
    matrix, _ = positive_definite(np.geomspace(1.0, 10.0, 8))
    b = np.random.default_rng(4).normal(size=8)
    exact = np.linalg.solve(matrix, b)

    def error(x: Array) -> float:
        return float(np.linalg.norm(x - exact) / np.linalg.norm(exact))

    by_steps = [error(conjugate_gradient(matrix.__matmul__, b, m)) for m in (2, 4, 8)]
    by_terms = [error(neumann_series(matrix.__matmul__, b, m)) for m in (2, 4, 8, 400)]
    assert by_steps == sorted(by_steps, reverse=True) and by_steps[-1] < 1e-10
    assert by_terms == sorted(by_terms, reverse=True) and by_terms[-1] < 1e-10
    assert all(s < t for s, t in zip(by_steps, by_terms, strict=False))


def test_the_series_of_nothing_is_nothing() -> None:
    assert (neumann_series(np.eye(3).__matmul__, np.zeros(3), 5) == 0.0).all()
