"""How an episode ends, and that nothing else ends it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.outcome import min_distance_m, outcome, outcomes
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.errors import InputError

FAR_ROBOT, ROBOT_THERE = (-3.0, 0.0), (2.5, 0.3)
FAR, THERE = (0.0, -3.0), (0.0, 3.0)
GOAL, LIMIT_S = (0.0, 3.6), 8.0


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """A contact distance of 0.5 m, tolerances of 0.4 and 0.8 m, whatever the file says."""
    loaded = load_scenario("crossing")
    robot = replace(loaded.robot, radius_m=0.25, goal_tolerance_m=0.4)
    person = replace(loaded.person, radius_m=0.25, goal_tolerance_m=0.8)
    return replace(loaded, robot=robot, person=person, time_limit_s=LIMIT_S)


def situation(robot: tuple[float, float], *people: tuple[float, float]) -> Situation:
    """One situation; the robot's goal is (2.5, 0), people's hypotheses are both wrong."""
    count = len(people)
    places = torch.tensor(people, dtype=torch.float64).reshape(1, count, 2)
    goals = torch.tensor([[9.0, 9.0], [-9.0, 9.0]], dtype=torch.float64).expand(1, count, 2, 2)
    return Situation(
        torch.tensor([[*robot, 0.0, 0.0, 0.0, 0.0]], dtype=torch.float64),
        torch.cat([places, torch.zeros_like(places)], -1),
        torch.ones(1, count, dtype=torch.bool),
        Aims(
            torch.tensor([[[2.5, 0.0]]], dtype=torch.float64),
            goals,
            torch.full((1, count, 2), math.log(0.5), dtype=torch.float64),
        ),
        Room.of(),
    )


@pytest.mark.parametrize(
    ("robot", "people", "elapsed_s", "expected"),
    [
        (FAR_ROBOT, [FAR], 0.0, None),
        (FAR_ROBOT, [FAR], 7.99, None),
        (FAR_ROBOT, [FAR], 8.0, "timeout"),
        (ROBOT_THERE, [FAR], 1.0, None),
        (FAR_ROBOT, [THERE], 1.0, None),
        (ROBOT_THERE, [THERE], 1.0, "arrived"),
        (ROBOT_THERE, [THERE], 8.0, "arrived"),
        (ROBOT_THERE, [THERE, THERE], 1.0, "arrived"),
        (ROBOT_THERE, [THERE, FAR], 1.0, None),
        (ROBOT_THERE, [(-3.0, 3.61)], 1.0, None),
        (ROBOT_THERE, [(0.0, 4.41)], 1.0, None),
        ((2.5, 0.41), [THERE], 1.0, None),
        ((0.0, 0.0), [(0.49, 0.0)], 9.0, "collision"),
        ((0.0, 0.0), [FAR, (0.49, 0.0)], 1.0, "collision"),
        ((0.0, 0.0), [(0.51, 0.0)], 1.0, None),
        (ROBOT_THERE, [], 1.0, "arrived"),
        (FAR_ROBOT, [], 1.0, None),
        (FAR_ROBOT, [], 8.0, "timeout"),
    ],
)
def test_outcome(
    scenario: Scenario,
    robot: tuple[float, float],
    people: list[tuple[float, float]],
    elapsed_s: float,
    expected: str | None,
) -> None:
    goals = torch.tensor([GOAL] * len(people)).reshape(-1, 2)
    assert outcome(scenario, situation(robot, *people), elapsed_s, goals) == expected


def test_a_collision_goes_before_arrival(scenario: Scenario) -> None:
    there = situation(ROBOT_THERE, (2.5, 0.7))
    assert outcome(scenario, there, 9.0, [(2.5, 0.7)]) == "collision"


def test_who_is_absent_neither_collides_nor_is_waited_for(scenario: Scenario) -> None:
    touching = situation(ROBOT_THERE, (2.5, 0.4))
    absent = replace(touching, present=torch.zeros(1, 1, dtype=torch.bool))
    assert outcome(scenario, touching, 0.0, [GOAL]) == "collision"
    assert outcome(scenario, absent, 0.0, [GOAL]) == "arrived"
    assert float(min_distance_m(absent)) == math.inf


def test_the_nearest_person_is_what_counts() -> None:
    assert float(min_distance_m(situation((0.0, 0.0), (3.0, 4.0), (0.0, -2.0)))) == 2.0
    assert float(min_distance_m(situation((0.0, 0.0)))) == math.inf


def test_many_episodes_at_once(scenario: Scenario) -> None:
    one, two = situation(ROBOT_THERE, THERE), situation((0.0, 0.0), (0.4, 0.0))
    both = replace(
        one.chosen([0, 0]),
        robot=torch.cat([one.robot, two.robot]),
        people=torch.cat([one.people, two.people]),
    )
    assert outcomes(scenario, both, 1.0, [GOAL]) == ["arrived", "collision"]
    assert outcomes(scenario, both, 1.0, [[FAR], [GOAL]]) == [None, "collision"]
    with pytest.raises(InputError, match="2 situations"):
        outcome(scenario, both, 1.0, [GOAL])
    with pytest.raises(InputError, match="goals have shape"):
        outcomes(scenario, both, 1.0, [GOAL, GOAL, GOAL])
