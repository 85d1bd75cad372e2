"""Starts, true goals and ends of simulated episodes; the simplest people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.starts import PersonStart, RobotStart, Starts
from bisirl_sim.episode import Episode
from bisirl_sim.humans import StraightWalker, draw_goals, told_goals
from bisirl_sim.kinematic import KinematicWorld


def test_an_episode_starts_where_the_scenario_says_and_repeats_its_seed(
    open_room: Scenario,
) -> None:
    world = KinematicWorld(open_room)
    for _ in range(100):
        world.step()
    episode = Episode(open_room, world, np.random.default_rng(7))
    expected = open_room.sample(1, np.random.default_rng(7))
    np.testing.assert_array_equal(world.robot_state(), expected.robot[0].numpy())
    np.testing.assert_array_equal(world.people_state(), expected.people[0].numpy())
    assert episode.elapsed_s == 0.0
    again = Episode(open_room, world, np.random.default_rng(7))
    np.testing.assert_array_equal(again.goals, episode.goals)
    other = Episode(open_room, world, np.random.default_rng(8))
    assert not np.array_equal(other.start.robot, episode.start.robot)


def test_true_goals_are_drawn_as_likely_as_believed(open_room: Scenario) -> None:
    rng = np.random.default_rng(2)
    start = open_room.sample(1, rng)
    drawn = np.array([draw_goals(start, rng) for _ in range(2000)])
    assert set(drawn[:, 0, 0]) == {0.0}, "one goal, padded"
    assert (drawn[:, 1, 0] == 1.5).mean() == pytest.approx(0.5, abs=0.05)
    assert set(drawn[:, 1, 0]) == {1.5, -2.0}
    aims = start.aims
    sure = replace(aims, log_belief=aims.log_belief.new_tensor([[[0.2, 0.8], [0.9, 0.1]]]).log())
    drawn = np.array([draw_goals(replace(start, aims=sure), rng) for _ in range(2000)])
    assert (drawn[:, 1, 0] == 1.5).mean() == pytest.approx(0.9, abs=0.03)


def test_the_robot_is_not_told_where_people_really_go(open_room: Scenario) -> None:
    episode = Episode(open_room, KinematicWorld(open_room), np.random.default_rng(0))
    assert episode.situation.aims is episode.start.aims
    known = told_goals(episode.situation, episode.goals)
    assert known.aims.goals.shape == (1, 2, 1, 2)
    np.testing.assert_array_equal(known.aims.likeliest[0], episode.goals)
    np.testing.assert_array_equal(known.aims.log_belief.exp(), 1.0)


def test_people_know_where_they_go_and_are_obeyed(open_room: Scenario) -> None:
    told: list[Situation] = []

    class Sure:
        def reset(self, seed: int) -> None:
            """Nothing is random."""

        def decide(self, situation: Situation) -> np.ndarray:
            told.append(situation)
            return np.array([[0.3, 0.0], [0.0, -0.4]])

    world = KinematicWorld(open_room)
    episode = Episode(open_room, world, np.random.default_rng(0))
    episode.move_people(Sure())
    for _ in range(300):
        world.step()
    np.testing.assert_array_equal(told[0].aims.goals[0, :, 0], episode.goals)
    assert told[0].aims.goals.shape[2] == 1
    np.testing.assert_allclose(world.people_state()[:, 2:], [[0.3, 0.0], [0.0, -0.4]], atol=1e-3)


def test_straight_walkers_walk_to_their_goals_and_repeat_their_seed(open_room: Scenario) -> None:
    start = open_room.sample(1, np.random.default_rng(0))
    goals = np.array([[0.0, 3.6], [-2.0, -3.6]])
    known, walker = told_goals(start, goals), StraightWalker(open_room)
    decisions = []
    for seed in (4, 4, 5):
        walker.reset(seed)
        decisions.append([walker.decide(known) for _ in range(300)])
    np.testing.assert_array_equal(decisions[0], decisions[1])
    assert not np.array_equal(decisions[0], decisions[2])
    way = goals - start.people[0, :, :2].numpy()
    expected = open_room.person.preferred_speed * way / np.linalg.norm(way, axis=-1, keepdims=True)
    np.testing.assert_allclose(np.mean(decisions[0], axis=0), expected, atol=0.015)
    there = known.with_bodies(known.robot, known.people.clone())
    there.people[0, :, :2] = known.aims.likeliest[0]
    np.testing.assert_array_equal(StraightWalker(open_room, 0.0).decide(there), 0.0)


@pytest.mark.parametrize(
    ("side_m", "drives", "expected"),
    [(0.0, True, "collision"), (1.0, True, "arrived"), (1.0, False, "timeout")],
)
def test_how_an_episode_ends(
    open_room: Scenario, side_m: float, drives: bool, expected: str
) -> None:
    standing = PersonStart(position=(0.0, side_m), goals=((0.0, side_m + 0.5),))
    starts = Starts(RobotStart(pose=(-2.0, 0.0, 0.0), goal=(2.0, 0.0)), (standing,))
    scenario = replace(open_room, starts=starts, people=1)
    world = KinematicWorld(scenario)
    episode = Episode(scenario, world, np.random.default_rng(0))
    world.command_robot(1.0 if drives else 0.0, 0.0, 0.0)
    while episode.outcome is None:
        world.step()
    assert episode.outcome == expected
    assert (episode.distance_m < scenario.contact_distance_m) == (expected == "collision")
    assert (episode.elapsed_s >= scenario.time_limit_s - 1e-6) == (expected == "timeout")
