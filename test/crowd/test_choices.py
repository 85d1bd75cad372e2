"""The likelihood of choices that were seen exactly or not."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.crowd.choices import Choices


def vague(seed: int = 0, n: int = 3, count: int = 5, q: int = 3, m: int = 4, k: int = 6) -> Choices:
    rng = np.random.default_rng(seed)
    weight = rng.normal(0.0, 1.0, (count, q, m))
    weight[0, 0, 1:] = -np.inf
    weight[1, -1] = -np.inf if q > 1 else 0.0
    share = rng.normal(0.0, 1.0, (count, q))
    share[2, 0] = -np.inf
    return Choices(
        rng.normal(0.0, 1.0, (count, q, m, n)),
        weight,
        rng.normal(0.0, 1.0, (count, q, k, n)),
        rng.normal(0.0, 1.0, (count, q, k)),
        share,
    )


def exact(seed: int = 1, n: int = 3, count: int = 7, k: int = 6) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, n)), rng.normal(size=(count, k, n)), rng.normal(size=k)


def logit(theta: Array, chosen: Array, offered: Array, area: Array) -> tuple[float, Array, Array]:
    """Value, gradient and Hessian of the conditional logit, choice by choice."""
    value, gradient, hessian = 0.0, np.zeros(len(theta)), np.zeros((len(theta), len(theta)))
    for c, o in zip(chosen, offered, strict=True):
        weight = np.exp(o @ theta + area)
        p, mean = weight / weight.sum(), weight @ o / weight.sum()
        value -= float(c @ theta - np.log(weight.sum()))
        gradient = gradient + mean - c
        hessian = hessian + ((p[:, None] * (o - mean)).T @ (o - mean))
    return value, gradient, hessian


def test_the_exact_limit_is_the_conditional_logit() -> None:
    theta = np.array([0.4, -0.7, 0.2])
    chosen, offered, area = exact()
    choices = Choices.exact(chosen, offered, area)
    value, gradient, hessian = logit(theta, chosen, offered, area)
    assert len(choices) == 7 and choices.size == 3
    assert choices.value(theta) == pytest.approx(value)
    assert choices.gradient(theta) == pytest.approx(gradient)
    assert choices.hessian(theta) == pytest.approx(hessian)
    assert choices.fisher(theta) == pytest.approx(hessian)
    each = np.broadcast_to(area, offered.shape[:2])
    assert Choices.exact(chosen, offered, each).value(theta) == pytest.approx(value)


def test_the_density_is_the_mixture_it_says() -> None:
    theta = np.array([0.4, -0.7, 0.2])
    c = vague()
    with np.errstate(all="raise"):
        inner = np.exp(c.chosen @ theta + c.log_weight).sum(-1)
    each = np.exp(c.log_share) * inner / np.exp(c.offered @ theta + c.log_area).sum(-1)
    assert np.exp(c.log_density(theta)) == pytest.approx(each.sum(-1))
    assert c.responsibility(theta) == pytest.approx(each / each.sum(-1, keepdims=True))
    assert c.value(theta) == pytest.approx(-np.log(each.sum(-1)).sum())


@pytest.mark.parametrize("seed", range(4))
def test_derivatives_are_those_of_the_value(seed: int) -> None:
    theta = np.random.default_rng(seed).normal(size=3)
    choices, step = vague(seed), 1e-5
    for i in range(3):
        off = step * np.eye(3)[i]
        slope = (choices.value(theta + off) - choices.value(theta - off)) / (2.0 * step)
        bend = (choices.gradient(theta + off) - choices.gradient(theta - off)) / (2.0 * step)
        assert choices.gradient(theta)[i] == pytest.approx(slope, abs=1e-7)
        assert choices.hessian(theta)[i] == pytest.approx(bend, abs=1e-7)


def test_fisher_is_positive_where_the_hessian_is_not() -> None:
    theta = np.array([0.4, -0.7, 0.2])
    choices = vague()
    assert np.linalg.eigvalsh(choices.hessian(theta))[0] < 0.0
    assert np.linalg.eigvalsh(choices.fisher(theta))[0] > 0.0
    alone = np.zeros((3, 3))
    for one in (Choices(*(a[i : i + 1] for a in _arrays(choices))) for i in range(len(choices))):
        alone += one.fisher(theta)
    assert choices.fisher(theta) == pytest.approx(alone)


def test_joined_likelihoods_of_different_shapes_add_up() -> None:
    theta = np.array([0.4, -0.7, 0.2])
    parts = [vague(), vague(3, q=2, m=6, k=3), Choices.exact(*exact()), vague(4, q=1, m=1, k=9)]
    whole = parts[0].joined(parts[1:])
    assert len(whole) == sum(len(part) for part in parts)
    for name in ("value", "gradient", "hessian", "fisher"):
        total = sum(getattr(part, name)(theta) for part in parts)
        assert getattr(whole, name)(theta) == pytest.approx(total)
    assert np.isfinite(whole.responsibility(theta)).all()
    assert parts[0].joined([]) is parts[0]
    again = Choices.exact(*exact()).joined([Choices.exact(*exact(5, count=2, k=9))])
    assert again.is_exact


def test_a_choice_that_nothing_explains_has_no_density() -> None:
    c = vague()
    impossible = Choices(
        c.chosen, np.full_like(c.log_weight, -np.inf), c.offered, c.log_area, c.log_share
    )
    assert (impossible.log_density(np.zeros(3)) < -1e200).all()
    assert np.isfinite(impossible.gradient(np.zeros(3))).all()


TRUTH = np.array([0.5, -0.5])


def gaussian(rng: np.random.Generator, noise: float, count: int) -> Choices:
    """Choices u of a density exp(theta . (u, u^2)), hence N(0.5, 1) at TRUTH, seen with noise."""
    grid = np.linspace(-8.0, 8.0, 81)
    seen = rng.normal(0.5, np.hypot(1.0, noise), count)
    weight = -0.5 * np.square((seen[:, None] - grid) / noise)
    features = np.stack([grid, np.square(grid)], -1)
    every = np.broadcast_to(features, (count, 1, 81, 2))
    return Choices(every, weight[:, None], every, np.zeros(81), np.zeros((count, 1)))


@pytest.mark.parametrize("noise", [0.3, 0.7, 1.0])
def test_the_fisher_matrix_is_the_information_of_a_gaussian_choice(noise: float) -> None:
    """z ~ N(mean, 1 + noise^2): its information on (mean, variance), in natural parameters."""
    total = 1.0 + noise**2
    jacobian = np.array([[1.0, 1.0], [0.0, 2.0]])  # d(mean, variance) / d theta at TRUTH
    expected = jacobian.T @ np.diag([1.0 / total, 0.5 / total**2]) @ jacobian
    choices = gaussian(np.random.default_rng(0), noise, 3000)
    assert choices.hessian(TRUTH) / 3000 == pytest.approx(expected, rel=0.15)
    std = np.sqrt(np.diag(np.linalg.inv(choices.fisher(TRUTH) / 3000)))
    assert std == pytest.approx(np.sqrt(np.diag(np.linalg.inv(expected))), rel=0.25)


def test_its_inverse_covers() -> None:
    rng, inside = np.random.default_rng(1), []
    for _ in range(100):
        evidence = Evidence.start(2, 1e-3).add(gaussian(rng, 0.7, 60))
        theta = solve_lower_level(evidence, TRUTH, trajectories=1, tolerance=1e-8).theta
        std = np.sqrt(np.diag(np.linalg.inv(evidence.fisher(theta))))
        inside.append(np.abs(theta - TRUTH) < 1.96 * std)
    assert np.mean(inside) >= 0.88


def _arrays(choices: Choices) -> tuple[Array, ...]:
    return (
        choices.chosen,
        choices.log_weight,
        choices.offered,
        choices.area_of_each,
        choices.log_share,
    )
