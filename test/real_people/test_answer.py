"""How people answer a robot, and whether two groups of robots are answered alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import LowerLevelResult, Status
from bisirl_ros.crowd.person import FeatureSpec
from bisirl_ros.real_people.answer import DISTANCES_M, by_distance, compare, compliance
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.fit import Fit
from bisirl_ros.real_people.held_out import DESTINATIONS, learned
from bisirl_ros.real_people.simulated import simulated

from .walkers import PERSON, chosen_of

TWO = replace(
    PERSON,
    features=(FeatureSpec("proximity", 0.5), FeatureSpec("effort"), FeatureSpec("proximity", 2.0)),
)


MANY = 100_000
"""Clusters: then F is as chi squared is."""


def fitted(theta: Array, covariance: Array) -> Fit:
    result = LowerLevelResult(theta, Status.CONVERGED, 1, 0.0)
    return Fit(theta, covariance, covariance, MANY, result)


def test_a_robot_at_a_distance_by_hand() -> None:
    found = by_distance(TWO, np.array([0.0, 1.0]))
    np.testing.assert_allclose(
        found, [[1.0, 0.0, 1.0], [np.exp(-2.0), 0.0, np.exp(-0.125)]], rtol=1e-12
    )


def test_one_weight_is_compared_as_a_normal_is() -> None:
    one = fitted(np.array([1.0, 0, 0, -2.0, 0]), np.diag([0.1, 0.1, 0.1, 0.09, 0.1]))
    other = fitted(np.array([9.0, 0, 0, -1.0, 0]), np.diag([0.1, 0.1, 0.1, 0.16, 0.1]))
    found = compare(PERSON, one, other)
    assert found.freedom == (1, MANY - 1)
    assert found.statistic == pytest.approx(1.0 / 0.25)
    assert found.p == pytest.approx(2.0 * norm.sf(2.0), rel=1e-3)
    few = compare(PERSON, one, replace(other, clusters=6))
    assert few.freedom == (1, 5) and few.p == pytest.approx(2.0 * student.sf(2.0, 5))
    at = np.exp(-0.5 * np.square(np.array(DISTANCES_M) / 0.8))
    np.testing.assert_allclose(found.mean, -1.0 * at)
    np.testing.assert_allclose(found.deviation, 0.5 * at)


def test_several_weights_are_compared_together() -> None:
    """A p of equal groups is uniform, whatever the covariance."""
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    spread = root @ root.T
    draws = rng.multivariate_normal(np.zeros(3), spread, (400, 2))
    p = [compare(TWO, *(fitted(theta, spread) for theta in pair)).p for pair in draws]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(p) == pytest.approx(0.5, abs=0.06)
    far = compare(TWO, fitted(np.array([9.0, 0, -9.0]), 0.1 * spread), fitted(draws[0, 0], spread))
    assert far.freedom == (2, MANY - 1) and far.p < 0.01


def people(walks: Chosen, known: Destinations, proximity: float, seed: int) -> Fit:
    theta = np.array([1.5, -2.0, -0.3, proximity, -0.5])
    rng = np.random.default_rng(seed)
    return learned(chosen_of(simulated(PERSON, walks.walks, theta, known, rng)), known)


def test_people_who_answer_alike_and_unlike(chosen: Chosen, known: Destinations) -> None:
    shy, also, bold = (people(chosen, known, w, i) for i, w in enumerate((-5.0, -5.0, 3.0)))
    assert compare(PERSON, shy, also).p > 0.05
    assert compare(PERSON, shy, bold).p < 0.01
    assert (compare(PERSON, shy, bold).mean < 0.0).all()


def test_scenes_with_regard_are_told_from_the_others(chosen: Chosen) -> None:
    with_regard, without, found = compliance(chosen)
    known = Destinations.of(chosen.walks.end, DESTINATIONS)
    for fit, scenes in ((with_regard, ["01"]), (without, ["04", "09"])):
        own = chosen.of(chosen.walks.in_scenes(scenes))
        np.testing.assert_allclose(fit.theta, learned(own, known).theta)
    assert found.p == compare(PERSON, with_regard, without).p
