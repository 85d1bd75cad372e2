"""What a learned reward is compared with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t

from bisirl_ros.core.arrays import Array
from bisirl_ros.real_people.comparators import COMPARATORS, is_drawn, is_pushed
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.walks import Walks

from .walkers import walks

BY_NAME = {one.name: one for one in COMPARATORS}
STD = (0.3, 0.12)
GOALS = Destinations(np.array([[6.0, 0.0], [-3.0, 5.0]]), np.log([0.6, 0.3, 0.1]))
NONE = Destinations(np.zeros((0, 2)), np.zeros(1))


def frame(velocity: Array) -> Array:
    """Columns along and across; of who stands, of the room."""
    speed = float(np.linalg.norm(velocity))
    x, y = velocity / speed if speed > 0.05 else (1.0, 0.0)
    return np.array([[x, -y], [y, x]])


def some_walks(count: int = 7) -> Walks:
    rng = np.random.default_rng(0)
    velocity = rng.normal(0.0, 1.0, (count, 2))
    velocity[0] = 0.0
    return walks(
        velocity, velocity + rng.normal(0.0, 0.3, (count, 2)), rng.normal(0, 3, (count, 2))
    )


@pytest.mark.parametrize("freedom", [None, 1.5, 4.0])
def test_densities_are_those_of_the_rotated_frame(freedom: float | None) -> None:
    of = some_walks()
    name = "constant velocity" if freedom is None else "constant velocity, t"
    parameters = np.log([*STD, *([] if freedom is None else [freedom])])
    found = BY_NAME[name].foretold(parameters, of, NONE)
    for i, velocity in enumerate(of.seen.velocity):
        turned = frame(velocity)
        shape = turned @ np.diag(np.square(STD)) @ turned.T
        if freedom is None:
            expected = multivariate_normal(velocity, shape).logpdf(of.chosen[i])
        else:
            expected = multivariate_t(velocity, shape, df=freedom).logpdf(of.chosen[i])
        assert found[i] == pytest.approx(float(expected))


def test_goals_are_as_unknown_to_them() -> None:
    """One walk of three decisions: the mixture over goals, written out."""
    of = some_walks(3)
    parameters = np.array([0.4, 1.1, *np.log(STD)])
    each = np.zeros((3, 3))
    for g in range(3):
        for i in range(3):
            velocity = of.seen.velocity[i]
            mean = velocity
            if g < 2:
                off = GOALS.places[g] - of.seen.place[i]
                mean = 0.6 * velocity + 0.4 * 1.1 * off / np.linalg.norm(off)
            shape = frame(velocity) @ np.diag(np.square(STD)) @ frame(velocity).T
            each[i, g] = multivariate_normal(mean, shape).logpdf(of.chosen[i])
    goal = BY_NAME["goal"]
    np.testing.assert_allclose(goal.log_chosen(parameters, of, GOALS), each)
    whole = np.log((np.exp(GOALS.log_prior) * np.exp(each.sum(0))).sum())
    found = goal.foretold(parameters, of, GOALS)
    assert found.sum() == pytest.approx(whole)
    assert found[0] == pytest.approx(np.log((np.exp(GOALS.log_prior) * np.exp(each[0])).sum()))


def test_who_knows_no_goals_foretells_the_same_for_each() -> None:
    found = BY_NAME["constant velocity"].log_chosen(np.log(STD), some_walks(), GOALS)
    assert found.shape == (7, 3)
    np.testing.assert_array_equal(found, found[:, [0, 0, 0]])


def generated(heavy: bool) -> Walks:
    """100 walks of 8 decisions of people drawn to goals."""
    rng = np.random.default_rng(4)
    number = np.repeat(np.arange(100), 8)
    goal = GOALS.places[rng.choice(2, 100, p=[2 / 3, 1 / 3])][number]
    velocity, place = rng.normal(0.0, 0.8, (800, 2)), rng.normal(0.0, 3.0, (800, 2))
    off = goal - place
    mean = 0.7 * velocity + 0.3 * 1.2 * off / np.linalg.norm(off, axis=-1, keepdims=True)
    noise = rng.normal(0.0, STD, (800, 2))
    if heavy:
        noise /= np.sqrt(rng.chisquare(3.0, (800, 1)) / 3.0)
    turned = np.array([frame(v) @ n for v, n in zip(velocity, noise, strict=True)])
    return walks(velocity, mean + turned, place, number)


@pytest.mark.parametrize("heavy", [False, True])
def test_parameters_are_found_again(heavy: bool) -> None:
    comparator = BY_NAME["goal, t" if heavy else "goal"]
    found = comparator.fit(generated(heavy), GOALS)
    assert found[:2] == pytest.approx([0.3, 1.2], abs=0.1)
    assert np.exp(found[2:4]) == pytest.approx(STD, rel=0.15)
    if heavy:
        assert np.exp(found[4]) == pytest.approx(3.0, rel=0.3)


def beside(off: tuple[float, float], others: Array | None = None) -> Walks:
    """Somebody who walks along x, half a decision before a robot that stands `off` from them."""
    robot = np.array([[0.5, 0.0]]) + off
    return walks(
        np.array([[1.0, 0.0]]),
        np.zeros((1, 2)),
        ahead=np.repeat(robot[:, None], 3, 1),
        others=others,
    )


def push(of: Walks, force: tuple[float, ...] = (np.exp(-1.0), 0.0, np.exp(-1.0), 0.0)) -> Array:
    parameters = np.array([0.3, 1.2, *force])
    goal = np.array([[5.0, 3.0]])
    return np.asarray(is_pushed(parameters, of, goal) - is_drawn(parameters[:2], of, goal))[0]


@pytest.mark.parametrize("off", [(1.0, 0.0), (0.0, 0.8), (-0.6, -0.8)])
def test_the_robot_pushes_people_away(off: tuple[float, float]) -> None:
    apart = float(np.linalg.norm(off))
    expected = -np.exp(-1.0) * np.exp(-apart) * np.array(off) / apart
    np.testing.assert_allclose(push(beside(off)), expected, atol=1e-12)


def test_the_robot_pushes_from_where_it_is_half_a_decision_on() -> None:
    of = beside((0.0, 1.0))
    moving = replace(of, robot=of.seen.ahead[:, 0] + np.array([[0.0, 2.0]]))
    np.testing.assert_allclose(push(moving), [0.0, -np.exp(-1.0 - 2.0)], atol=1e-12)


def test_so_do_others_and_who_is_away_does_not() -> None:
    other = np.array([[[0.5, 2.0, 0.0, -2.0]]])
    pushed = push(beside((1e3, 1e3), other), (np.exp(-1.0), 0.0, np.exp(-2.0), np.log(0.5)))
    np.testing.assert_allclose(pushed, [0.0, -np.exp(-2.0 - 1.0 / 0.5)], atol=1e-12)
    np.testing.assert_allclose(push(beside((1e3, 1e3))), 0.0, atol=1e-12)


def test_who_goes_nowhere_goes_on() -> None:
    of = some_walks()
    np.testing.assert_allclose(is_drawn(np.array([0.5, 1.0]), of, None), of.seen.velocity)


def test_the_fit_is_likelier_than_its_neighbours() -> None:
    of, comparator = some_walks(40), BY_NAME["constant velocity"]
    of = replace(of, walk=np.arange(40))
    found = comparator.fit(of, NONE)
    off = np.array([frame(v).T @ (c - v) for v, c in zip(of.seen.velocity, of.chosen, strict=True)])
    np.testing.assert_allclose(np.exp(found), np.sqrt(np.square(off).mean(0)), rtol=1e-3)
