"""Features of what might have been chosen, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.real_people import looked_at
from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.looked_at import LookedAt
from bisirl_ros.real_people.seen import Seen

from .walkers import PERSON

SLOW = Person(
    (
        FeatureSpec("person_proximity", 0.8),
        FeatureSpec("progress", 2.0),
        FeatureSpec("proximity", 0.7),
        FeatureSpec("robot_left", 1.5),
        FeatureSpec("effort", 0.5),
    ),
    decision_period_s=0.5,
    horizon=3,
    discount=0.7,
    lag_s=0.4,
    preferred_speed=1.3,
    max_speed=2.5,
)
PLACE, VELOCITY, GOAL = np.array([1.0, -0.5]), np.array([0.9, 0.2]), np.array([4.0, 2.0])
TARGETS = np.array([[0.9, 0.2], [0.0, 0.0], [0.3, 1.1]])
AHEAD = np.array([[2.0, 0.0], [1.8, 0.1], [1.5, 0.4]])
OTHERS = np.array([[1.5, 0.5, -0.4, 0.0], [0.0, 0.0, 0.6, 0.3]])


def seen(ahead: Array = AHEAD) -> Seen:
    return Seen(PLACE[None], VELOCITY[None], OTHERS[None], ahead[None])


def path(target: Array, person: Person) -> tuple[Array, Array]:
    """Places (H + 1, 2) and velocities of a body that lags, whose first period has this mean."""
    lag, period = person.lag_s, person.decision_period_s
    share = lag / period * (1.0 - np.exp(-period / lag))
    sent = (target - share * VELOCITY) / (1.0 - share)
    time = period * np.arange(person.horizon + 1)[:, None]
    left = np.exp(-time / lag)
    return (
        PLACE + sent * time + (VELOCITY - sent) * lag * (1.0 - left),
        sent + (VELOCITY - sent) * left,
    )


def by_hand(target: Array, person: Person) -> Array:
    """(n,) of SLOW's features."""
    places, velocities = path(target, person)
    total = np.zeros(5)
    for h in range(person.horizon):
        now, then = places[h], places[h + 1]
        to_robot, to_goal = AHEAD[h] - then, GOAL - then
        others = OTHERS[:, :2] + person.decision_period_s * (h + 1) * OTHERS[:, 2:]
        gained = np.linalg.norm(now - GOAL) - np.linalg.norm(then - GOAL)
        sine = to_goal[0] * to_robot[1] - to_goal[1] * to_robot[0]
        sine /= np.linalg.norm(to_goal) * np.linalg.norm(to_robot)
        near = np.square(to_robot).sum()
        total += person.discount**h * np.array(
            [
                np.exp(-0.5 * np.square(then - others).sum(-1) / 0.8**2).sum(),
                gained / (person.preferred_speed * person.decision_period_s * 2.0),
                np.exp(-0.5 * near / 0.7**2),
                sine * np.exp(-0.5 * near / 1.5**2),
                np.square(velocities[h + 1]).sum() / 0.5**2,
            ]
        )
    return total


def test_features_are_summed_along_the_path_that_was_chosen() -> None:
    looked = LookedAt.by(SLOW, seen(), TARGETS[None])
    expected = np.array([by_hand(target, SLOW) for target in TARGETS])
    assert looked.towards == (1, 3)
    np.testing.assert_allclose(looked.same[0][:, [0, 2, 4]], expected[:, [0, 2, 4]], rtol=1e-9)
    assert not looked.same[..., [1, 3]].any()
    np.testing.assert_allclose(looked.goals(GOAL[None])[0], expected[:, [1, 3]], rtol=1e-5)


def test_the_mean_velocity_of_the_period_is_the_target() -> None:
    """A robot that will be just there is met in the middle, whatever the lag."""
    one = replace(SLOW, features=(FeatureSpec("proximity", 0.05),), horizon=1)
    for lag_s in (0.01, 0.4, 3.0):
        met = PLACE + one.decision_period_s * TARGETS[2]
        looked = LookedAt.by(replace(one, lag_s=lag_s), seen(met[None]), TARGETS[None])
        assert looked.same[0, 2, 0] == pytest.approx(1.0)
        assert looked.same[0, :2, 0].max() < 0.01


def test_parts_make_no_difference(chosen: Chosen, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.arange(len(chosen)) < 20
    seen, targets = chosen.walks.seen.at(rows), chosen.looked.targets[rows]
    goals = np.random.default_rng(0).normal(0.0, 5.0, (20, 2))
    whole = LookedAt.by(PERSON, seen, targets)
    towards = whole.goals(goals)
    monkeypatch.setattr(looked_at, "ROWS", 7)
    parts = LookedAt.by(PERSON, seen, targets)
    np.testing.assert_allclose(parts.same, whole.same, rtol=1e-12)
    np.testing.assert_allclose(parts.goals(goals), towards, rtol=1e-12)
    np.testing.assert_allclose(whole.same, chosen.looked.same[rows], rtol=1e-12)


def test_some_of_the_people_and_some_of_the_features(chosen: Chosen) -> None:
    rows = np.arange(len(chosen)) % 5 == 0
    some, goals = chosen.looked.at(rows), np.ones((len(chosen), 2))
    np.testing.assert_array_equal(some.same, chosen.looked.same[rows])
    np.testing.assert_allclose(some.goals(goals[rows]), chosen.looked.goals(goals)[rows])
    less = some.without(np.array([3]))
    assert not less.same[..., 3].any() and some.same[..., 3].any()
    np.testing.assert_array_equal(less.same[..., [1, 2, 4]], some.same[..., [1, 2, 4]])


def test_who_looks_at_no_goal() -> None:
    bare = replace(SLOW, features=(FeatureSpec("effort"),))
    looked = LookedAt.by(bare, seen(), TARGETS[None])
    assert looked.goals(GOAL[None]).shape == (1, 3, 0)


def test_what_was_chosen_is_first(chosen: Chosen) -> None:
    np.testing.assert_array_equal(chosen.looked.targets[:, 0], chosen.walks.chosen)
    assert chosen.looked.same.shape[1] == 1 + chosen.log_area.shape[1]
    kept = np.arange(len(chosen.walks.scene)) % 2 == 1
    some = chosen.of(kept)
    np.testing.assert_array_equal(some.looked.targets[:, 0], some.walks.chosen)
    np.testing.assert_array_equal(some.log_area, chosen.log_area[kept[chosen.walks.walk]])
