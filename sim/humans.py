"""Who decides where the person walks, and the simplest such person."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from bisirl_ros.crowd.scenario import Scenario


class HumanController(Protocol):
    """A person's decisions, one per decision period."""

    def reset(self, seed: int) -> None:
        """Start an episode; everything random in it follows from `seed`."""

    def decide(self, human_state: np.ndarray, robot_state: np.ndarray) -> np.ndarray:
        """Target velocity in frame odom, shape (2,) [m/s].

        human_state: x, y, vx, vy, shape (4,); robot_state: x, y, yaw, speed, turn rate, shape (5,).
        """


class StraightWalker:
    """Walks straight to the goal at the preferred speed, with noise, whatever the robot does.

    noise: standard deviation of each component of the target velocity [m/s].
    """

    def __init__(self, scenario: Scenario, noise: float = 0.05) -> None:
        self._goal = np.asarray(scenario.human.goal)
        self._speed = scenario.human.preferred_speed
        self._period_s = scenario.decision_period_s
        self._noise = noise
        self._rng = np.random.default_rng(0)

    def reset(self, seed: int) -> None:
        """See `HumanController.reset`."""
        self._rng = np.random.default_rng(seed)

    def decide(self, human_state: np.ndarray, robot_state: np.ndarray) -> np.ndarray:
        """See `HumanController.decide`."""
        way = self._goal - human_state[:2]
        distance_m = float(np.linalg.norm(way))
        speed = min(self._speed, distance_m / self._period_s)
        heading = way / distance_m if distance_m > 0.0 else np.zeros(2)
        return speed * heading + self._noise * self._rng.standard_normal(2)
