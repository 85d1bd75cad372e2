"""People who know nothing of the robot's policy."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


class ConstantVelocityView(SoftExpert):
    """A soft expert who foresees that the robot goes on straight at its present velocity.

    The settling experiment's person (FORMULATION section 6): r_e and the softmax are the model's,
    the foresight is not. No policy need be told.
    """

    def _foreseen(self, model: CrowdModel, here: Situation, setting: Setting) -> Tensor:
        count, scenario = here.count, self._scenario
        body = robot_as_body(here.robot)
        moments = torch.arange(1, scenario.person.horizon + 1).to(body)
        ahead = body[:, None, 2:] * moments[:, None] * scenario.decision_period_s
        future = (body[:, None, :2] + ahead).repeat_interleave(count, 0)
        weights = self._policy.weights(torch.zeros(self._policy.size).to(body))  # not asked
        robot = self._policy.robot.motion(here.robot)
        targets = model.candidates.velocity[None]
        return model.foresee(weights, (robot, robot), here.seen, setting, targets, future).features
