"""Episodes as they are really lived: the robot decides at the control rate, people at theirs.

Imagination moves the robot once per decision of the people; here it answers at the control rate, as
on a robot, so that the numbers compare with the returns of played episodes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors import Actor
from bisirl_ros.crowd.aims import arrived
from bisirl_ros.crowd.outcome import done, min_distance_m
from bisirl_ros.crowd.reward import learner_reward
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

CONTROL_RATE_HZ = 20.0


@dataclass(frozen=True)
class Played:
    """B episodes: returns (B,) J_l; min_distance_m: (B,) between centres, infinite without people.

    collided, robot_arrived: (B,) bool; ended_well: (B,) bool, whoever had to arrive did
    duration_s: (B,)
    """

    returns: Array
    min_distance_m: Array
    collided: Array
    robot_arrived: Array
    ended_well: Array
    duration_s: Array


@torch.no_grad()
def play(
    scenario: Scenario,
    robot: Actor,
    people: Actor,
    theta: Array,
    start: Situation,
    rng: np.random.Generator,
    watch: Callable[[Situation], None] = lambda now: None,
) -> Played:
    """Drive `robot` past `people` with true weights theta (P, n) from `start`.

    An episode ends on contact, when whoever has to has arrived, or with its time. For the same
    `start` and the same state of `rng` the luck is the same, whoever drives. `watch` is shown every
    situation, CONTROL_RATE_HZ times a second, the start first.
    """
    sc, now = scenario, start
    weights, goal = torch.as_tensor(theta).to(now.people), now.aims.likeliest
    parts = max(1, round(sc.decision_period_s * CONTROL_RATE_HZ))
    dt_s, count = sc.decision_period_s / parts, len(now)
    returns, nearest = torch.zeros(count).to(now.robot), torch.full((count,), torch.inf)
    running, duration = torch.ones(count, dtype=torch.bool), torch.zeros(count)
    there = torch.zeros(count, dtype=torch.bool)
    watch(now)
    well = there
    for h in range(sc.episode_decisions):
        luck = torch.from_numpy(rng.random((count, now.count)))
        target, before = people.act(now, luck), now
        for _ in range(parts):
            command = robot.act(now, luck)
            now = now.with_bodies(
                sc.robot.step(now.robot, command, dt_s, now.room),
                sc.person.step(now.people, target, dt_s, now.room),
            )
            watch(now)
            apart = min_distance_m(now).to(nearest)
            nearest = torch.where(running, torch.minimum(nearest, apart), nearest)
        reward = learner_reward(sc, before, now.robot, now.people, goal, weights)
        returns += torch.where(running, sc.person.discount**h * reward, 0.0)
        duration += running * sc.decision_period_s
        there |= running & arrived(now.robot[:, :2], now.aims.robot_goal, sc.robot.goal_tolerance_m)
        walked = arrived(now.people[..., :2], goal, sc.person.goal_tolerance_m) | ~now.present
        well = well | (running & done(sc, there, walked))
        running &= ~well & (nearest >= sc.contact_distance_m)
    collided = nearest < sc.contact_distance_m
    return Played(*(v.numpy() for v in (returns, nearest, collided, there, well, duration)))


def episode_return(scenario: Scenario, situation: Situation, goal: Tensor, theta: Array) -> float:
    """sum_h gamma^h r_l along an episode that really happened.

    situation: the T + 1 states at successive decisions as a batch; goal: (P, 2); theta: (P, n)
    """
    if len(situation) < 2:
        return 0.0
    before, after = situation.chosen(slice(0, -1)), situation.chosen(slice(1, None))
    weights = torch.as_tensor(np.atleast_2d(theta)).to(situation.robot)
    goals = goal.expand(len(before), *goal.shape[-2:])
    reward = learner_reward(scenario, before, after.robot, after.people, goals, weights)
    discounts = scenario.person.discount ** torch.arange(len(reward)).to(reward)
    return float((reward * discounts).sum())
