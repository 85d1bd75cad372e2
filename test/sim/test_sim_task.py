"""Starts and outcomes."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.humans import StraightWalker
from bisirl_sim.task import Task

FAR_ROBOT = np.array([-3.0, 0.0, 0.0, 0.0, 0.0])
FAR_HUMAN = np.array([0.0, -3.0, 0.0, 1.0])
ROBOT_THERE = np.array([3.0, 0.1, 0.0, 0.0, 0.0])
HUMAN_THERE = np.array([0.3, 3.3, 0.0, 1.0])


def test_starts_fill_their_spread_and_depend_on_the_generator_only(crossing: Scenario) -> None:
    rng = np.random.default_rng(1)
    starts = [Task(crossing).sample_start(rng) for _ in range(2000)]
    again = Task(crossing).sample_start(np.random.default_rng(1))
    assert again == starts[0] != starts[1]
    for drawn, centre, spread in (
        ([s.robot for s in starts], crossing.robot.start, crossing.robot.start_spread),
        ([s.human[:2] for s in starts], crossing.human.start, crossing.human.start_spread),
    ):
        offset = (np.array(drawn) - centre) / spread
        assert np.all(np.abs(offset) <= 1.0 + 1e-9)
        np.testing.assert_allclose(offset.mean(axis=0), 0.0, atol=0.06)
        np.testing.assert_allclose(offset.var(axis=0), 1.0 / 3.0, atol=0.03)
    assert {s.human[2:] for s in starts} == {crossing.human.start_velocity}


@pytest.mark.parametrize(
    ("robot", "human", "elapsed_s", "expected"),
    [
        (FAR_ROBOT, FAR_HUMAN, 0.0, None),
        (FAR_ROBOT, FAR_HUMAN, 9.99, None),
        (FAR_ROBOT, FAR_HUMAN, 10.0, "timeout"),
        (ROBOT_THERE, FAR_HUMAN, 1.0, None),
        (FAR_ROBOT, HUMAN_THERE, 1.0, None),
        (ROBOT_THERE, HUMAN_THERE, 1.0, "arrived"),
        (ROBOT_THERE, HUMAN_THERE, 10.0, "arrived"),
        (ROBOT_THERE, np.array([-2.0, 3.9, 0.0, 1.0]), 1.0, "arrived"),
        (ROBOT_THERE, np.array([-2.0, 3.7, 0.0, 1.0]), 1.0, None),
        (np.array([0.0, 0.0, 0.0, 0.0, 0.0]), np.array([0.49, 0.0, 0, 0]), 10.0, "collision"),
        (np.array([0.0, 0.0, 0.0, 0.0, 0.0]), np.array([0.51, 0.0, 0, 0]), 1.0, None),
    ],
)
def test_outcome(
    crossing: Scenario,
    robot: np.ndarray,
    human: np.ndarray,
    elapsed_s: float,
    expected: str | None,
) -> None:
    assert Task(crossing).outcome(robot, human, elapsed_s) == expected


def test_straight_walker_walks_to_the_goal_and_repeats_its_seed(crossing: Scenario) -> None:
    walker = StraightWalker(crossing)
    decisions = []
    for seed in (4, 4, 5):
        walker.reset(seed)
        decisions.append([walker.decide(FAR_HUMAN, FAR_ROBOT) for _ in range(200)])
    np.testing.assert_array_equal(decisions[0], decisions[1])
    assert not np.array_equal(decisions[0], decisions[2])
    expected = (0.0, crossing.human.preferred_speed)
    np.testing.assert_allclose(np.mean(decisions[0], axis=0), expected, atol=0.02)
    at_goal = np.array([*crossing.human.goal, 0.0, 0.0])
    np.testing.assert_array_equal(StraightWalker(crossing, 0.0).decide(at_goal, FAR_ROBOT), 0.0)
