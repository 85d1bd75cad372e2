"""What the robot may be paid for: one decision of all bodies, one number per term, differentiable.

Every term takes a `Move` and returns (B,). Terms of people hold the people's state: the robot can
only earn those through their response.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import follow
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.task import TermSpec

ARRIVAL_WIDTH_M = 0.1
CONTACT_MARGIN_M = 0.1
CONTACT_WIDTH_M = 0.05
EDGE_M = 0.1


@dataclass(frozen=True)
class Move:
    """One decision of everybody.

    robot_tp1: (B, 6) and people_tp1: (B, P, 4) after it; goal: (B, P, 2) each person's own [m]
    """

    scenario: Scenario
    before: Situation
    robot_tp1: Tensor
    people_tp1: Tensor
    goal: Tensor

    @property
    def apart(self) -> Tensor:
        """Between the centres of the robot and each person, after it: (B, P) [m]."""
        people = self.before.with_bodies(self.robot_tp1, self.people_tp1).seen
        return _length(people[..., :2] - self.robot_tp1[:, None, :2])

    def summed(self, values: Tensor) -> Tensor:
        """Over whoever is present: (B, P) to (B,)."""
        return torch.where(self.before.present, values, 0.0).sum(-1)


Term = Callable[[Move, TermSpec], Tensor]


def progress(move: Move, term: TermSpec) -> Tensor:
    """Way that the robot has gained along its route, in strides at full speed."""
    robot, left = move.scenario.robot, _left(move, move.before.robot)
    stride = robot.max_speed * move.scenario.decision_period_s
    return (left - _left(move, move.robot_tp1)) / (stride * term.scale)


def travelling(move: Move, term: TermSpec) -> Tensor:
    """1 until the robot has arrived, then 0."""
    left = _left(move, move.robot_tp1) - move.scenario.robot.goal_tolerance_m
    return torch.sigmoid(left / ARRIVAL_WIDTH_M)


def turning(move: Move, term: TermSpec) -> Tensor:
    """(turn rate / scale)^2; scale [rad/s]."""
    return (move.robot_tp1[:, 5] / term.scale).square()


def contact(move: Move, term: TermSpec) -> Tensor:
    """1 where the robot touches somebody, felt from CONTACT_MARGIN_M before it does."""
    if move.before.count == 0:
        return torch.zeros_like(move.robot_tp1[:, 0])
    reach = move.scenario.contact_distance_m + CONTACT_MARGIN_M
    return torch.sigmoid((reach - move.apart) / CONTACT_WIDTH_M).amax(-1)


def people_progress(move: Move, term: TermSpec) -> Tensor:
    """Way that people have gained on their goals, in units of `scale` [m]."""
    before = _length(move.before.people[..., :2] - move.goal)
    return move.summed(before - _length(move.people_tp1[..., :2] - move.goal)) / term.scale


def people_travelling(move: Move, term: TermSpec) -> Tensor:
    """How many people have not arrived yet."""
    left = _length(move.people_tp1[..., :2] - move.goal) - move.scenario.person.goal_tolerance_m
    return move.summed(torch.sigmoid(left / ARRIVAL_WIDTH_M))


def people_inside(move: Move, term: TermSpec) -> Tensor:
    """How many people are inside `box`, whose edges are `EDGE_M` wide."""
    low, high = term.box[:2], term.box[2:]
    place = move.people_tp1[..., :2]
    inside = torch.sigmoid((place - place.new_tensor(low)) / EDGE_M)
    inside = inside * torch.sigmoid((place.new_tensor(high) - place) / EDGE_M)
    return move.summed(inside.prod(-1))


def company(move: Move, term: TermSpec) -> Tensor:
    """exp(-((distance - best) / scale)^2 / 2) of each person, summed."""
    return move.summed(torch.exp(-0.5 * ((move.apart - term.distance) / term.scale).square()))


TERMS: dict[str, Term] = {
    f.__name__: f
    for f in (
        progress,
        travelling,
        turning,
        contact,
        people_progress,
        people_travelling,
        people_inside,
        company,
    )
}


def task_reward(
    scenario: Scenario,
    before: Situation,
    robot_tp1: Tensor,
    people_tp1: Tensor,
    goal: Tensor | None = None,
) -> Tensor:
    """r_task of one decision: (B,).

    robot_tp1: (B, 6) and people_tp1: (B, P, 4) after it
    goal: (B, P, 2) each person's own [m]; None: the likeliest
    """
    goal = before.aims.likeliest if goal is None else goal
    move, reward = Move(scenario, before, robot_tp1, people_tp1, goal), robot_tp1.new_zeros(())
    for term in scenario.task.terms:
        reward = reward + term.weight * TERMS[term.name](move, term)
    return reward.expand(len(robot_tp1))


def _left(move: Move, robot: Tensor) -> Tensor:
    return follow(move.before.aims.route, robot[:, :2])[1]


def _length(vector: Tensor) -> Tensor:
    return torch.sqrt(vector.square().sum(-1) + 1e-6)
