"""The simulated expert: holds the true theta* and answers the deployed policy (sections 1, 5b)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import sunflower_disc
from bisirl_ros.crowd.expert import Expert, closed_loop
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario


class SimulatedHuman:
    """A person who chooses among their own candidate motions, denser than the learner's.

    theta: (n,) the true weights; count: how many candidates; seed: of their choices
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        theta: Array,
        seed: int,
        count: int = 400,
    ) -> None:
        self._expert, self._policy = Expert(scenario), policy
        self._scenario, self._theta = scenario, torch.as_tensor(theta, dtype=torch.float64)
        self._count, self._goal = count, torch.tensor(scenario.human.goal, dtype=torch.float64)
        self.reseed(seed)

    def reseed(self, seed: int) -> None:
        """Start the sequence of choices anew."""
        self._rng = np.random.default_rng(seed)

    def decide(self, human: Array, robot: Array, phi: Tensor) -> Array:
        """Target velocity (2,) [m/s] for the next decision period; zero once arrived.

        human: (4,); robot: (5,); phi: (m,) the policy they know the robot to follow
        """
        here = torch.as_tensor(human, dtype=torch.float64)
        tolerance = self._scenario.human.goal_tolerance_m
        if float((here[:2] - self._goal).norm()) <= tolerance:
            return np.zeros(2)
        turn = self._rng.uniform(0.0, 2.0 * math.pi)
        offered = sunflower_disc(self._scenario.human.max_speed, self._count, turn)
        with torch.no_grad():
            features = self._expert.features(
                here[None],
                torch.as_tensor(robot, dtype=torch.float64)[None],
                offered.velocity[None],
                closed_loop(self._policy, phi.double(), self._scenario),
                self._goal[None],
            )
        p = torch.softmax(features[0] @ self._theta + offered.log_area, -1).numpy()
        return np.asarray(offered.velocity[self._rng.choice(self._count, p=p / p.sum())])
