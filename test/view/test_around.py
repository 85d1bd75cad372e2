"""The tables of the page are the map of people's comfort, wherever the robot stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.comfort import losses
from bisirl_ros.crowd.person import FEATURE_NAMES, FeatureSpec
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.view.around import around
from bisirl_ros.view.scene import Estimate


def everything() -> Scenario:
    """Somebody who minds whatever there is to mind."""
    features = tuple(FeatureSpec(name, 0.8, 1.0) for name in FEATURE_NAMES)
    scenario = load_scenario("doorway")
    return replace(scenario, person=replace(scenario.person, features=features))


def test_a_table_tells_the_loss_at_any_place() -> None:
    """Beyond 0.1 m, nearer than which nobody's centre comes; within 2 % of the largest loss."""
    rng, scenario = np.random.default_rng(0), everything()
    theta = rng.normal(size=len(FEATURE_NAMES))
    found = around(scenario, [Estimate(0.0, {"a": theta.tolist()}, {})])
    even, sided = found.tables[0]["a"]
    person, goal = np.array([1.0, -2.0, 0.7, 0.4]), np.array([-3.0, 4.0])
    far, bearing = rng.uniform(0.1, 2.9, 200), rng.uniform(-np.pi, np.pi, 200)
    way = np.arctan2(*(goal - person[:2])[::-1])
    places = person[:2] + far[:, None] * np.stack(
        [np.cos(way + bearing), np.sin(way + bearing)], -1
    )
    weights, people, goals, robots = (
        torch.tensor(v, dtype=torch.float64)[None] for v in (theta, person, goal, places)
    )
    true = losses(scenario, weights, people, goals, scenario.room, robots)[0].numpy()
    reach = found.step_m * np.arange(len(even))
    told = np.interp(far, reach, even) + np.sin(bearing) * np.interp(far, reach, sided)
    assert np.abs(told - true).max() < 0.02 * np.abs(true).max()
    assert np.abs(sided).max() > 0.1


def test_whose_weights_are_not_all_known_has_no_table() -> None:
    scenario = load_scenario("crossing")
    known, unknown = [1.5, -3.0, -0.5, -0.4], [1.5, float("nan"), -0.5, -0.4]
    found = around(scenario, [Estimate(0.0, {"a": unknown, "b": known}, {})])
    assert list(found.tables[0]) == ["b"]
    assert found.tables[0]["b"][0][0] == pytest.approx(3.0)
    assert not found.tables[0]["b"][1].any()
