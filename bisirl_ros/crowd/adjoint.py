"""The gradient of imagined episodes, all decisions of all moments in one pass.

The episodes are played without gradients; then every moment is a row of one batch with its state
as a leaf, and the adjoint lambda carries the gradient back through the steps' Jacobians:

    lambda_t = d L_t / d s_t + J_t' lambda_{t+1},      J_t = d s_{t+1} / d s_t
    d L / d phi = sum_t ( d L_t / d phi + lambda_{t+1}' d s_{t+1} / d phi )

which is what backpropagation through the unrolled episodes gives, in far fewer operations. What
people choose enters by the score function (`Through.SCORE`), or the gradient passes through the
choice's mean: u = u_a + m - stop_gradient(m), m = E_pi[u] (`Through.MEAN`, FORMULATION section 3).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.expert import Response
from bisirl_ros.crowd.model import CrowdModel, Foreseen, Setting, Trajectory
from bisirl_ros.crowd.reward import learner_reward, others
from bisirl_ros.crowd.robot import Motion
from bisirl_ros.crowd.situation import Situation


class Through(enum.Enum):
    """How the gradient passes people's choices."""

    SCORE = "score"
    MEAN = "mean"


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
    """The decisions as a graph: leaves, what people looked at, and the states that follow.

    robot: (N, d) and people: (N, P, 4) leaves; robot_tp1: (N, d), people_tp1: (N, P, 4)
    robot_seen: (N * P, d) the robot one decision later, as each person expects it
    mean: (N * P, 2) E_pi[u]; target: (N, P, 2) what was chosen
    """

    robot: Tensor
    people: Tensor
    robot_tp1: Tensor
    robot_seen: Tensor
    people_tp1: Tensor
    foreseen: Foreseen
    mean: Tensor
    target: Tensor
    known: Tensor


Objective = Callable[[Evaluated], Tensor]
"""A scalar of what was evaluated."""


def value_and_gradients(
    model: CrowdModel,
    trajectory: Trajectory,
    setting: Setting,
    phi: Tensor,
    leaves: Sequence[Tensor],
    objectives: Callable[[Evaluated], Sequence[Tensor]],
    through: Through = Through.SCORE,
) -> tuple[Evaluated, list[tuple[Tensor, ...]]]:
    """The evaluated decisions, and for each objective its gradients in `leaves`.

    setting: as the trajectory's, but differentiable in those of `leaves` that are weights
    phi: (m,), one of `leaves` where its gradient is wanted
    """
    graph, evaluated = _evaluate(model, trajectory, setting, phi, through)
    rows = None
    found = []
    for objective in objectives(evaluated):
        inputs = (graph.robot, graph.people, *leaves)
        direct = torch.autograd.grad(objective, inputs, retain_graph=True, materialize_grads=True)
        if rows is None:
            rows = _jacobian(model, graph, setting, len(trajectory.target), through)
        slope = torch.cat([direct[0], direct[1].flatten(1)], -1)
        costate = _adjoint(rows, slope.view(len(rows), -1, slope.shape[-1]))
        state_tp1 = torch.cat([graph.robot_tp1, graph.people_tp1.flatten(1)], -1)
        carried = (state_tp1 * costate.flatten(0, 1)).sum()
        later = torch.autograd.grad(carried, leaves, retain_graph=True, materialize_grads=True)
        found.append(tuple(a + b for a, b in zip(direct[2:], later, strict=True)))
    return evaluated, found


def _evaluate(
    model: CrowdModel, trajectory: Trajectory, setting: Setting, phi: Tensor, through: Through
) -> tuple[Graph, Evaluated]:
    """All decisions as one batch of N = T * B rows."""
    moments, batch = trajectory.target.shape[:2]
    weights = model.policy.weights(phi)
    robot = trajectory.robot[:-1].flatten(0, 1).requires_grad_()
    people = trajectory.people[:-1].flatten(0, 1).requires_grad_()
    target, known = trajectory.target.flatten(0, 1), trajectory.known.flatten(0, 1)
    many = setting.repeated(moments)
    robot_tp1 = model.drive(weights, Motion.unpacked(robot), people, many).packed()
    robot_seen = robot_tp1.repeat_interleave(people.shape[1], 0)
    velocity = model.candidates.velocity
    asked = torch.cat(
        [target.reshape(-1, 1, 2), velocity.expand(target[..., 0].numel(), -1, -1)], 1
    )
    foreseen = model.foresee(weights, Motion.unpacked(robot_seen), people, many, asked)
    response = model.respond(foreseen.features[:, 1:], many)
    mean = response.p @ velocity
    going = target
    if through is Through.MEAN:
        shift = (mean - mean.detach()).view_as(target)
        going = target + torch.where(known[..., None], shift, 0.0)
    period_s = model.scenario.decision_period_s
    people_tp1 = model.scenario.person.step(people, going, period_s, setting.room)
    graph = Graph(robot, people, robot_tp1, robot_seen, people_tp1, foreseen, mean, target, known)
    chosen, mask = foreseen.features[:, 0], trajectory.known
    log_pi = _log_density(model, response, chosen, many).view(mask.shape)
    log_pi = torch.where(mask, log_pi, 0.0).sum(-1)
    reward = _reward(model, graph, many).view(moments, batch)
    return graph, Evaluated(log_pi, reward, mask, response, chosen)


def _log_density(model: CrowdModel, response: Response, chosen: Tensor, setting: Setting) -> Tensor:
    """log pi_e of the chosen features (M, n), a density per [m^2/s^2]: (M,)."""
    theta = setting.theta.reshape(-1, model.n_features)
    value = (chosen * theta).sum(-1)
    first = (response.features[:, 0] * theta).sum(-1) + model.candidates.log_area[0]
    return value - (first - response.log_p[:, 0])


def _reward(model: CrowdModel, graph: Graph, setting: Setting) -> Tensor:
    """r_l of each row: (N,)."""
    state = model.policy.robot.state
    aims = Aims(setting.route, setting.goal[..., None, :], torch.zeros_like(setting.goal[..., :1]))
    now = state(Motion.unpacked(graph.robot))
    before = Situation(now, graph.people, setting.present, aims, setting.room)
    return learner_reward(
        model.scenario,
        before,
        state(Motion.unpacked(graph.robot_tp1)),
        graph.people_tp1,
        setting.goal,
        setting.theta,
    )


def _jacobian(
    model: CrowdModel, graph: Graph, setting: Setting, moments: int, through: Through
) -> Tensor:
    """J = d s_{t+1} / d s_t of every row: (T, B, D, D), D = d + 4 P."""
    n, count = graph.people.shape[:2]
    robot = _rows(graph.robot_tp1, (graph.robot, graph.people))
    upper = torch.cat([robot[0], robot[1].flatten(2)], -1)
    own = graph.people.detach().requires_grad_()
    target = graph.target.clone().requires_grad_()
    period_s = model.scenario.decision_period_s
    stepped = model.scenario.person.step(own, target, period_s, setting.room)
    by_own, by_target = _rows(stepped, (own, target))  # (N, P, 4, 4), (N, P, 4, 2)
    each = torch.eye(count, dtype=by_own.dtype, device=by_own.device)
    lower = torch.einsum("npij,pq->npiqj", by_own, each)
    if through is Through.MEAN and count:
        by_mean = torch.where(graph.known[..., None, None], by_target, 0.0)
        view = graph.foreseen.view
        by_robot, by_self, by_others = _rows(graph.mean, (graph.robot_seen, view.own, view.others))
        m_robot = by_robot.view(n, count, 2, -1) @ upper[:, None]
        m_people = torch.einsum("npij,pq->npiqj", by_self.view(n, count, 2, 4), each)
        by_others = by_others.view(n, count, 2, count - 1, 4)
        for p, seen_by_p in enumerate(others(count)):
            m_people[:, p][:, :, seen_by_p] = by_others[:, p]
        lower = lower + torch.einsum("npik,npkqj->npiqj", by_mean, m_people)
        below = (by_mean @ m_robot).flatten(1, 2)
    else:
        below = upper.new_zeros((n, 4 * count, upper.shape[-1]))
    d = graph.robot.shape[1]
    below = torch.cat([below[..., :d], below[..., d:] + lower.flatten(3).flatten(1, 2)], -1)
    return torch.cat([upper, below], 1).view(moments, -1, d + 4 * count, d + 4 * count)


def _rows(outputs: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """d outputs[..., i] / d inputs, row by row of the last axis: (..., i, inputs' last axes).

    Every row of `outputs` depends on the same row of `inputs` alone.
    """
    size, lead = outputs.shape[-1], outputs.ndim - 1
    each = torch.eye(size, dtype=outputs.dtype, device=outputs.device)
    each = each.view(size, *[1] * lead, size).expand(size, *outputs.shape)
    found = torch.autograd.grad(
        outputs, inputs, each, retain_graph=True, is_grads_batched=True, materialize_grads=True
    )
    return [rows.movedim(0, lead) for rows in found]


def _adjoint(jacobian: Tensor, slope: Tensor) -> Tensor:
    """lambda_{t+1} of every moment: (T, B, D); zero after the last."""
    costate, found = torch.zeros_like(slope[0]), []
    for rows, own in zip(jacobian.flip(0), slope.flip(0), strict=True):
        found.append(costate)
        costate = torch.baddbmm(own[:, None], costate[:, None], rows)[:, 0]
    return torch.stack(found[::-1])
