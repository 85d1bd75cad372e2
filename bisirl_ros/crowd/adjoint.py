"""The gradient of imagined episodes, all decisions of all moments in one pass.

The episodes are played without gradients; then every moment is a row of one batch with its state
as a leaf, and the adjoint lambda carries the gradient back through the steps' Jacobians:

    lambda_t = d L_t / d s_t + J_t' lambda_{t+1},      J_t = d s_{t+1} / d s_t
    d L / d phi = sum_t ( d L_t / d phi + lambda_{t+1}' d s_{t+1} / d phi )

which is what backpropagation through the unrolled episodes gives, in far fewer operations. What
people choose enters by the score function (`Through.SCORE`), or the gradient passes through the
choice's mean: u = u_a + m - stop_gradient(m), m = E_pi[u] (`Through.MEAN`, FORMULATION section 3);
m has two rows, and so its Jacobian takes two passes through what people foresee.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from bisirl_ros.crowd.evaluated import Evaluated, Graph, evaluate
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.reward import others
from bisirl_ros.crowd.setting import Setting


class Through(enum.Enum):
    """How the gradient passes people's choices; nothing: they are taken as they come."""

    SCORE = "score"
    MEAN = "mean"
    NOTHING = "nothing"


Objective = Callable[[Evaluated], Sequence[Tensor]]
"""Scalars of what was evaluated."""


def value_and_gradients(
    model: CrowdModel,
    trajectory: Trajectory,
    setting: Setting,
    phi: Tensor,
    leaves: Sequence[Tensor],
    objectives: Objective,
    through: Through = Through.SCORE,
) -> tuple[Evaluated, list[tuple[Tensor, ...]]]:
    """The evaluated decisions, and for each objective its gradients in `leaves`.

    setting: as the trajectory's, but differentiable in those of `leaves` that are weights
    phi: (m,), one of `leaves` where its gradient is wanted
    """
    graph, evaluated = evaluate(model, trajectory, setting, phi)
    moments, answered = len(trajectory.target), through is Through.MEAN and graph.people.numel()
    rows, by_mean, found = None, None, []
    for objective in objectives(evaluated):
        inputs = (graph.robot, graph.people, graph.shift, *leaves)
        direct = torch.autograd.grad(objective, inputs, retain_graph=True, materialize_grads=True)
        if rows is None:
            by_state = jacobian_rows(graph.robot_tp1, (graph.robot, graph.people))
            of_robot = torch.cat([v.flatten(2) for v in by_state], -1)  # (N, d, D)
            if answered:
                by_mean = _of_mean(graph, of_robot)
            rows, by_target = _jacobian(model, graph, setting, of_robot, by_mean)
        slope = torch.cat([direct[0], direct[1].flatten(1)], -1)
        pull = torch.where(graph.known[..., None], direct[2], 0.0)
        if by_mean is not None:
            slope = slope + torch.einsum("npk,npkd->nd", pull, by_mean)
        per_moment = (v.view(moments, -1, *v.shape[1:]) for v in (rows, slope))
        costate = _adjoint(*per_moment).flatten(0, 1)
        state_tp1 = torch.cat([graph.robot_tp1, graph.people_tp1.flatten(1)], -1)
        ends, pulls = [state_tp1], [costate]
        if by_mean is not None:
            on_people = costate[:, graph.robot.shape[1] :].view_as(graph.people)
            pull = pull + torch.einsum("npi,npik->npk", on_people, by_target)
            ends, pulls = [*ends, graph.mean], [*pulls, pull.reshape_as(graph.mean)]
        later = torch.autograd.grad(ends, leaves, pulls, retain_graph=True, materialize_grads=True)
        found.append(tuple(a + b for a, b in zip(direct[3:], later, strict=True)))
    return evaluated, found


def _jacobian(
    model: CrowdModel, graph: Graph, setting: Setting, of_robot: Tensor, by_mean: Tensor | None
) -> tuple[Tensor, Tensor]:
    """J = d s_{t+1} / d s_t of every row (N, D, D), D = d + 4 P, and d people_{t+1} / d target.

    of_robot: (N, d, D) its upper rows
    by_mean: (N, P, 2, D) d E_pi[u] / d s_t where the gradient passes through it; d people_{t+1} /
    d target is (N, P, 4, 2), zero where nobody decides
    """
    n, count = graph.people.shape[:2]
    own = graph.people.detach().requires_grad_()
    target = graph.target.clone().requires_grad_()
    period_s = model.scenario.decision_period_s
    stepped = model.scenario.person.step(own, target, period_s, setting.room)
    by_own, by_target = jacobian_rows(stepped, (own, target))  # (N, P, 4, 4), (N, P, 4, 2)
    by_target = torch.where(graph.known[..., None, None], by_target, 0.0)
    lower = by_own.new_zeros((n, count, 4, of_robot.shape[-1]))
    _own_columns(lower, graph.robot.shape[1]).add_(by_own)
    if by_mean is not None:
        lower = lower + by_target @ by_mean
    return torch.cat([of_robot, lower.flatten(1, 2)], 1), by_target


def _of_mean(graph: Graph, of_robot: Tensor) -> Tensor:
    """d E_pi[u] / d s_t of everybody: (N, P, 2, D); of_robot: (N, d, D) d robot_{t+1} / d s_t."""
    n, count, d = *graph.people.shape[:2], graph.robot.shape[1]
    view = graph.view
    now = () if graph.robot_now is None else (graph.robot_now,)
    by_robot, by_self, by_others, *by_now = jacobian_rows(
        graph.mean, (graph.robot_seen, view.own, view.others, *now)
    )
    found = by_robot.view(n, count, 2, d) @ of_robot[:, None]
    for rows in by_now:
        found[..., :d] += rows.view(n, count, 2, d)
    _own_columns(found, d).add_(by_self.view(n, count, 2, 4))
    by_others = by_others.view(n, count, 2, count - 1, 4)
    of_people = found[..., d:].view(n, count, 2, count, 4)
    for p, seen_by_p in enumerate(others(count)):
        of_people[:, p][:, :, seen_by_p] += by_others[:, p]
    return found


def _own_columns(rows: Tensor, d: int) -> Tensor:
    """Where rows (N, P, i, d + 4 P) are about each person's own state: a view (N, P, i, 4)."""
    n, count, size = rows.shape[:3]
    people: Tensor = rows[..., d:].view(n, count, size, count, 4)
    return people.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2)


def jacobian_rows(outputs: Tensor, inputs: Sequence[Tensor]) -> list[Tensor]:
    """d outputs[..., i] / d inputs, row by row of the last axis: (..., i, inputs' last axes).

    Every row of `outputs` depends on the same row of `inputs` alone.
    """
    size, lead = outputs.shape[-1], outputs.ndim - 1
    each = torch.eye(size, dtype=outputs.dtype, device=outputs.device)
    each = each.view(size, *[1] * lead, size).expand(size, *outputs.shape)
    found = torch.autograd.grad(
        outputs, inputs, each, retain_graph=True, is_grads_batched=True, allow_unused=True
    )
    whole = (
        leaf.new_zeros((size, *leaf.shape)) if rows is None else rows
        for leaf, rows in zip(inputs, found, strict=True)
    )
    return [rows.movedim(0, lead) for rows in whole]


def _adjoint(jacobian: Tensor, slope: Tensor) -> Tensor:
    """lambda_{t+1} of every moment: (T, B, D); zero after the last."""
    costate, found = torch.zeros_like(slope[0]), []
    for rows, own in zip(jacobian.flip(0), slope.flip(0), strict=True):
        found.append(costate)
        costate = torch.baddbmm(own[:, None], costate[:, None], rows)[:, 0]
    return torch.stack(found[::-1])
