"""Likelihood, evidence and the inner solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import (
    Method,
    Status,
    solve_from_starts,
    solve_lower_level,
)

from .conftest import ConditionalLogit


def choices(seed: int, decisions: int = 60, theta: tuple[float, ...] = (1.0, -2.0, 0.5)):
    """Decisions drawn from a conditional logit among 12 alternatives of unequal area."""
    rng = np.random.default_rng(seed)
    offered = rng.normal(size=(decisions, 12, 3))
    log_area = np.log(rng.uniform(0.5, 2.0, 12))
    logits = offered @ np.array(theta) + log_area
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    picked = np.array([rng.choice(12, p=row) for row in p])
    return ConditionalLogit(offered[np.arange(decisions), picked], offered, log_area)


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    likelihood, theta, step = choices(0), np.array([0.3, -0.7, 0.2]), 1e-5
    eye = step * np.eye(3)
    slopes = [(likelihood.value(theta + e) - likelihood.value(theta - e)) / (2 * step) for e in eye]
    bends = [
        (likelihood.gradient(theta + e) - likelihood.gradient(theta - e)) / (2 * step) for e in eye
    ]
    assert likelihood.gradient(theta) == pytest.approx(np.array(slopes), rel=1e-6, abs=1e-6)
    assert likelihood.hessian(theta) == pytest.approx(np.array(bends), rel=1e-6, abs=1e-6)


def test_one_binary_choice_gives_the_log_odds() -> None:
    """30 of 40 take the alternative with feature 1: theta = log 3."""
    offered = np.tile(np.array([[[0.0], [1.0]]]), (40, 1, 1))
    chosen = np.array([[1.0]] * 30 + [[0.0]] * 10)
    evidence = Evidence.start(1, 1e-9).add(ConditionalLogit(chosen, offered, np.zeros(2)))
    result = solve_lower_level(evidence, np.zeros(1), trajectories=1, tolerance=1e-10)
    assert result.status is Status.CONVERGED
    assert result.theta[0] == pytest.approx(np.log(3.0), abs=1e-8)


def test_the_solver_stops_by_the_gradient_norm_and_says_so() -> None:
    evidence = Evidence.start(3, 0.1).add(choices(1)).add(choices(2))
    result = solve_lower_level(evidence, np.full(3, 5.0), trajectories=2, tolerance=1e-8)
    assert result.status is Status.CONVERGED
    assert result.residual <= 1e-8
    assert np.linalg.norm(evidence.gradient(result.theta)) / 2 == pytest.approx(result.residual)
    again = solve_lower_level(evidence, result.theta, trajectories=2, tolerance=1e-8)
    assert again.iterations == 0


def test_a_cap_that_is_too_low_is_reported() -> None:
    evidence = Evidence.start(3, 0.1).add(choices(1))
    result = solve_lower_level(
        evidence, np.full(3, 5.0), trajectories=1, tolerance=1e-12, max_iterations=1
    )
    assert result.status is Status.ITERATION_CAP
    assert result.iterations == 1
    assert result.residual > 1e-12


def test_a_window_of_one_is_the_recursion_of_the_page() -> None:
    """theta_bar <- theta_hat, Lambda <- Lambda + Hessian of the batch at theta_hat."""
    evidence = Evidence.start(3, 0.5, window=1).add(choices(3))
    theta = solve_lower_level(evidence, np.zeros(3), trajectories=1, tolerance=1e-12).theta
    condensed = replace(evidence, window=0).carry(theta)
    assert condensed.batches == ()
    assert condensed.mean == pytest.approx(theta, abs=1e-8)
    assert condensed.precision == pytest.approx(0.5 * np.eye(3) + choices(3).hessian(theta))


def test_condensing_keeps_slope_and_curvature_at_the_estimate() -> None:
    evidence = Evidence.start(3, 0.5, window=1)
    for seed in range(3):
        evidence = evidence.add(choices(seed))
    theta = np.array([0.4, -1.0, 0.1])  # not the minimiser: nothing may be lost there either
    carried = evidence.carry(theta)
    assert len(carried.batches) == 1
    assert carried.trajectories == 3
    assert carried.gradient(theta) == pytest.approx(evidence.gradient(theta))
    assert carried.hessian(theta) == pytest.approx(evidence.hessian(theta))


def test_forgetting_widens_the_posterior() -> None:
    evidence = Evidence.start(3, 0.5).add(choices(0)).add(choices(1))
    theta = np.array([1.0, -2.0, 0.5])
    faded = evidence.forget(theta, newest=1, rho=0.5)
    old, new = (choices(seed).hessian(theta) for seed in (0, 1))
    assert faded.hessian(theta) == pytest.approx(0.5 * np.eye(3) + 0.5 * old + new)
    gone = evidence.forget(theta, newest=1, rho=0.0)
    alone = Evidence.start(3, 0.5).add(choices(1))
    assert gone.gradient(theta) == pytest.approx(alone.gradient(theta))
    assert gone.hessian(theta) == pytest.approx(alone.hessian(theta))


def test_more_evidence_means_smaller_error_and_honest_intervals() -> None:
    truth, inside, errors = np.array([1.0, -2.0, 0.5]), [], {2: [], 32: []}
    for rep in range(40):
        for batches in (2, 32):
            evidence = Evidence.start(3, 1e-3)
            for b in range(batches):
                evidence = evidence.add(choices(1000 * rep + b, decisions=10))
            result = solve_lower_level(evidence, np.zeros(3), trajectories=batches, tolerance=1e-8)
            std = np.sqrt(np.diag(evidence.covariance(result.theta)))
            errors[batches].append(np.linalg.norm(result.theta - truth))
            if batches == 32:
                inside += list(np.abs(result.theta - truth) < 1.96 * std)
    assert np.mean(errors[32]) < 0.4 * np.mean(errors[2])  # 1/4 in theory
    assert 0.88 < np.mean(inside) <= 1.0  # 120 intervals at 95 %


class TwoWells:
    """(theta^2 - 1)^2 + 0.3 theta: minima near -1 and 1, the lower one near -1."""

    def value(self, theta):
        return float((theta[0] ** 2 - 1) ** 2 + 0.3 * theta[0])

    def gradient(self, theta):
        return np.array([4 * theta[0] * (theta[0] ** 2 - 1) + 0.3])

    def hessian(self, theta):
        return np.array([[12 * theta[0] ** 2 - 4]])

    def fisher(self, theta):
        return np.eye(1)


def test_the_least_minimum_of_several_starts_and_how_many_reach_it() -> None:
    starts = [np.array([x]) for x in (2.0, 0.9, -0.4, -3.0, -1.0)]
    settings = {"trajectories": 1, "tolerance": 1e-9}
    found = solve_from_starts(TwoWells(), starts, **settings)
    assert found.theta[0] == pytest.approx(-1.035, abs=1e-3)
    assert (found.starts, found.agreeing) == (5, 3)
    alone = solve_from_starts(TwoWells(), starts[:1], **settings)
    assert alone.theta[0] > 0.9 and (alone.starts, alone.agreeing) == (1, 1)


class Twins(TwoWells):
    """(theta^2 - 1)^2: two minima, of one value."""

    def value(self, theta):
        return float((theta[0] ** 2 - 1) ** 2)

    def gradient(self, theta):
        return np.array([4 * theta[0] * (theta[0] ** 2 - 1)])


def test_another_minimum_of_the_same_value_is_another_minimum() -> None:
    starts = [np.array([1.5]), np.array([-1.5])]
    found = solve_from_starts(Twins(), starts, trajectories=1, tolerance=1e-9)
    assert (found.starts, found.agreeing) == (2, 1)


@pytest.mark.parametrize("start", [0.1, -0.1, 0.5])
def test_newton_descends_where_the_hessian_is_indefinite(start: float) -> None:
    """The Fisher stand-in takes over: to a minimum, never to the maximum in between."""
    result = solve_lower_level(TwoWells(), np.array([start]), trajectories=1, tolerance=1e-9)
    assert result.status is Status.CONVERGED
    assert abs(result.theta[0]) > 0.9


def test_gradient_descent_finds_what_newton_finds() -> None:
    evidence = Evidence.start(3, 0.1).add(choices(1)).add(choices(2))
    a, b = (
        solve_lower_level(
            evidence, np.zeros(3), trajectories=2, tolerance=1e-7, max_iterations=500, method=m
        )
        for m in Method
    )
    assert a.status is b.status is Status.CONVERGED
    assert a.theta == pytest.approx(b.theta, abs=1e-6)
    assert b.iterations > a.iterations


def test_batches_of_other_candidates_are_explained_together() -> None:
    """As when a learner goes on from a checkpoint with another grid."""
    fine, theta = choices(0), np.array([0.3, -0.7, 0.2])
    coarse = ConditionalLogit(fine.chosen, fine.offered[:, :7], fine.log_area[:7])
    both = fine.joined([coarse])
    assert len(both) == 120
    assert both.value(theta) == pytest.approx(fine.value(theta) + coarse.value(theta))
    assert both.gradient(theta) == pytest.approx(fine.gradient(theta) + coarse.gradient(theta))
    assert both.hessian(theta) == pytest.approx(fine.hessian(theta) + coarse.hessian(theta))


def test_what_is_forgotten_does_not_count_but_was_seen() -> None:
    evidence = Evidence.start(3, 0.5).add(choices(0)).add(choices(1)).add(choices(2))
    after = evidence.forget(np.zeros(3), newest=1, rho=0.0)
    assert (after.trajectories, after.seen) == (1, 3)
    assert len(after.add(choices(3)).without_newest().batches) == 1
