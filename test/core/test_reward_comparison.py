"""Correlation of rewards, and how often intervals hold."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from bisirl_ros.core.reward_distance import binomial_interval, cosine, coverage, pearson
from bisirl_ros.errors import InputError

X = np.arange(3.0)

# Vectors


def test_pearson_and_cosine_by_hand() -> None:
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    assert pearson(x, y) == pytest.approx(0.5)
    assert cosine(x, y) == pytest.approx(13 / 14)
    assert pearson(x, 5 - 2 * x) == pytest.approx(-1)
    assert pearson(x, x + 100.0) == pytest.approx(1)
    assert cosine(x, x + 100.0) < 0.95
    assert pearson(x, y) == pytest.approx(float(np.corrcoef(x, y)[0, 1]))


def test_projection_compares_the_identified_part_alone() -> None:
    rng = np.random.default_rng(11)
    axes = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    identified, free = axes[:, :5], axes[:, 5:]
    truth = rng.normal(size=12)
    estimate = 2.0 * truth + free @ (10.0 * rng.normal(size=7))
    for compare in (pearson, cosine):
        assert compare(estimate, truth, identified) == pytest.approx(1)
        assert compare(estimate, truth) < 0.9
        assert compare(estimate, truth, axes) == pytest.approx(compare(estimate, truth))
    in_coordinates = cosine(identified.T @ truth, identified.T @ axes[:, 0] + 1.0)
    lifted = identified @ (identified.T @ axes[:, 0] + 1.0)
    assert cosine(truth, lifted, identified) == pytest.approx(in_coordinates)


def test_correlation_of_nothing_is_not_a_number() -> None:
    x, constant = np.array([1.0, -2.0, 5.0]), np.full(3, 0.1)
    first, second = np.eye(3)[:, :1], np.eye(3)[:, 1:2]
    assert math.isnan(pearson(x, constant))
    assert math.isnan(pearson(constant, x))
    assert math.isnan(cosine(x, np.zeros(3)))
    assert math.isnan(cosine(np.array([0.0, 1.0, 1.0]), x, first))
    assert cosine(constant, x, second) == pytest.approx(-1)
    axes = np.linalg.qr(np.random.default_rng(12).normal(size=(3, 3)))[0]
    assert math.isnan(cosine(axes[:, 2], x, axes[:, :2]))  # zero but for round-off
    assert math.isnan(cosine(x, x, np.zeros((3, 0))))


# Intervals


def test_coverage_counts_entries_inside_the_interval() -> None:
    truth = np.zeros((2, 3))
    estimate = np.array([[0.0, 1.9, -1.9], [2.0, -2.0, 9.0]])
    std = np.array([[0.0, 1.0, 1.0], [1.0, 1.0, math.inf]])
    assert coverage(estimate, std, truth) == pytest.approx(4 / 6)
    assert coverage(estimate, std, truth, z=1.0) == pytest.approx(2 / 6)
    assert coverage(estimate, std, truth, z=2.0) == 1


def test_coverage_of_a_calibrated_estimate_is_as_stated() -> None:
    rng = np.random.default_rng(13)
    truth, std = rng.normal(size=100_000), rng.uniform(0.1, 3.0, size=100_000)
    estimate = truth + std * rng.normal(size=100_000)
    low, high = binomial_interval(round(1e5 * coverage(estimate, std, truth)), 100_000, 0.9999)
    assert low < 0.95 < high
    assert coverage(estimate, 0.5 * std, truth) < 0.7


def test_wilson_interval_by_hand_and_by_its_definition() -> None:
    z2 = 1.959963984540054**2
    assert binomial_interval(0, 10) == pytest.approx((0, z2 / (10 + z2)), abs=1e-15)
    assert binomial_interval(10, 10) == pytest.approx((10 / (10 + z2), 1), abs=1e-15)
    low, high = binomial_interval(7, 20)
    for end in (low, high):  # where the score test just rejects
        assert (7 / 20 - end) ** 2 == pytest.approx(z2 * end * (1 - end) / 20)
    assert binomial_interval(13, 20) == pytest.approx((1 - high, 1 - low))
    wider, narrower = binomial_interval(7, 20, level=0.99), binomial_interval(70, 200)
    assert wider[0] < low < narrower[0] < 7 / 20 < narrower[1] < high < wider[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pearson(X, X[:2]), r"x has shape \(3,\); it must be that of y, \(2,\)"),
        (lambda: cosine(X[None], X[None]), r"x has shape \(1, 3\); it must be \(n,\)"),
        (lambda: cosine(X, X, np.eye(2)), r"basis has shape \(2, 2\); it must be \(3, r\)"),
        (lambda: pearson(X, X, 2 * np.eye(3)), "basis .* orthonormal"),
        (lambda: coverage(X, X[:2], X), r"std has shape \(2,\); it must be \(3,\)"),
        (lambda: coverage(X, -X, X), "std .* no entry < 0"),
        (lambda: coverage(X, X, X, z=0.0), "z is 0.0; it must be positive"),
        (lambda: binomial_interval(3, 2), "successes 3, trials 2"),
        (lambda: binomial_interval(0, 0), "trials 0"),
        (lambda: binomial_interval(1, 2, level=1.0), "level 1.0"),
    ],
)
def test_bad_input_is_named_with_its_shape_and_the_rule(
    call: Callable[[], object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
