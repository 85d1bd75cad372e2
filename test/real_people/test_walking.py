"""People who walk on as a reward has it, and walks that are made of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.seen import Seen
from bisirl_ros.real_people.simulated import simulated
from bisirl_ros.real_people.walking import choose, drawn, gone_on

from .walkers import PERSON


def standing(count: int, ahead: tuple[float, float] = (AWAY_M, AWAY_M)) -> Seen:
    """So many people who stand at the origin, alone."""
    place = np.zeros((count, 2))
    return Seen(place, place, np.zeros((count, 0, 4)), np.broadcast_to(ahead, (count, 3, 2)))


def test_numbers_are_drawn_by_their_probability() -> None:
    share = np.array([0.0, 0.2, 0.5, 0.0, 0.3, 0.0])
    often = np.bincount(drawn(np.tile(share, (5000, 1)), np.random.default_rng(0)), minlength=6)
    assert often[share == 0.0].sum() == 0
    assert chisquare(often[share > 0.0], 5000 * share[share > 0.0]).pvalue > 0.01


def test_who_cares_for_effort_alone_chooses_a_gaussian() -> None:
    """Effort sums |v|^2 over 1 + 0.8 + 0.64 decisions: a variance of 1 / (2 weight sum)."""
    goals, weight = np.full((1000, 2), np.nan), 4.0
    theta = np.array([0.0, 0.0, -weight, 0.0, 0.0])
    velocity = choose(PERSON, standing(1000), theta, goals, np.random.default_rng(0))
    std = np.sqrt(0.5 / (weight * 2.44))
    assert velocity.std(0) == pytest.approx(std, rel=0.06)
    assert velocity.mean(0) == pytest.approx(0.0, abs=4.0 * std / np.sqrt(1000))


def test_people_go_to_their_goals_and_from_the_robot() -> None:
    goals = np.tile([[5.0, 0.0], [0.0, -5.0], [np.nan, np.nan]], (100, 1))
    theta = np.array([4.0, 0.0, -2.0, 0.0, 0.0])
    rng = np.random.default_rng(0)
    mean = choose(PERSON, standing(300), theta, goals, rng).reshape(100, 3, 2).mean(0)
    assert mean[0, 0] > 0.5 and abs(mean[0, 1]) < 0.2
    assert mean[1, 1] < -0.5 and abs(mean[1, 0]) < 0.2
    assert np.abs(mean[2]).max() < 0.2
    shy = np.array([0.0, 0.0, -1.0, -10.0, 0.0])
    away = choose(PERSON, standing(100, (0.5, 0.0)), shy, goals[:100] * np.nan, rng)
    assert away[:, 0].mean() < -0.2


def test_gone_on_by_hand() -> None:
    others = np.array([[[1.0, 1.0, 0.5, -1.0]], [[0.0, 2.0, 0.0, 0.0]]])
    now = Seen(np.array([[0.0, 0.0], [1.0, 2.0]]), np.ones((2, 2)), others, np.zeros((2, 3, 2)))
    velocity = np.array([[1.0, 0.0], [0.0, -1.0]])
    later = gone_on(now, velocity, np.array([0.5, 2.0]))
    np.testing.assert_allclose(later.place, [[0.5, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(later.velocity, velocity)
    np.testing.assert_allclose(later.others, [[[1.25, 0.5, 0.5, -1.0]], [[0.0, 2.0, 0.0, 0.0]]])
    assert now.others[0, 0, 0] == 1.0, "the present stays"


def test_simulated_people_go_where_they_chose(chosen: Chosen, known: Destinations) -> None:
    of, theta = chosen.walks, np.array([1.0, -2.0, 0.0, 0.0, 0.0])
    made = simulated(PERSON, of, theta, known, np.random.default_rng(0))
    first = np.diff(of.walk, prepend=-1) > 0
    np.testing.assert_array_equal(made.seen.place[first], of.seen.place[first])
    np.testing.assert_array_equal(made.seen.velocity[first], of.seen.velocity[first])
    later = np.flatnonzero(~first)
    moved = made.seen.place[later] - made.seen.place[later - 1]
    np.testing.assert_allclose(moved, made.chosen[later - 1])
    np.testing.assert_array_equal(made.seen.velocity[later], made.chosen[later - 1])
    np.testing.assert_array_equal(made.seen.ahead, of.seen.ahead)
    assert made.whose == of.whose and np.abs(made.chosen - of.chosen).min() > 0.0
    again = simulated(PERSON, of, theta, known, np.random.default_rng(0))
    np.testing.assert_array_equal(again.chosen, made.chosen)
