"""r_task: what the robot wants for itself (FORMULATION section 1), differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.scenario import Scenario

ARRIVAL_WIDTH_M = 0.1
CONTACT_MARGIN_M = 0.1
CONTACT_WIDTH_M = 0.05


def task_reward(
    scenario: Scenario, robot_t: Tensor, robot_tp1: Tensor, human_tp1: Tensor
) -> Tensor:
    """Reward of one decision: progress, time until arrival, turning, contact: (...,).

    robot_t, robot_tp1: (..., 5) before and after; human_tp1: (..., 4) after. Arrival and contact
    are sigmoids of distance, so that their gradients reach phi; contact is felt from
    CONTACT_MARGIN_M before the footprints touch.
    """
    task, spec = scenario.task, scenario.robot
    goal = torch.tensor(spec.goal, dtype=robot_t.dtype, device=robot_t.device)
    before, after = _length(robot_t[..., :2] - goal), _length(robot_tp1[..., :2] - goal)
    apart = _length(robot_tp1[..., :2] - human_tp1[..., :2])
    stride = spec.max_speed * scenario.decision_period_s
    travelling = torch.sigmoid((after - spec.goal_tolerance_m) / ARRIVAL_WIDTH_M)
    reach = scenario.contact_distance_m + CONTACT_MARGIN_M
    contact = torch.sigmoid((reach - apart) / CONTACT_WIDTH_M)
    return (
        task.progress * (before - after) / stride
        - task.time * travelling
        - task.turning * robot_tp1[..., 4].square()
        - task.collision * contact
    )


def _length(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + 1e-6)
