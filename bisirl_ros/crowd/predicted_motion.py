"""Where people will probably walk, for people to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.structure import Structures


class PredictedMotion:
    """The likeliest candidate motions under an estimate; a few milliseconds per call."""

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, shown: int = 8) -> None:
        self._shown = shown
        candidates = gauss_disc(scenario.person.max_speed, 3, 12)
        self._model = CrowdModel(scenario, policy, candidates, dtype=torch.float64)

    @torch.no_grad()
    def __call__(
        self, phi: Tensor, theta: Array, situation: Situation, structures: Sequence[str] = ()
    ) -> tuple[Array, Array]:
        """Paths (P, shown, H + 1, 2) [m] and their probabilities (P, shown), likeliest first.

        phi: (m,); theta: (P, n); situation: one (B = 1); structures: how each
        decides, as given where nothing is said
        """
        model, people = self._model, situation.seen
        goal, weights_of = situation.aims.likeliest, torch.as_tensor(theta)
        named = Structures.named(model.scenario, [structures])
        setting = model.setting(situation, goal, weights_of, named)
        weights = model.policy.weights(phi.double())
        robot = model.policy.robot.motion(situation.robot)
        robots = (robot, model.drive(weights, robot, people, setting))
        velocity = model.candidates.velocity
        seen = model.foresee(weights, robots, people, setting, velocity[None])
        top = torch.topk(model.respond(seen.features, setting).p, self._shown)
        person, start = model.scenario.person, people[0, :, None].expand(-1, self._shown, -1)
        paths = person.path(start, velocity[top.indices], situation.room)
        return np.asarray(paths[..., :2]), np.asarray(top.values)
