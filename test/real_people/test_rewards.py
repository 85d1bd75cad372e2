"""Rewards of each person, of each scene and of people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.real_people.chosen import Chosen
from bisirl_ros.real_people.destinations import Destinations
from bisirl_ros.real_people.held_out import learned
from bisirl_ros.real_people.rewards import Rewards, _dispersion, rewards

from .walkers import SCENES

BLIND = (SCENES[1], "person_1")


@pytest.fixture(scope="module")
def blind(chosen: Chosen) -> Chosen:
    """Nothing that one of the people might choose differs from what they chose."""
    whose = np.array([who == BLIND for who in chosen.walks.whose])[chosen.walks.walk]
    looked = chosen.looked
    same, targets = looked.same.copy(), looked.targets.copy()
    same[whose] = same[whose][:, :1]
    targets[whose] = targets[whose][:, :1]
    return replace(chosen, looked=replace(looked, same=same, targets=targets))


@pytest.fixture(scope="module")
def found(blind: Chosen) -> Rewards:
    return rewards(blind, destinations=3)


def test_who_told_nothing_is_as_the_others(found: Rewards) -> None:
    nothing = found.people[", ".join(BLIND)]
    np.testing.assert_allclose(nothing.theta, found.prior.mean, atol=1e-6)
    np.testing.assert_allclose(
        nothing.deviation, np.sqrt(np.diag(found.prior.covariance)), rtol=1e-6
    )
    others = [one for who, one in found.people.items() if who != ", ".join(BLIND)]
    assert len(others) == 8
    for one in others:
        assert (one.deviation < nothing.deviation).any()
        assert np.abs(one.theta - found.prior.mean).max() > 1e-3


def test_people_in_general(found: Rewards) -> None:
    for covariance in (found.prior.covariance, found.prior.spread, found.all.covariance):
        assert np.linalg.eigvalsh(covariance).min() > 0.0
    people = np.array([one.theta for one in found.people.values()])
    assert (people.min(0) < found.prior.mean).all() and (found.prior.mean < people.max(0)).all()
    assert found.features == ("progress", "persistence", "effort", "proximity", "person_proximity")
    assert found.dispersion >= 1.0


def test_the_dispersion_is_within_people() -> None:
    """Who differs from others adds none; who varies twice as much as foreseen, four."""
    rng = np.random.default_rng(0)
    whose = np.repeat(np.arange(300), 4).tolist()
    observed = np.tile(np.diag([2.0, 0.5]), (1200, 1, 1))
    noise = rng.normal(size=(1200, 2)) * np.sqrt([2.0, 0.5])
    apart = np.repeat(10.0 * rng.normal(size=(300, 2)), 4, 0)
    assert _dispersion(apart + 0.1 * noise, observed, whose) == 1.0
    assert _dispersion(apart + 2.0 * noise, observed, whose) == pytest.approx(4.0, rel=0.1)
    assert _dispersion(noise[:3], observed[:3], ["a", "b", "c"]) == 1.0


def test_decisions_are_counted(found: Rewards, blind: Chosen) -> None:
    assert {one.decisions for one in found.people.values()} == {24}
    assert {name: one.decisions for name, one in found.scenes.items()} == dict.fromkeys(SCENES, 72)


def test_scenes_are_fitted_alone_where_they_have_decisions_enough(blind: Chosen) -> None:
    walks = blind.walks
    few = np.array([scene != SCENES[0] or i < 2 for i, scene in enumerate(walks.scene)])
    some = blind.of(few)
    found = rewards(some, destinations=3)
    assert set(found.scenes) == set(SCENES[1:]), "2 walks are less than there are weights"
    own = some.of(some.walks.in_scenes([SCENES[2]]))
    alone = learned(own, Destinations.of(some.walks.end, 3))
    np.testing.assert_allclose(found.scenes[SCENES[2]].theta, alone.theta, atol=0.01)
