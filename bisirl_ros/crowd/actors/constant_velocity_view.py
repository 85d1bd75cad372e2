"""People who know nothing of the robot's policy."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.actors.bodies import robot_as_body
from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.foresight import View
from bisirl_ros.crowd.model import CrowdModel, Setting
from bisirl_ros.crowd.reward import others
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
        people = here.seen
        own = people.reshape(-1, 4)
        view = View(
            own=own,
            others=people[:, others(count)].reshape(len(own), count - 1, 4),
            goal=setting.goal.reshape(-1, 2),
            robot_tp1=self._policy.robot.motion(here.robot).repeated(count),
            course=setting.course.repeated(count),
            future=future,
        )
        anything = self._policy.weights(torch.zeros(self._policy.size).to(body))
        return model.foresight.features(anything, view, model.candidates.velocity[None], here.room)
