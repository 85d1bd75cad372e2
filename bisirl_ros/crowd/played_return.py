"""What a policy earns when it is really driven: at the control rate, until the episode ends.

Imagination moves the robot once per human decision; here it decides at the control rate, as in an
episode that is played, so that the numbers compare with the returns of played episodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.expert import closed_loop
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.motion import human_step, robot_step
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.task_reward import task_reward

CONTROL_RATE_HZ = 20.0


@dataclass(frozen=True)
class Played:
    """returns: (B,) J_l; min_distance_m: (B,) between the centres; collided: (B,) bool."""

    returns: Array
    min_distance_m: Array
    collided: Array


@torch.no_grad()
def play(scenario: Scenario, phi: Tensor, theta: Array, episodes: int, seed: int) -> Played:
    """Drive pi_phi past humans with true weights theta; for a seed, the same starts and luck.

    phi: (m,); theta: (n,). An episode ends on contact, when both have arrived, or with its time.
    """
    sc, policy = scenario, InteractionPolicy(scenario.robot)
    game = RecedingHorizonGame(sc, policy, gauss_disc(sc.human.max_speed, 8, 18))
    rng = np.random.default_rng(seed)
    human, robot = game.starts(episodes, rng)
    phi, weights, goal = game.tensor(phi), game.tensor(theta), game.tensor(sc.human.goal)
    robot_goal, model = game.tensor(sc.robot.goal), closed_loop(policy, phi, sc)
    velocity, log_area = game.candidates.velocity, game.candidates.log_area
    parts = round(sc.decision_period_s * CONTROL_RATE_HZ)
    dt_s = sc.decision_period_s / parts
    returns, running = torch.zeros(episodes), torch.ones(episodes, dtype=torch.bool)
    nearest = torch.full((episodes,), torch.inf)
    for h in range(sc.episode_decisions):
        walking = (human[:, :2] - goal).norm(dim=-1) > sc.human.goal_tolerance_m
        features = game.expert.features(human, robot, velocity[None], model, goal[None])
        share = torch.softmax(features @ weights + log_area, -1).cumsum(-1)
        luck = game.tensor(rng.random((episodes, 1))) * share[:, -1:]
        index = torch.searchsorted(share, luck).clamp(max=len(velocity) - 1)[:, 0]
        target = torch.where(walking[:, None], velocity[index], 0.0)
        robot_t, human_t = robot, human
        for _ in range(parts):
            command = policy(phi, robot, human)
            robot = robot_step(robot, command, sc.robot, dt_s)
            human = human_step(human, target, sc.human.lag_s, dt_s)
            apart = (robot[:, :2] - human[:, :2]).norm(dim=-1)
            nearest = torch.where(running, torch.minimum(nearest, apart), nearest)
        _, psi = game.expert.step(human_t, target, robot, goal)
        r_e = torch.where(walking, psi @ weights, 0.0)
        reward = task_reward(sc, robot_t, robot, human) + sc.task.kappa * r_e
        returns += torch.where(running, sc.discount**h * reward, 0.0)
        there = (robot[:, :2] - robot_goal).norm(dim=-1) <= sc.robot.goal_tolerance_m
        arrived = (human[:, :2] - goal).norm(dim=-1) <= sc.human.goal_tolerance_m
        running &= ~(there & arrived) & (nearest >= sc.contact_distance_m)
    collided = nearest < sc.contact_distance_m
    return Played(returns.double().numpy(), nearest.double().numpy(), collided.numpy())
