"""Where walks end."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bisirl_ros.real_people.destinations import NOWHERE, Destinations

MIDDLES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0], [-5.0, -5.0]])
COUNTS = (40, 20, 10, 6)


def test_groups_are_found_and_are_as_probable_as_walks_ended_there() -> None:
    rng = np.random.default_rng(0)
    ends = np.repeat(MIDDLES, COUNTS, 0) + rng.normal(0.0, 0.3, (sum(COUNTS), 2))
    known = Destinations.of(rng.permutation(ends), 4)
    apart = np.linalg.norm(known.places[:, None] - MIDDLES, axis=-1)
    assert sorted(apart.argmin(0)) == [0, 1, 2, 3]
    means = np.array([part.mean(0) for part in np.split(ends, np.cumsum(COUNTS)[:-1])])
    np.testing.assert_allclose(known.places[apart.argmin(0)], means)
    share = np.exp(known.log_prior)
    assert share.sum() == pytest.approx(1.0)
    assert share[-1] == pytest.approx(NOWHERE)
    expected = 0.9 * (np.array(COUNTS) + 1.0) / (sum(COUNTS) + 4.0)
    assert share[:-1][apart.argmin(0)] == pytest.approx(expected)


def least_scatter(points: list[float], count: int) -> float:
    """Of all ways to part points on a line, in order, into groups."""
    return min(
        sum(len(part) * float(np.var(part)) for part in np.split(np.array(points), cuts))
        for cuts in itertools.combinations(range(1, len(points)), count - 1)
    )


def test_the_best_of_several_starts_is_kept() -> None:
    for seed in range(8):
        points = np.sort(np.random.default_rng(seed).exponential(1.0, 10))
        places = Destinations.of(np.stack([points, 0.0 * points], -1), 3).places[:, 0]
        scatter = np.square(points[:, None] - places).min(-1).sum()
        assert scatter == pytest.approx(least_scatter(points.tolist(), 3))


def test_fewer_ends_than_goals() -> None:
    known = Destinations.of(np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 0.0]]), 8)
    assert sorted(known.places[:, 0]) == [0.0, 4.0]
    assert np.exp(known.log_prior).sum() == pytest.approx(1.0)
    alone = Destinations.of(np.array([[1.0, 2.0]]), 8)
    np.testing.assert_allclose(alone.places, [[1.0, 2.0]])
    np.testing.assert_allclose(np.exp(alone.log_prior), [0.9, 0.1])


def test_nobody_has_a_goal() -> None:
    known = Destinations.of(MIDDLES, 0)
    assert known.places.shape == (0, 2) and known.log_prior.tolist() == [0.0]
