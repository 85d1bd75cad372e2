"""How likely walks are, against sums that are written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.offered import Offered
from bisirl_ros.real_people import likelihood as room
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.simulated import simulated

from .walkers import PERSON, chosen_of, walks

THETA = np.array([0.8, -1.2, -0.3, -1.0, -0.4])
GOALS = Destinations(np.array([[3.0, 1.0], [-2.0, 4.0]]), np.log([0.5, 0.4, 0.1]))


@pytest.fixture(scope="module")
def tiny() -> Chosen:
    """Two walks, of three decisions and of one, among four velocities each."""
    rng = np.random.default_rng(3)
    way = rng.normal(0.5, 0.4, (4, 2))
    ahead = rng.normal(0.0, 1.0, (4, 3, 2))
    made = walks(way, way + rng.normal(0.0, 0.2, (4, 2)), walk=np.array([0, 0, 0, 1]), ahead=ahead)
    log_area = np.log(rng.uniform(0.1, 1.0, (4, 4)))
    log_area[1, 2] = -np.inf
    return Chosen.by(PERSON, made, Offered(rng.normal(0.5, 0.5, (4, 4, 2)), log_area))


def enumerated(chosen: Chosen, theta: Array) -> tuple[Array, Array]:
    """log p of each walk and goal (2, 3), and p of what is offered (3, N, K), without care."""
    per_walk, offered = np.zeros((2, 3)), np.zeros((3, 4, 4))
    for goal in range(3):
        phi = chosen.looked.same.copy()
        if goal < 2:
            phi[..., [0]] = chosen.looked.goals(np.tile(GOALS.places[goal], (4, 1)))
        for i, walk in enumerate(chosen.walks.walk):
            weight = np.exp(phi[i, 1:] @ theta) * np.exp(chosen.log_area[i])
            offered[goal, i] = weight / weight.sum()
            per_walk[walk, goal] += phi[i, 0] @ theta - np.log(weight.sum())
    return per_walk, offered


def test_the_value_is_the_sum_over_goals(tiny: Chosen) -> None:
    of = WalksLikelihood(tiny, GOALS)
    per_walk, _ = enumerated(tiny, THETA)
    by_walk = np.log(np.exp(per_walk + GOALS.log_prior).sum(-1))
    assert len(of) == 4 and of.size == 5
    assert of.by_walk(THETA) == pytest.approx(by_walk, rel=1e-12)
    assert of.value(THETA) == pytest.approx(-by_walk.sum(), rel=1e-12)


def test_ranks_are_the_share_of_likelier_velocities(tiny: Chosen) -> None:
    of = WalksLikelihood(tiny, GOALS)
    _, offered = enumerated(tiny, THETA)
    share = np.einsum("gi,gik->ik", of.believed(THETA).T, offered)
    with np.errstate(invalid="ignore"):
        density = np.nan_to_num(share / np.exp(tiny.log_area))
    likelier = density > np.exp(of.foretold(THETA))[:, None]
    expected = (share * likelier).sum(-1)
    assert of.rank(THETA) == pytest.approx(expected)
    assert 0.0 < expected.mean() < 1.0


def finite(function: object, theta: Array, step: float = 1e-5) -> Array:
    """Central differences of a function of theta, the last axis theta's."""
    return np.stack(
        [
            (function(theta + e) - function(theta - e)) / (2.0 * step)  # type: ignore[operator]
            for e in step * np.eye(len(theta))
        ],
        -1,
    )


@pytest.mark.parametrize("theta", [THETA, np.zeros(5), -2.0 * THETA])
def test_derivatives(tiny: Chosen, theta: Array) -> None:
    assert_derivatives(WalksLikelihood(tiny, GOALS), theta)


def test_derivatives_of_many_walks(chosen: Chosen, known: Destinations) -> None:
    kept = np.arange(len(chosen.walks.scene)) % 3 == 0
    assert_derivatives(WalksLikelihood(chosen.of(kept), known), THETA)


def assert_derivatives(of: WalksLikelihood, theta: Array) -> None:
    np.testing.assert_allclose(of.gradient(theta), finite(of.value, theta), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(of.scores(theta), finite(of.by_walk, theta), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(of.hessian(theta), finite(of.gradient, theta), rtol=1e-5, atol=1e-4)


def test_fisher_is_the_hessian_where_nobody_has_a_goal(tiny: Chosen) -> None:
    of = WalksLikelihood(tiny, Destinations(np.zeros((0, 2)), np.zeros(1)))
    np.testing.assert_allclose(of.fisher(THETA), of.hessian(THETA), atol=1e-12)


def test_fisher_is_positive_semidefinite_and_the_sum_of_walks(likelihood: WalksLikelihood) -> None:
    fisher, each = likelihood.fisher(THETA), likelihood.information(THETA)
    assert np.linalg.eigvalsh(fisher).min() > 0.0
    assert np.linalg.eigvalsh(each).min() > -1e-9
    np.testing.assert_allclose(each.sum(0), fisher)
    alone = np.flatnonzero(likelihood.walks.walk == 4)
    np.testing.assert_array_equal(likelihood.first[4], alone[0])


def test_parts_make_no_difference(
    chosen: Chosen, known: Destinations, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = WalksLikelihood(chosen, known)
    fisher, gradient = whole.fisher(THETA), whole.gradient(THETA)
    monkeypatch.setattr(room, "ROWS", 50)
    parts = WalksLikelihood(chosen, known)
    np.testing.assert_allclose(parts.fisher(THETA), fisher)
    np.testing.assert_allclose(parts.gradient(THETA), gradient)


def test_what_is_foretold_multiplies_to_the_walk(likelihood: WalksLikelihood) -> None:
    total = np.bincount(likelihood.walks.walk, likelihood.foretold(THETA))
    np.testing.assert_allclose(total, likelihood.by_walk(THETA), rtol=1e-10)


def test_beliefs_begin_with_the_prior_and_follow_bayes(tiny: Chosen) -> None:
    of = WalksLikelihood(tiny, GOALS)
    believed = of.believed(THETA)
    np.testing.assert_allclose(believed.sum(-1), 1.0)
    np.testing.assert_allclose(believed[[0, 3]], np.exp([GOALS.log_prior] * 2))
    first = WalksLikelihood(tiny.of(np.array([True, False])), GOALS)
    per_walk, _ = enumerated(tiny, THETA)
    last = np.exp(first.foretold(THETA)[:2].sum())
    joint = np.exp(GOALS.log_prior + per_walk[0]) / last
    of_last = joint / believed[2]
    np.testing.assert_allclose((believed[2] * of_last).sum(), np.exp(of.foretold(THETA)[2]))
    assert np.abs(believed[2] - believed[0]).max() > 0.01


def test_nothing_of_the_future_is_used(chosen: Chosen, known: Destinations) -> None:
    rows = np.flatnonzero(chosen.walks.walk == 2)
    changed = chosen.walks.chosen.copy()
    changed[rows[-3]] = [-1.0, 1.5]
    other = chosen_of(replace(chosen.walks, chosen=changed))
    before, after = (WalksLikelihood(one, known) for one in (chosen, other))
    for name in ("foretold", "rank", "believed"):
        one, two = getattr(before, name)(THETA), getattr(after, name)(THETA)
        np.testing.assert_array_equal(one[: rows[-3]], two[: rows[-3]])
        np.testing.assert_array_equal(one[rows[-1] + 1 :], two[rows[-1] + 1 :])
        assert np.abs(one - two)[rows[-2] :].max() > 1e-6
    assert np.abs(before.believed(THETA)[rows[-2]] - after.believed(THETA)[rows[-2]]).max() > 1e-3


def test_ranks_of_people_who_have_the_reward_are_uniform(
    chosen: Chosen, known: Destinations
) -> None:
    made = simulated(PERSON, chosen.walks, THETA, known, np.random.default_rng(5))
    of = WalksLikelihood(chosen_of(made), known)
    assert kstest(of.rank(THETA), "uniform").pvalue > 0.02
    assert kstest(of.rank(THETA + np.array([0, -1.5, 0, 0, 0])), "uniform").pvalue < 0.001


def test_an_absurd_choice_ranks_last(chosen: Chosen, known: Destinations) -> None:
    absurd = replace(chosen.walks, chosen=-2.0 * chosen.walks.seen.velocity)
    rank = WalksLikelihood(chosen_of(absurd), known).rank(np.array([1.0, -3.0, 0, 0, 0]))
    walking = np.linalg.norm(chosen.walks.seen.velocity, axis=-1) > 0.7
    assert walking.sum() > 100 and rank[walking].min() > 0.97
