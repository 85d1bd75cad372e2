"""The gymnasium environment: its contract, repeatability, rewards and episode ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.scenario import Scenario, load_scenario, scenario_names
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.starts import PersonStart, RobotStart, Starts
from bisirl_ros.crowd.task_terms import task_reward
from bisirl_ros.errors import InputError

gymnasium = pytest.importorskip("gymnasium")
env_checker = pytest.importorskip("gymnasium.utils.env_checker")

from bisirl_sim.env import ScenarioEnv, env_id, register  # noqa: E402


@pytest.fixture
def registered() -> Iterator[None]:
    assert not [name for name in gymnasium.registry if name.startswith("bisirl_sim/")]
    register()
    register()
    yield
    for name in scenario_names():
        del gymnasium.registry[env_id(name)]


class Still:
    """People who do not walk."""

    def reset(self, seed: int) -> None:
        """Nothing is random."""

    def decide(self, situation: Situation) -> np.ndarray:
        """Stand."""
        return np.zeros((situation.count, 2))


def play(env: ScenarioEnv, seed: int, steps: int = 30) -> np.ndarray:
    """Observations and rewards of an episode of random actions, (n, 9 + 4 P)."""
    actions = np.random.default_rng(9)
    rows = [np.append(env.reset(seed=seed)[0], 0.0)]
    for _ in range(steps):
        observation, reward, terminated, truncated, _ = env.step(actions.uniform(-1, 1, 2))
        rows.append(np.append(observation, reward))
        if terminated or truncated:
            break
    return np.array(rows)


@pytest.mark.parametrize("name", ["crossing", "doorway", "crowd"])
def test_env_checker_is_content(registered: None, name: str) -> None:
    pytest.importorskip("pybullet")  # it asks for pictures
    env = gymnasium.make(env_id(name))
    assert env.unwrapped.scenario.name == name
    env_checker.check_env(env.unwrapped)
    env.close()


def test_env_checker_is_content_with_bullet(registered: None) -> None:
    pytest.importorskip("pybullet")
    env = gymnasium.make(env_id("doorway"), backend="bullet")
    env_checker.check_env(env.unwrapped)
    env.close()


def test_every_scenario_has_its_own_id(registered: None) -> None:
    for name in scenario_names():
        env = gymnasium.make(env_id(name))
        scenario = env.unwrapped.scenario
        assert scenario == load_scenario(name)
        assert env.observation_space.shape == (8 + 4 * scenario.people,)
        env.close()


@pytest.mark.parametrize(("drive", "size"), [("differential", 2), ("omni", 3), ("ackermann", 2)])
def test_actions_are_shares_of_the_limits(open_room: Scenario, drive: str, size: int) -> None:
    scenario = replace(open_room, robot=replace(open_room.robot, drive=drive), time_limit_s=4.0)
    env = ScenarioEnv(scenario, people=Still())
    assert env.action_space.shape == (size,)
    env.reset(seed=0)
    action = np.array([-0.5, 0.4, 0.25] if size == 3 else [-0.5, 0.25], dtype=np.float32)
    for _ in range(8):
        observation, *_ = env.step(action)
    robot = scenario.robot
    sideways = 0.4 * robot.max_speed if size == 3 else 0.0
    expected = (-0.5 * robot.max_speed, sideways, 0.25 * robot.max_turn_rate)
    np.testing.assert_allclose(observation[3:6], expected, atol=1e-3)
    env.close()


def test_observations_are_bodies_and_goal(open_room: Scenario) -> None:
    env = ScenarioEnv(open_room)
    observation, info = env.reset(seed=3)
    start = open_room.sample(1, np.random.Generator(np.random.PCG64(np.random.SeedSequence(3))))
    expected = (*start.robot[0].tolist(), 3.2, 0.0, *start.people[0].flatten().tolist())
    np.testing.assert_allclose(observation, expected, atol=1e-6)
    apart = (start.people[0, :, :2] - start.robot[0, :2]).norm(dim=-1)
    assert info == {"distance": pytest.approx(float(apart.min())), "outcome": None}
    env.close()


def test_episodes_repeat_per_seed_whatever_came_before(backend: str) -> None:
    env, fresh = ScenarioEnv(backend=backend), ScenarioEnv(backend=backend)
    play(env, seed=1)
    again = play(env, seed=2)
    np.testing.assert_array_equal(again, play(fresh, seed=2))
    assert not np.array_equal(again[0], play(env, seed=3)[0])
    env.close()
    fresh.close()


def test_rewards_are_the_tasks_and_the_episode_is_as_long_as_its_limit(
    open_room: Scenario, backend: str
) -> None:
    env = ScenarioEnv(open_room, people=Still(), backend=backend)
    before = env.reset(seed=0)[0]
    start = open_room.sample(1, np.random.Generator(np.random.PCG64(np.random.SeedSequence(0))))
    decisions, truncated = 0, False
    while not truncated:
        after, reward, terminated, truncated, info = env.step(np.array([0.3, 0.5]))
        rows = [torch.from_numpy(row.astype(np.float64))[None] for row in (before, after)]
        bodies = [(row[:, :6], row[:, 8:].reshape(1, 2, 4)) for row in rows]
        expected = task_reward(open_room, start.with_bodies(*bodies[0]), *bodies[1])
        assert reward == pytest.approx(float(expected), abs=1e-4)
        before, decisions = after, decisions + 1
        assert not terminated
    assert info["outcome"] == "timeout"
    assert decisions == open_room.episode_decisions
    env.close()


@pytest.mark.parametrize(("side_m", "outcome"), [(0.0, "collision"), (1.0, "arrived")])
def test_a_straight_run_ends_in_contact_or_at_the_goal(
    open_room: Scenario, side_m: float, outcome: str
) -> None:
    standing = PersonStart(position=(0.0, side_m), goals=((0.0, side_m + 0.5),))
    starts = Starts(RobotStart(pose=(-2.0, 0.0, 0.0), goal=(2.0, 0.0)), (standing,))
    env = ScenarioEnv(replace(open_room, starts=starts, people=1), people=Still())
    env.reset(seed=0)
    rewards, terminated = [], False
    while not terminated:
        _, reward, terminated, truncated, info = env.step(np.array([1.0, 0.0], dtype=np.float32))
        rewards.append(reward)
        assert not truncated
    assert info["outcome"] == outcome
    assert (info["distance"] < open_room.contact_distance_m) == (outcome == "collision")
    assert (rewards[-1] < -10.0) == (outcome == "collision")


def test_a_robot_alone(open_room: Scenario, backend: str) -> None:
    starts = Starts(RobotStart(pose=(-1.0, 0.0, 0.0), goal=(1.0, 0.0)))
    env = ScenarioEnv(replace(open_room, starts=starts, people=0), backend=backend)
    observation, info = env.reset(seed=0)
    assert observation.shape == (8,)
    assert info["distance"] == np.inf
    terminated = False
    while not terminated:
        *_, terminated, truncated, info = env.step(np.array([1.0, 0.0], dtype=np.float32))
        assert not truncated
    assert info["outcome"] == "arrived"
    env.close()


def test_bad_actions_and_modes_are_refused(open_room: Scenario) -> None:
    with pytest.raises(InputError, match="rgb_array"):
        ScenarioEnv(open_room, render_mode="ascii")
    env = ScenarioEnv(open_room)
    with pytest.raises(InputError, match="call reset first"):
        env.step(np.zeros(2))
    env.reset(seed=0)
    for action in (np.zeros(3), np.array([np.nan, 0.0])):
        with pytest.raises(InputError, match="finite"):
            env.step(action)


def test_the_kinematic_env_takes_pictures_too(gap: Scenario) -> None:
    pytest.importorskip("pybullet")
    env = ScenarioEnv(gap, render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(np.array([1.0, 0.0], dtype=np.float32))
    second = env.render()
    assert first is not None and second is not None
    assert first.shape == (360, 640, 3)
    assert np.any(first != second)
    env.close()
    env.close()
