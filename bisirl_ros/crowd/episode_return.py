"""J_l of an episode that really happened (FORMULATION section 1)."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.features import Step, psi
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.task_reward import task_reward


def episode_return(game: RecedingHorizonGame, theta: Array, human: Array, robot: Array) -> float:
    """sum_h gamma^h (r_task + kappa theta . psi) along states at successive decisions.

    theta: (n,); human: (T + 1, 4); robot: (T + 1, 5). The human's part ends where they arrive.
    """
    sc = game.scenario
    if len(human) < 2:
        return 0.0
    human_t, robot_t = game.tensor(human), game.tensor(robot)
    goal = game.tensor(sc.human.goal)
    seen = Step(human_t[:-1], human_t[1:], robot_t[1:], goal, sc.decision_period_s)
    r_e = psi(seen, sc.features, sc.human) @ game.tensor(theta)
    walking = (human_t[:-1, :2] - goal).norm(dim=-1) > sc.human.goal_tolerance_m
    r_task = task_reward(sc, robot_t[:-1], robot_t[1:], human_t[1:])
    reward = r_task + sc.task.kappa * torch.where(walking, r_e, 0.0)
    return float((reward * game.tensor(sc.discount ** np.arange(len(reward)))).sum())
