"""A gymnasium environment: the robot's task among people who decide for themselves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario, load_scenario, scenario_names
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task_terms import task_reward
from bisirl_ros.errors import InputError
from bisirl_sim.episode import Episode
from bisirl_sim.extent import reach_m
from bisirl_sim.humans import PersonController, StraightWalker
from bisirl_sim.world import make_painter, make_world

if TYPE_CHECKING:
    from bisirl_sim.painter import Painter

WORLD_STEP_S = 0.01
PICTURE_SIZE = (640, 360)


class ScenarioEnv(gymnasium.Env[Array, Array]):
    """One robot decision per step; people decide at the same moments.

    Action: float32 in [-1, 1], shares of the limits of vx, vy and wz, shape (3,), for a drive that
    moves sideways; of vx and wz, shape (2,), for others. Observation: float32, shape (8 + 4 P,):
    robot x, y, yaw, vx, vy, wz (twist in its own frame), its goal's x, y, then x, y, vx, vy of
    each person [SI units], clipped to the space. Reward: r_task of the decision
    (`crowd.task_reward`). Info: "distance" to the nearest person [m], centre to centre, and
    "outcome" (`crowd.outcome`), None while it lasts.

    scenario: a scenario, its name or the path of its file.
    people: who decides for everybody else; None walks straight.
    backend: see `make_world`. render_mode: None or "rgb_array", which needs pybullet.
    Raises InputError for a bad scenario, backend, render mode or action.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 3}  # noqa: RUF012

    def __init__(
        self,
        scenario: str | Scenario = "crossing",
        people: PersonController | None = None,
        backend: str = "kinematic",
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "rgb_array"):
            raise InputError(f"render mode '{render_mode}' is unknown; choose rgb_array or none")
        self.scenario = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.render_mode = render_mode
        period_s = self.scenario.decision_period_s
        self.metadata = {**type(self).metadata, "render_fps": max(1, round(1.0 / period_s))}
        self._people = people if people is not None else StraightWalker(self.scenario)
        self._world_steps = max(1, round(period_s / WORLD_STEP_S))
        self._world = make_world(self.scenario, backend, dt_s=period_s / self._world_steps)
        self._episode: Episode | None = None
        self._painter: Painter | None = None
        self._high = _observation_limits(self.scenario)
        self.observation_space = spaces.Box(-self._high, self._high, dtype=np.float32)
        components = 3 if self.scenario.robot.sideways else 2
        self.action_space = spaces.Box(-1.0, 1.0, shape=(components,), dtype=np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Draw a start and new people; see `gymnasium.Env.reset`."""
        super().reset(seed=seed)
        self._episode = Episode(self.scenario, self._world, self.np_random)
        self._people.reset(int(self.np_random.integers(2**31)))
        return self._observation(), self._info(None)

    def step(self, action: Array) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        """Hold `action`, (2,) or (3,), for one decision period, or until the episode ends."""
        twist, episode = self._twist(action), self._present
        before = episode.situation
        self._world.command_robot(*twist)
        episode.move_people(self._people)
        outcome = None
        for _ in range(self._world_steps):
            self._world.step()
            outcome = episode.outcome
            if outcome:
                break
        reward = self._reward(before)
        terminated = outcome in ("collision", "arrived")
        return self._observation(), reward, terminated, outcome == "timeout", self._info(outcome)

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """Picture of the room, uint8 RGB, shape (360, 640, 3), or None without a render mode."""
        if self.render_mode is None:
            return None
        if self._painter is None:
            self._painter = make_painter(self.scenario)
        goal = self._present.start.aims.robot_goal[0].numpy()
        self._painter.show(self._world.robot_state(), self._world.people_state(), goal)
        return self._painter.render(*PICTURE_SIZE, supersample=1)

    def close(self) -> None:
        """Free the world and who paints it."""
        self._world.close()
        if self._painter is not None:
            self._painter.close()

    @property
    def _present(self) -> Episode:
        if self._episode is None:
            raise InputError("the environment has no episode yet; call reset first")
        return self._episode

    def _twist(self, action: Array) -> tuple[float, float, float]:
        """vx, vy [m/s] and wz [rad/s] of a normalised action."""
        wanted, robot = np.asarray(action, dtype=np.float64), self.scenario.robot
        if wanted.shape != self.action_space.shape or not np.isfinite(wanted).all():
            raise InputError(
                f"action {action!r}: give finite numbers, shape {self.action_space.shape}"
            )
        share = np.clip(wanted, -1.0, 1.0).tolist()
        sideways = share[1] if robot.sideways else 0.0
        return (
            share[0] * robot.max_speed,
            sideways * robot.max_speed,
            share[-1] * robot.max_turn_rate,
        )

    def _reward(self, before: Situation) -> float:
        """r_task of the decision that began in `before`, B = 1."""
        robot = torch.from_numpy(self._world.robot_state())[None]
        people = torch.from_numpy(self._world.people_state())[None]
        return float(task_reward(self.scenario, before, robot, people))

    def _observation(self) -> Array:
        goal = self._present.start.aims.robot_goal[0].numpy()
        people = self._world.people_state().ravel()
        state = np.concatenate((self._world.robot_state(), goal, people))
        return np.clip(state.astype(np.float32), -self._high, self._high)

    def _info(self, outcome: str | None) -> dict[str, Any]:
        return {"distance": self._present.distance_m, "outcome": outcome}


def _observation_limits(scenario: Scenario) -> Array:
    """Largest magnitude of each component of an observation, (8 + 4 P,), float32."""
    robot, person, taking_part = (
        scenario.robot,
        scenario.person,
        scenario.starts.people[: scenario.people],
    )
    speeds = [person.max_speed, *(math.hypot(*p.velocity) for p in taking_part)]
    reach = reach_m(scenario) + max(robot.max_speed, *speeds) * scenario.time_limit_s
    twist = (2 * robot.max_speed, 2 * robot.max_speed, 2 * robot.max_turn_rate)
    each = (reach, reach, max(speeds), max(speeds))
    limits = (reach, reach, np.pi, *twist, reach, reach, *(each * len(taking_part)))
    return np.array(limits, dtype=np.float32)


def env_id(name: str) -> str:
    """Under what id the scenario `name` of this package is registered."""
    return f"bisirl_sim/{name}-v0"


def register() -> None:
    """Make `gymnasium.make("bisirl_sim/crossing-v0")` work, and so for every scenario.

    Calling it again does nothing.
    """
    for name in scenario_names():
        if env_id(name) not in gymnasium.registry:
            gymnasium.register(
                id=env_id(name),
                entry_point="bisirl_sim.env:ScenarioEnv",
                kwargs={"scenario": name},
            )
