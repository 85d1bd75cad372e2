"""What people lose by the robot here or there, against what their reward says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.comfort import MOST_PLACES, ComfortMap, ComfortSettings, comfort_map, losses
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.scenario import Scenario, load_scenario

from .conftest import EMPTY, situation

W = 2.0
AT = (1.05, 0.55)
"""The middle of a cell of 0.1 m."""
SETTINGS = ComfortSettings(worst=W)


def around(
    scenario: Scenario,
    theta: Sequence[Sequence[float]],
    *places: tuple[float, float],
    robot: tuple[float, float] = (0.0, 0.0),
    settings: ComfortSettings = SETTINGS,
    goal: tuple[float, float] = (0.0, 3.6),
) -> ComfortMap:
    """The map around a robot, of people who stand at these places and want theta."""
    state = (*robot, 0.3, 0.0, 0.0, 0.0)
    people = [[*place, 0.0, 0.0] for place in places]
    now = situation(state, people, goals=[goal] * len(people))
    return comfort_map(
        scenario, np.array(theta).reshape(len(people), len(scenario.feature_names)), now, settings
    )


def centres(comfort: ComfortMap) -> tuple[Array, Array]:
    """x and y of each cell's middle: (H, W) each [m]."""
    height, width = comfort.values.shape
    x = comfort.origin[0] + comfort.resolution_m * (np.arange(width) + 0.5)
    y = comfort.origin[1] + comfort.resolution_m * (np.arange(height) + 0.5)
    return np.meshgrid(x, y)


def apart(comfort: ComfortMap, place: tuple[float, float]) -> Array:
    """From each cell to a place: (H, W) [m]."""
    x, y = centres(comfort)
    return np.hypot(x - place[0], y - place[1])


def proximity(weight: float) -> list[float]:
    """The weights of somebody in `crossing` who wants nothing else."""
    return [0.0, weight, 0.0, 0.0]


def test_of_proximity_alone_it_is_the_bump_that_the_feature_is(crossing: Scenario) -> None:
    comfort = around(crossing, [proximity(-W)], AT)
    far = apart(comfort, AT)
    bump = np.exp(-0.5 * far**2)
    expected = np.where(far < SETTINGS.reach_m + 1e-6, 100.0 * bump, 0.0)
    assert np.abs(comfort.values - expected).max() <= 0.5 + 1e-6
    assert comfort.values.max() == 100
    np.testing.assert_array_equal(
        comfort.values, around(crossing, [[3.0, -W, -2.0, 5.0]], AT).values
    )


def test_it_is_the_same_whichever_way_one_turns_it(crossing: Scenario) -> None:
    comfort = around(crossing, [proximity(-W)], AT, robot=AT)
    row, column = (round((AT[i] - comfort.origin[i]) / 0.1 - 0.5) for i in (1, 0))
    half = 30
    square = comfort.values[row - half : row + half + 1, column - half : column + half + 1]
    assert square.sum() == comfort.values.sum()
    for turned in (np.rot90(square), square.T, square[::-1]):
        np.testing.assert_array_equal(square, turned)
    assert square[half, half] == 100


def test_where_nothing_is_wanted_or_nobody_is_nothing_is_lost(crossing: Scenario) -> None:
    assert not around(crossing, [proximity(0.0)], AT).values.any()
    nobody = around(crossing, [])
    assert nobody.values.shape == (100, 100)
    assert not nobody.values.any()
    own = replace(SETTINGS, worst=0.0)
    assert not around(crossing, [proximity(0.0)], AT, settings=own).values.any()


def test_what_two_people_lose_adds_up(crossing: Scenario) -> None:
    settings = replace(SETTINGS, worst=10.0)
    other = (-0.35, 0.85)
    both = around(crossing, [proximity(-W), proximity(-3.0)], AT, other, settings=settings)
    one = around(crossing, [proximity(-W)], AT, settings=settings)
    two = around(crossing, [proximity(-3.0)], other, settings=settings)
    added = one.values.astype(int) + two.values
    assert np.abs(both.values - added).max() <= 1
    assert both.values.max() > one.values.max()


def test_who_gains_loses_nothing_and_makes_up_for_who_does(crossing: Scenario) -> None:
    gains = around(crossing, [proximity(W)], AT)
    assert not gains.values.any()
    evened = around(crossing, [proximity(W), proximity(-W)], AT, AT)
    assert not evened.values.any()


def test_who_is_absent_is_not_shown(crossing: Scenario) -> None:
    state = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    now = situation(state, [[*AT, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]])
    theta = np.array([proximity(-W)] * 2)
    gone = replace(now, present=torch.tensor([[True, False]]))
    alone = around(crossing, [proximity(-W)], AT)
    np.testing.assert_array_equal(comfort_map(crossing, theta, gone, SETTINGS).values, alone.values)


def test_the_side_that_is_minded_is_that_of_their_way_to_the_goal() -> None:
    frontal = load_scenario("frontal")
    index = frontal.feature_names.index("robot_left")
    theta = np.zeros(len(frontal.feature_names))
    theta[index] = -W
    comfort = around(frontal, [theta.tolist()], AT, goal=(1.05, 9.0))
    x, _ = centres(comfort)
    minded = comfort.values > 0
    assert minded.any()
    assert (x[minded] < AT[0]).all()


@pytest.mark.parametrize("name", ["crossing", "guide", "handover", "frontal", "herd"])
def test_a_loss_is_the_difference_that_psi_makes(name: str) -> None:
    """Of every feature there is, whether the robot has a part in it or not."""
    scenario, rng = load_scenario(name), np.random.default_rng(0)
    person, count = scenario.person, 3
    theta, people = (
        torch.from_numpy(rng.normal(size=(count, n))) for n in (len(person.features), 4)
    )
    goal, robot = (torch.from_numpy(rng.normal(size=s)) for s in ((count, 2), (count, 7, 2)))
    found = losses(scenario, theta, people, goal, scenario.room, robot)

    def reward(place: torch.Tensor) -> torch.Tensor:
        state, there = people[:, None].expand(-1, 7, -1), goal[:, None].expand(-1, 7, -1)
        alone = torch.zeros((count, 7, 0, 2), dtype=torch.float64)
        step = Step(state, state, place, alone, there, scenario.room, scenario.decision_period_s)
        return (psi(step, person) * theta[:, None]).sum(-1)

    away = torch.full_like(robot, 1e4)
    np.testing.assert_allclose(found, reward(away) - reward(robot), atol=1e-9)


def test_the_map_goes_with_the_robot_cell_by_cell(crossing: Scenario) -> None:
    """A cell is at the same place in every map, so that a planner's layers do not blur it."""
    here = around(crossing, [proximity(-W)], AT)
    there = around(crossing, [proximity(-W)], AT, robot=(0.52, -0.31))
    shift = np.rint((np.array(there.origin) - here.origin) / 0.1).astype(int)
    np.testing.assert_allclose(there.origin, np.array(here.origin) + 0.1 * shift, atol=1e-9)
    assert shift.tolist() == [5, -3]
    np.testing.assert_array_equal(here.values[:-3, 5:], there.values[3:, :-5])
    assert here.origin == pytest.approx((-5.0, -5.0))


@pytest.mark.parametrize(
    ("worst", "highest", "top"), [(2 * W, 100, 50), (0.0, 100, 100), (0.5 * W, 99, 99)]
)
def test_what_the_highest_value_stands_for(
    crossing: Scenario, worst: float, highest: int, top: int
) -> None:
    settings = ComfortSettings(worst=worst, highest=highest)
    comfort = around(crossing, [proximity(-W)], AT, settings=settings)
    assert comfort.values.max() == top
    assert comfort.values.min() == 0


def test_a_crowd_costs_no_more_than_the_nearest_of_it(crossing: Scenario) -> None:
    near = [(0.05 + 0.01 * i, 0.05) for i in range(MOST_PLACES // 2000)]
    crowd = around(crossing, [proximity(-W)] * (1 + len(near)), (4.05, 4.05), *near)
    assert crowd.values.any()
    assert not crowd.values[apart(crowd, (4.05, 4.05)) < 0.5].any()


def test_somebody_off_the_map_reaches_into_it(crossing: Scenario) -> None:
    comfort = around(crossing, [proximity(-W)], (6.05, 0.05))
    x, _ = centres(comfort)
    assert comfort.values.any()
    assert (x[comfort.values > 0] > 3.0).all()


def test_a_room_has_no_part_in_it() -> None:
    corner = load_scenario("blind_corner")
    assert not corner.room.empty
    now = situation((0.0,) * 6, [[*AT, 0.0, 0.0]])
    theta = np.array([[1.5, -6.0, -0.5, -0.4]])
    inside = comfort_map(corner, theta, replace(now, room=corner.room), SETTINGS)
    outside = comfort_map(corner, theta, replace(now, room=EMPTY), SETTINGS)
    np.testing.assert_array_equal(inside.values, outside.values)
