"""The gymnasium environment: its contract, repeatability and episode ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

gymnasium = pytest.importorskip("gymnasium")
env_checker = pytest.importorskip("gymnasium.utils.env_checker")

from bisirl_sim.env import ENV_ID, ScenarioEnv, register  # noqa: E402


@pytest.fixture(params=["kinematic", "bullet"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "bullet":
        pytest.importorskip("pybullet")
    return str(request.param)


@pytest.fixture
def registered() -> Iterator[None]:
    assert ENV_ID not in gymnasium.registry, "importing must not register"
    register()
    register()
    yield
    del gymnasium.registry[ENV_ID]


class Still:
    """A person who does not walk."""

    def reset(self, seed: int) -> None:
        """Nothing is random."""

    def decide(self, human_state: np.ndarray, robot_state: np.ndarray) -> np.ndarray:
        """Stand."""
        return np.zeros(2)


def play(env: ScenarioEnv, seed: int, steps: int = 30) -> np.ndarray:
    """Observations and rewards of an episode of random actions, shape (n, 10)."""
    actions = np.random.default_rng(9)
    rows = [np.append(env.reset(seed=seed)[0], 0.0)]
    for _ in range(steps):
        observation, reward, terminated, truncated, _ = env.step(actions.uniform(-1, 1, 2))
        rows.append(np.append(observation, reward))
        if terminated or truncated:
            break
    return np.array(rows)


@pytest.mark.filterwarnings("error")
def test_env_checker_is_content(registered: None, backend: str) -> None:
    pytest.importorskip("pybullet")
    env = gymnasium.make(ENV_ID, backend=backend)
    env_checker.check_env(env.unwrapped)
    env.close()


def test_episodes_repeat_per_seed_whatever_came_before(backend: str) -> None:
    env, fresh = ScenarioEnv(backend=backend), ScenarioEnv(backend=backend)
    play(env, seed=1)
    again = play(env, seed=2)
    np.testing.assert_array_equal(again, play(fresh, seed=2))
    assert not np.array_equal(again[0], play(env, seed=3)[0])
    env.close()
    fresh.close()


def test_rewards_add_up_and_the_episode_is_as_long_as_its_limit(
    open_room: Scenario, backend: str
) -> None:
    env = ScenarioEnv(open_room, human=Still(), backend=backend)
    robot_0 = env.reset(seed=0)[0][:5]
    total, decisions, truncated = 0.0, 0, False
    while not truncated:
        observation, reward, terminated, truncated, info = env.step(np.array([-1.0, 0.5]))
        total, decisions = total + reward, decisions + 1
        assert not terminated
    assert info["outcome"] == "timeout"
    assert decisions == open_room.episode_decisions
    turn_rate = 0.5 * open_room.robot.max_turn_rate
    cost = open_room.task.time + open_room.task.turning * turn_rate**2
    assert total == pytest.approx(-cost * decisions, abs=0.1)
    np.testing.assert_allclose(observation[:2], robot_0[:2], atol=0.01)
    env.close()


@pytest.mark.parametrize(("side_m", "outcome"), [(0.0, "collision"), (1.0, "arrived")])
def test_a_straight_run_ends_in_contact_or_at_the_goal(
    open_room: Scenario, side_m: float, outcome: str
) -> None:
    robot = replace(open_room.robot, start_spread=(0.0, 0.0, 0.0))
    human = replace(
        open_room.human,
        start=(0.0, side_m),
        goal=(0.0, side_m + 0.5),
        start_spread=(0.0, 0.0),
        start_velocity=(0.0, 0.0),
    )
    env = ScenarioEnv(replace(open_room, robot=robot, human=human), human=Still())
    env.reset(seed=0)
    rewards, terminated = [], False
    while not terminated:
        _, reward, terminated, truncated, info = env.step(np.array([1.0, 0.0], dtype=np.float32))
        rewards.append(reward)
        assert not truncated
    assert info["outcome"] == outcome
    assert (info["distance"] < open_room.contact_distance_m) == (outcome == "collision")
    assert (rewards[-1] < -10.0) == (outcome == "collision")


def test_bad_actions_and_modes_are_refused(open_room: Scenario) -> None:
    with pytest.raises(InputError, match="rgb_array"):
        ScenarioEnv(open_room, render_mode="ascii")
    env = ScenarioEnv(open_room)
    env.reset(seed=0)
    for action in (np.zeros(3), np.array([np.nan, 0.0])):
        with pytest.raises(InputError, match="finite"):
            env.step(action)


def test_the_kinematic_env_takes_pictures_too(crossing: Scenario) -> None:
    pytest.importorskip("pybullet")
    env = ScenarioEnv(crossing, render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    env.step(np.array([1.0, 0.0], dtype=np.float32))
    second = env.render()
    assert first is not None and second is not None
    assert first.shape == (360, 640, 3)
    assert np.any(first != second)
    env.close()
