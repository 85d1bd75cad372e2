"""A gymnasium environment: the robot's task beside a person who decides for themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.task_reward import task_reward
from bisirl_ros.errors import InputError
from bisirl_sim.humans import HumanController, StraightWalker
from bisirl_sim.task import Task
from bisirl_sim.world import make_bullet_world, make_world

if TYPE_CHECKING:
    from bisirl_sim.bullet import BulletWorld

WORLD_STEP_S = 0.01
PICTURE_SIZE = (640, 360)
ENV_ID = "bisirl_sim/crossing-v0"


class ScenarioEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """One robot decision per step; the person decides at the same moments.

    Action: shape (2,), float32 in [-1, 1]: forward speed from 0 to the limit, and turn rate
    between its limits. Observation: shape (9,), float32: robot x, y, yaw, forward speed, turn
    rate, then human x, y, vx, vy [SI units, frame odom], clipped to the space. Reward:
    r_task of the decision, as the learner's (`crowd.task_reward`). Info: "distance" between the
    centres [m] and "outcome", None while it lasts.

    scenario: a scenario, its name or the path of its file.
    human: who decides for the person; None walks straight.
    backend: see `make_world`. render_mode: None or "rgb_array", which needs pybullet.
    Raises InputError for a bad scenario, backend, render mode or action.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 3}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Scenario = "crossing",
        human: HumanController | None = None,
        backend: str = "kinematic",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise InputError(f"render mode '{render_mode}' is unknown; choose rgb_array or none")
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.render_mode = render_mode
        self.metadata = {
            **type(self).metadata,
            "render_fps": max(1, round(1.0 / self.scenario.decision_period_s)),
        }
        self.task = Task(self.scenario)
        self._human = human if human is not None else StraightWalker(self.scenario)
        period_s = self.scenario.decision_period_s
        self._world_steps = max(1, round(period_s / WORLD_STEP_S))
        self._world = make_world(self.scenario, backend, dt_s=period_s / self._world_steps)
        self._painter: BulletWorld | None = None
        self._start_s = 0.0
        high = _observation_limits(self.scenario)
        self.observation_space = spaces.Box(-high, high, dtype=np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, shape=(2,), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Draw a start and a new person; see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        start = self.task.sample_start(self.np_random)
        self._world.reset(start.robot, start.human)
        self._human.reset(int(self.np_random.integers(2**31)))
        self._start_s = self._world.time_s
        return self._observation(), self._info(None)

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Hold `action`, shape (2,), for one decision period, or until the episode ends."""
        speed, turn_rate = self._command(action)
        robot_t = self._world.robot_state()
        self._world.command_robot(speed, turn_rate)
        target = self._human.decide(self._world.human_state(), robot_t)
        self._world.command_human(float(target[0]), float(target[1]))
        outcome = None
        for _ in range(self._world_steps):
            self._world.step()
            outcome = self._outcome()
            if outcome:
                break
        reward = self._reward(robot_t)
        terminated = outcome in ("collision", "arrived")
        return self._observation(), reward, terminated, outcome == "timeout", self._info(outcome)

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """Picture of the room, uint8 RGB, shape (360, 640, 3), or None without a render mode."""
        if self.render_mode is None:
            return None
        if self._painter is None:
            self._painter = make_bullet_world(self.scenario)
        self._painter.show(self._world.robot_state(), self._world.human_state())
        return self._painter.render(*PICTURE_SIZE, supersample=1)

    def close(self) -> None:
        """Free the worlds."""
        self._world.close()
        if self._painter is not None:
            self._painter.close()

    def _command(self, action: np.ndarray) -> tuple[float, float]:
        """Forward speed [m/s] and turn rate [rad/s] of a normalised action (2,)."""
        wanted = np.asarray(action, dtype=np.float64)
        if wanted.shape != (2,) or not np.all(np.isfinite(wanted)):
            raise InputError(f"action {action!r}: give two finite numbers")
        forward, turn = np.clip(wanted, -1.0, 1.0)
        robot = self.scenario.robot
        return float(0.5 * (forward + 1.0) * robot.max_speed), float(turn * robot.max_turn_rate)

    def _reward(self, robot_t: np.ndarray) -> float:
        """r_task of the decision that began in state robot_t (5,)."""
        states = (robot_t, self._world.robot_state(), self._world.human_state())
        return float(task_reward(self.scenario, *(torch.from_numpy(state) for state in states)))

    def _outcome(self) -> str | None:
        elapsed_s = self._world.time_s - self._start_s
        return self.task.outcome(self._world.robot_state(), self._world.human_state(), elapsed_s)

    def _observation(self) -> np.ndarray:
        state = np.concatenate((self._world.robot_state(), self._world.human_state()))
        space = self.observation_space
        assert isinstance(space, spaces.Box)
        return np.clip(state.astype(np.float32), space.low, space.high)

    def _info(self, outcome: str | None) -> dict[str, Any]:
        robot, human = self._world.robot_state(), self._world.human_state()
        return {"distance": self.task.distance_m(robot, human), "outcome": outcome}


def _observation_limits(scenario: Scenario) -> np.ndarray:
    """Largest magnitude of each component of an observation, shape (9,), float32."""
    robot, human = scenario.robot, scenario.human
    places = (*robot.start[:2], *robot.goal, *human.start, *human.goal)
    spreads = (*robot.start_spread[:2], *human.start_spread)
    start_speed = math.hypot(*human.start_velocity)
    walked_m = max(robot.max_speed, human.max_speed, start_speed) * scenario.time_limit_s
    reach_m = max(abs(place) for place in places) + max(spreads) + walked_m
    step = max(human.max_speed, start_speed)
    limits = (reach_m, reach_m, np.pi, 2 * robot.max_speed, 2 * robot.max_turn_rate)
    return np.array((*limits, reach_m, reach_m, step, step), dtype=np.float32)


def register() -> None:
    """Make `gymnasium.make("bisirl_sim/crossing-v0")` work; calling it again does nothing."""
    if ENV_ID not in gymnasium.registry:
        gymnasium.register(id=ENV_ID, entry_point="bisirl_sim.env:ScenarioEnv")
