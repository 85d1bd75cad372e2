"""The reward that explains walks best, and what is not known of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm, t

from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import PRIOR_PRECISION, Fit, clustered, fit, resampled
from bisirl_ros.real_people.held_out import learned
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.simulated import refitted, simulated

from .walkers import PERSON, chosen_of

THETA = np.array([1.5, -2.0, -0.3, -1.5, -0.5])


@pytest.fixture(scope="module")
def made(chosen: Chosen, known: Destinations) -> Chosen:
    """The same people, had they THETA."""
    return chosen_of(simulated(PERSON, chosen.walks, THETA, known, np.random.default_rng(1)))


@pytest.fixture(scope="module")
def found(made: Chosen, known: Destinations) -> Fit:
    return fit(WalksLikelihood(made, known))


def test_a_known_reward_is_recovered(found: Fit) -> None:
    deviation = np.sqrt(np.diag(found.laplace))
    assert (np.abs(found.theta - THETA) < 3.0 * deviation).all()
    assert (deviation < [0.5, 0.5, 0.5, 1.0, 1.0]).all(), "where intervals are wide, any would do"


def test_it_is_the_mode_of_the_posterior(found: Fit, made: Chosen, known: Destinations) -> None:
    of = WalksLikelihood(made, known)

    def posterior(theta: np.ndarray) -> float:
        return of.value(theta) + 0.5 * PRIOR_PRECISION * float(theta @ theta)

    least = posterior(found.theta)
    steps = 0.5 * np.sqrt(np.diag(found.laplace))[:, None] * np.eye(5)
    assert all(posterior(found.theta + way * e) > least for e in steps for way in (-1.0, 1.0))
    again = fit(of, THETA)
    np.testing.assert_allclose(again.theta, found.theta, atol=1e-3)
    np.testing.assert_allclose(
        np.linalg.inv(found.laplace), of.hessian(found.theta) + PRIOR_PRECISION * np.eye(5)
    )


def test_walks_of_one_person_are_one_cluster(made: Chosen, known: Destinations) -> None:
    by_person = learned(made, known)
    scores = WalksLikelihood(made, known).scores(by_person.theta)
    expected = clustered(by_person.laplace, scores, made.walks.whose)
    np.testing.assert_allclose(by_person.covariance, expected)
    assert len(set(made.walks.whose)) == 9 < len(scores)
    np.testing.assert_allclose(by_person.deviation, np.sqrt(np.diag(expected)))


def test_the_sandwich_by_hand() -> None:
    laplace = np.array([[0.5, 0.1], [0.1, 0.2]])
    scores = np.array([[1.0, 0.0], [0.5, -1.0], [-1.0, 2.0], [-0.5, -1.0]])
    one, two, three = np.array([1.5, -1.0]), np.array([-1.0, 2.0]), np.array([-0.5, -1.0])
    meat = sum(np.outer(score, score) for score in (one, two, three))
    wider = (t.ppf(0.975, 2) / norm.ppf(0.975)) ** 2 * 3.0 / 2.0
    expected = wider * laplace @ meat @ laplace
    np.testing.assert_allclose(clustered(laplace, scores, ["a", "a", "b", "c"]), expected)


def test_in_no_direction_is_it_below_laplace() -> None:
    """Scores of two clusters lie along x: of y they tell nothing."""
    scores = np.array([[9.0, 0.0], [-9.0, 0.0]])
    found = clustered(np.diag([2.0, 3.0]), scores, ["a", "b"])
    wider = 2.0 * (t.ppf(0.975, 1) / norm.ppf(0.975)) ** 2
    np.testing.assert_allclose(found, np.diag([wider * 4.0 * 162.0, 3.0]), atol=1e-9)


def test_one_cluster_tells_nothing_of_how_they_vary() -> None:
    laplace = np.eye(2)
    assert clustered(laplace, np.ones((3, 2)), ["a"] * 3) is laplace


def test_a_simulation_is_refitted(chosen: Chosen, known: Destinations) -> None:
    kept = np.arange(len(chosen.walks.scene)) < 9
    told = refitted(PERSON, chosen.walks.of(kept), THETA, known, seed=2)
    assert (np.abs(told.error) < 4.0 * told.laplace).all() and np.abs(told.error).max() > 1e-3
    assert (told.clustered > 0.0).all() and not np.allclose(told.clustered, told.laplace)


def test_of_what_nobody_shows_the_prior_is_left(made: Chosen, known: Destinations) -> None:
    """A feature that was not looked at: weight 0, and the prior's deviation of 10."""
    found = learned(made.without(np.array([3])), known)
    assert found.theta[3] == pytest.approx(0.0, abs=1e-9)
    assert found.deviation[3] == pytest.approx(PRIOR_PRECISION**-0.5)
    assert (found.deviation[[0, 1, 2, 4]] < 3.0).all()


def test_persons_drawn_again_vary_as_much_as_is_said(made: Chosen, known: Destinations) -> None:
    """Each walk a person of its own, for there are few persons."""
    of, walks = WalksLikelihood(made, known), range(len(made.walks.scene))
    every, rng = fit(of), np.random.default_rng(7)
    drawn = np.array([resampled(of, every.theta, walks, rng) for _ in range(40)])
    assert np.unique(drawn[:, 0]).size == 40
    ratio = drawn.std(0, ddof=1) / every.deviation
    assert (np.abs(np.log(ratio)) < 0.6).all(), ratio
    assert np.abs(drawn.mean(0) - every.theta).max() < every.deviation.max()


def test_a_cluster_is_drawn_whole(made: Chosen, known: Destinations) -> None:
    """With one of two left out, what is found is the other's alone, twice."""
    of = WalksLikelihood(made, known)
    half = [int(i < len(made.walks.scene) // 2) for i in range(len(made.walks.scene))]
    rng = np.random.default_rng(0)
    found = [resampled(of, THETA, half, rng) for _ in range(12)]
    distinct = {tuple(np.round(theta, 3)) for theta in found}
    assert len(distinct) == 3, "the one twice, the other twice, or both"
