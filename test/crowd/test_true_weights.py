"""theta*: fits every scenario, stays within the spread, and is each person's own unless shared."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.crowd.person import FEATURE_NAMES
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.crowd.true_weights import NOMINAL, true_weights
from bisirl_ros.errors import InputError


def test_there_is_a_usual_weight_of_every_feature() -> None:
    assert set(NOMINAL) == set(FEATURE_NAMES)


@pytest.mark.parametrize("name", scenario_names())
def test_the_usual_weights_fit_every_scenario(name: str) -> None:
    scenario = load_scenario(name)
    usual = np.array([NOMINAL[feature.name] for feature in scenario.person.features])
    kinds = [np.array(kind.weights) for kind in scenario.population] or [usual]
    usual = np.array([kinds[p % len(kinds)] for p in range(scenario.people)])
    exact = true_weights(scenario, (), 0.0, same=False, seed=0)
    np.testing.assert_array_equal(exact, usual)
    drawn = true_weights(scenario, (), 0.2, same=False, seed=0)
    assert (np.abs(drawn - usual) <= 0.2 * np.abs(usual) + 1e-12).all()


def test_the_kinds_of_a_population_take_turns() -> None:
    scenario = load_scenario("guide")
    leisurely, brisk = (np.array(kind.weights) for kind in scenario.population)
    np.testing.assert_array_equal(true_weights(scenario, spread=0.0, seed=3)[0], brisk)
    np.testing.assert_array_equal(
        true_weights(scenario, spread=0.0, seed=4, count=3), [leisurely, brisk, leisurely]
    )


def test_people_differ_unless_they_share_a_reward() -> None:
    scenario = load_scenario("crossing", 3)
    given = (1.0, -2.0, -3.0, -4.0)
    each = true_weights(scenario, given, 0.5, same=False, seed=7)
    shared = true_weights(scenario, given, 0.5, same=True, seed=7)
    assert each.shape == shared.shape == (3, 4)
    assert len(np.unique(each[:, 0])) == 3 and len(np.unique(shared, axis=0)) == 1
    np.testing.assert_array_equal(each[0], shared[0])
    np.testing.assert_array_equal(each, true_weights(scenario, given, 0.5, same=False, seed=7))
    assert (each != true_weights(scenario, given, 0.5, same=False, seed=8)).all()
    assert true_weights(load_scenario("crossing", 0), (), 0.2, same=True, seed=0).shape == (0, 4)


@pytest.mark.parametrize(
    ("theta", "why"), [((1.0, 2.0), "has 2 values"), ((0.0,) * 4, "is all zero")]
)
def test_weights_that_are_none_are_refused_in_one_line(theta: tuple[float, ...], why: str) -> None:
    with pytest.raises(InputError, match=why) as refusal:
        true_weights(load_scenario("crossing"), theta, 0.2, same=False, seed=0)
    assert "\n" not in str(refusal.value)
