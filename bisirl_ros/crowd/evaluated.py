"""What the decisions of recorded or imagined episodes are worth, all of them as one batch.

Every moment is a row of its own, its state a leaf: the rows know nothing of each other (`adjoint`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.expert import Response
from bisirl_ros.crowd.foresight import View
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.reward import learner_reward
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.setting import Setting
from bisirl_ros.crowd.situation import Situation


@dataclass(frozen=True)
class Evaluated:
    """What the decisions of T moments in B episodes are worth; time first.

    log_pi: (T, B) log pi_e of what people chose, summed over them; reward: (T, B) r_l
    known: (T, B, P) whose choice counts; response: of the T * B * P people
    chosen: (T * B * P, n) the features of what they chose
    """

    log_pi: Tensor
    reward: Tensor
    known: Tensor
    response: Response
    chosen: Tensor

    @property
    def residual(self) -> Tensor:
        """E_pi[Phi] - Phi(chosen), the gradient of - log pi_e in theta: (T, B, P, n)."""
        off = (self.response.mean - self.chosen).view(*self.known.shape, -1)
        return torch.where(self.known[..., None], off, 0.0)

    @property
    def fisher(self) -> Tensor:
        """What each choice tells of theta: (T, B, P, n, n)."""
        n = self.chosen.shape[-1]
        told = self.response.fisher.view(*self.known.shape, n, n)
        return torch.where(self.known[..., None, None], told, 0.0)


@dataclass(frozen=True)
class Graph:
    """The decisions as a graph of N = T * B rows: leaves, and what follows from them.

    robot: (N, d) and people: (N, P, 4) leaves; robot_tp1: (N, d), people_tp1: (N, P, 4)
    robot_seen: (N * P, d) the robot one decision later, as each person expects it; view: their own
    robot_now: (N * P, d) as each sees it now, where somebody goes by that; else None
    mean: (N * P, 2) what moves E_pi[u] [m/s]; shift: (N, P, 2) a leaf, zero, added to what people
    go for: d people_tp1 / d shift is d people_tp1 / d E_pi[u]
    target: (N, P, 2) what was chosen; known: (N, P)
    """

    robot: Tensor
    people: Tensor
    robot_tp1: Tensor
    people_tp1: Tensor
    robot_now: Tensor | None
    robot_seen: Tensor
    view: View
    mean: Tensor
    shift: Tensor
    target: Tensor
    known: Tensor


def evaluate(
    model: CrowdModel, trajectory: Trajectory, setting: Setting, phi: Tensor
) -> tuple[Graph, Evaluated]:
    """All decisions of a trajectory, differentiable in states, phi (m,) and in weights."""
    moments, batch = trajectory.target.shape[:2]
    weights = model.policy.weights(phi)
    robot = trajectory.robot[:-1].flatten(0, 1).requires_grad_()
    people = trajectory.people[:-1].flatten(0, 1).requires_grad_()
    target, known = trajectory.target.flatten(0, 1), trajectory.known.flatten(0, 1)
    many = setting.repeated(moments)
    robot_tp1 = model.drive(weights, Motion.unpacked(robot), people, many).packed()
    robot_seen = robot_tp1.repeat_interleave(people.shape[1], 0)
    robot_now = robot.repeat_interleave(people.shape[1], 0) if many.structures else None
    offered = model.candidates if trajectory.offered is None else trajectory.offered
    rows = target.reshape(-1, 1, 2)
    asked = torch.cat([rows, offered.velocity.expand(len(rows), -1, -1)], 1)
    expected = Motion.unpacked(robot_seen)
    each = (expected if robot_now is None else Motion.unpacked(robot_now), expected)
    foreseen = model.foresee(weights, each, people, many, asked)
    chosen, mask = foreseen.features[:, 0], trajectory.known
    response = model.respond(foreseen.features[:, 1:], many, offered)
    mean = offered.mean(response.p)
    value = (chosen * many.theta.reshape(-1, model.n_features)).sum(-1)
    log_pi = torch.where(mask, (value - response.log_z).view(mask.shape), 0.0).sum(-1)
    shift = torch.zeros_like(target, requires_grad=True)
    period_s = model.scenario.decision_period_s
    people_tp1 = model.scenario.person.step(people, target + shift, period_s, setting.room)
    seen = (robot_now, robot_seen, foreseen.view)
    graph = Graph(robot, people, robot_tp1, people_tp1, *seen, mean, shift, target, known)
    reward = _reward(model, robot, people, robot_tp1, people_tp1, many).view(moments, batch)
    return graph, Evaluated(log_pi, reward, mask, response, chosen)


@torch.no_grad()
def rewards(model: CrowdModel, trajectory: Trajectory, setting: Setting) -> Tensor:
    """r_l of every decision of a trajectory: (T, B)."""
    moments, batch = trajectory.target.shape[:2]
    now, after = (v.flatten(0, 1) for v in (trajectory.robot[:-1], trajectory.robot[1:]))
    people, people_tp1 = (v.flatten(0, 1) for v in (trajectory.people[:-1], trajectory.people[1:]))
    many = setting.repeated(moments)
    return _reward(model, now, people, after, people_tp1, many).view(moments, batch)


def _reward(
    model: CrowdModel,
    robot: Tensor,
    people: Tensor,
    robot_tp1: Tensor,
    people_tp1: Tensor,
    setting: Setting,
) -> Tensor:
    """r_l of each row: (N,); robots as `Motion.packed`."""
    state = model.policy.robot.state
    aims = Aims(setting.route, setting.goal[..., None, :], torch.zeros_like(setting.goal[..., :1]))
    now = state(Motion.unpacked(robot))
    before = Situation(now, people, setting.present, aims, setting.room)
    after = state(Motion.unpacked(robot_tp1))
    return learner_reward(model.scenario, before, after, people_tp1, setting.goal, setting.theta)
