"""The task of a scenario: where an episode starts and how it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.crowd.scenario import Scenario


@dataclass(frozen=True)
class Start:
    """Where an episode starts, frame odom.

    robot: x, y, yaw [m, m, rad]; human: x, y, vx, vy [m, m, m/s, m/s].
    """

    robot: tuple[float, float, float]
    human: tuple[float, float, float, float]


class Task:
    """rho_0 and the end of an episode (FORMULATION section 1) for one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        start, goal = np.asarray(scenario.human.start), np.asarray(scenario.human.goal)
        self._human_goal = goal
        length_m = float(np.linalg.norm(goal - start))
        self._human_way = (goal - start) / length_m if length_m > 0.0 else np.zeros(2)

    def sample_start(self, rng: np.random.Generator) -> Start:
        """Draw a start uniformly within the spreads; five numbers of `rng`, always."""
        robot, human = self.scenario.robot, self.scenario.human
        offset = rng.uniform(-1.0, 1.0, size=5)
        pose = np.asarray(robot.start) + offset[:3] * np.asarray(robot.start_spread)
        place = np.asarray(human.start) + offset[3:] * np.asarray(human.start_spread)
        return Start(
            robot=(float(pose[0]), float(pose[1]), float(pose[2])),
            human=(float(place[0]), float(place[1]), *human.start_velocity),
        )

    def distance_m(self, robot_state: np.ndarray, human_state: np.ndarray) -> float:
        """Distance between the centres [m] of robot (5,) and human (4,)."""
        return math.dist(robot_state[:2], human_state[:2])

    def robot_arrived(self, robot_state: np.ndarray) -> bool:
        """Whether the robot, state (5,), is within its goal's tolerance."""
        robot = self.scenario.robot
        return math.dist(robot_state[:2], robot.goal) <= robot.goal_tolerance_m

    def human_arrived(self, human_state: np.ndarray) -> bool:
        """Whether the person, state (4,), is within their tolerance or past their goal."""
        offset = np.asarray(human_state)[:2] - self._human_goal
        past_m = float(offset @ self._human_way)
        return past_m > 0.0 or math.hypot(*offset) <= self.scenario.human.goal_tolerance_m

    def outcome(
        self, robot_state: np.ndarray, human_state: np.ndarray, elapsed_s: float
    ) -> str | None:
        """How the episode has ended: "collision", "arrived", "timeout", in this order, or None.

        robot_state: shape (5,); human_state: shape (4,); elapsed_s: time since the start [s].
        """
        if self.distance_m(robot_state, human_state) < self.scenario.contact_distance_m:
            return "collision"
        if self.robot_arrived(robot_state) and self.human_arrived(human_state):
            return "arrived"
        return "timeout" if elapsed_s >= self.scenario.time_limit_s - 1e-6 else None
