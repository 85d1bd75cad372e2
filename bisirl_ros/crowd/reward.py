"""r_l = r_task + kappa * sum_p r_e^p (FORMULATION section 1), of one decision."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task_terms import task_reward


def learner_reward(
    scenario: Scenario,
    before: Situation,
    robot_tp1: Tensor,
    people_tp1: Tensor,
    goal: Tensor,
    theta: Tensor,
) -> Tensor:
    """What one decision earns the robot: (B,). Who is absent or has arrived earns nothing more.

    robot_tp1: (B, 6) and people_tp1: (B, P, 4) after it; goal: (B, P, 2) each person's own [m]
    theta: (B, P, n) or (P, n)
    """
    reward = task_reward(scenario, before, robot_tp1, people_tp1, goal)
    count, person = before.count, scenario.person
    if count == 0 or scenario.task.kappa == 0.0:
        return reward
    step = Step(
        before.people,
        people_tp1,
        robot_tp1[:, None, :2].expand(-1, count, -1),
        before.with_bodies(robot_tp1, people_tp1).seen[:, others(count), :2],
        goal,
        before.room,
        scenario.decision_period_s,
    )
    walking = before.present & ~arrived(before.people[..., :2], goal, person.goal_tolerance_m)
    r_e = torch.where(walking, (psi(step, person) * theta).sum(-1), 0.0)
    return reward + scenario.task.kappa * r_e.sum(-1)


def others(count: int) -> list[list[int]]:
    """For each of `count` people, the numbers of the others."""
    return [[q for q in range(count) if q != p] for p in range(count)]
