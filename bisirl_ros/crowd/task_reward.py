"""r_task: what the robot wants for itself (FORMULATION section 1), differentiable."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import follow
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

ARRIVAL_WIDTH_M = 0.1
CONTACT_MARGIN_M = 0.1
CONTACT_WIDTH_M = 0.05


def task_reward(
    scenario: Scenario, before: Situation, robot_tp1: Tensor, people_tp1: Tensor
) -> Tensor:
    """Reward of one decision: progress, time until arrival, turning, contact: (B,).

    robot_tp1: (B, 6) and people_tp1: (B, P, 4) after it. Arrival and contact are sigmoids of
    distance, so that their gradients reach phi; contact is felt from CONTACT_MARGIN_M before the
    footprints touch, by the nearest person.
    """
    task, spec, route = scenario.task, scenario.robot, before.aims.route
    _, left_t = follow(route, before.robot[:, :2])
    _, left_tp1 = follow(route, robot_tp1[:, :2])
    stride = spec.max_speed * scenario.decision_period_s
    travelling = torch.sigmoid((left_tp1 - spec.goal_tolerance_m) / ARRIVAL_WIDTH_M)
    reward = (
        task.progress * (left_t - left_tp1) / stride
        - task.time * travelling
        - task.turning * robot_tp1[:, 5].square()
    )
    if before.count == 0:
        return reward
    people = before.with_bodies(robot_tp1, people_tp1).seen
    apart = _length(people[..., :2] - robot_tp1[:, None, :2])
    reach = scenario.contact_distance_m + CONTACT_MARGIN_M
    touched = torch.sigmoid((reach - apart) / CONTACT_WIDTH_M).amax(-1)
    return reward - task.collision * touched


def _length(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + 1e-6)
