"""Where the human will probably walk, for people to look at."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.expert import Expert, closed_loop
from bisirl_ros.crowd.motion import human_path
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario


class PredictedMotion:
    """The likeliest candidate motions under an estimate; a few milliseconds per call."""

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, shown: int = 8) -> None:
        self._scenario, self._policy, self._shown = scenario, policy, shown
        self._expert = Expert(scenario)
        self._candidates = gauss_disc(scenario.human.max_speed, 3, 12)

    def __call__(
        self, phi: Tensor, theta: Array, human: Array, robot: Array, goal: tuple[float, float]
    ) -> tuple[Array, Array]:
        """Paths (shown, H + 1, 2) [m] and their probabilities (shown,), likeliest first.

        phi: (m,); theta: (n,); human: (4,); robot: (5,)
        """
        sc, velocity = self._scenario, self._candidates.velocity
        with torch.inference_mode():
            human_t = torch.from_numpy(human)
            features = self._expert.features(
                human_t[None],
                torch.from_numpy(robot)[None],
                velocity[None],
                closed_loop(self._policy, phi.double(), sc),
                torch.tensor([goal], dtype=torch.float64),
            )
            logits = features[0] @ torch.from_numpy(theta) + self._candidates.log_area
            share = torch.softmax(logits, -1)
            top = torch.topk(share, self._shown)
            start = human_t.expand(self._shown, 4)
            period = sc.decision_period_s
            paths = human_path(start, velocity[top.indices], sc.human.lag_s, period, sc.horizon)
        return np.asarray(paths[..., :2]), np.asarray(top.values)
