"""The expert's soft-Bellman response to a learner's policy (FORMULATION section 1).

All arguments may carry leading batch axes; results are differentiable, twice too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from bisirl_ros.core.lower_level import Status
from bisirl_ros.tabular.game import TabularGame

MAX_ITERATIONS = 200


@dataclass(frozen=True)
class SoftResponse:
    """pi_e given pi_phi; T = H, or 1 for a stationary game.

    q: (..., T, S, A_e); v: (..., T, S); pi: (..., T, S, A_e)
    status, iterations, residual: of the fixed point; residual = max |v - soft Bellman of v| over
        max(1, max |v|); a finite horizon is solved by one sweep and has residual 0, or infinity
        for rewards that are not finite
    """

    q: Tensor
    v: Tensor
    pi: Tensor
    status: Status = Status.CONVERGED
    iterations: int = 1
    residual: float = 0.0

    @property
    def log_pi(self) -> Tensor:
        """log pi_e: (..., T, S, A_e)."""
        return self.q - self.v[..., None]


def closed_loop(game: TabularGame, pi_l: Tensor) -> Tensor:
    """P(s' | s, a_e) with the learner's action averaged out: (..., S, A_e, S)."""
    shape = game.transition.shape
    flat = game.transition.reshape(shape[0], shape[1], -1)
    mixed: Tensor = torch.einsum("...sl,slx->...sx", pi_l, flat)
    return mixed.reshape(*mixed.shape[:-1], *shape[2:])


def averaged(pi_l: Tensor, table: Tensor) -> Tensor:
    """A table over (s, a_l, a_e) as the expert sees it on average: (..., S, A_e)."""
    return (pi_l[..., None] * table).sum(-2)


def respond(game: TabularGame, pi_l: Tensor, r_e: Tensor) -> SoftResponse:
    """The quantal best response to pi_l (..., S, A_l) under r_e (..., S, A_l, A_e)."""
    return soft_bellman(closed_loop(game, pi_l), averaged(pi_l, r_e), game.discount, game.horizon)


def soft_bellman(
    transition: Tensor, reward: Tensor, discount: float, horizon: int | None
) -> SoftResponse:
    """Solve Q_h = r + gamma P V_{h+1}, V_h = log sum exp Q_h.

    transition: (..., S, A_e, S) and reward: (..., S, A_e), of the closed loop
    """
    if horizon is None:
        return _stationary(transition, reward, discount)
    flat = transition.flatten(-3, -2)
    v, qs = torch.zeros_like(reward[..., 0]), []
    for _ in range(horizon):
        q = reward + discount * (flat @ v[..., None]).view_as(reward)
        v = torch.logsumexp(q, -1)
        qs.append(q)
    q = torch.stack(qs[::-1], -3)
    v = torch.logsumexp(q, -1)
    pi = torch.exp(q - v[..., None])
    if not bool(torch.isfinite(v).all()):
        return SoftResponse(q, v, pi, Status.NO_DESCENT, horizon, math.inf)
    return SoftResponse(q, v, pi)


def _stationary(transition: Tensor, reward: Tensor, discount: float) -> SoftResponse:
    """The fixed point by Newton's method, which here is soft policy iteration: it climbs to V."""

    def newton(v: Tensor) -> tuple[Tensor, Tensor]:
        q = reward + discount * (transition.flatten(-3, -2) @ v[..., None]).view_as(reward)
        tv = torch.logsumexp(q, -1)
        pi = torch.exp(q - tv[..., None])
        return v + solve_flow(on_policy(transition, pi), discount, tv - v), (tv - v).abs()

    status, residual, iterations = Status.ITERATION_CAP, math.inf, 0
    with torch.no_grad():
        v = torch.zeros_like(reward[..., 0])
        while iterations < MAX_ITERATIONS and status is not Status.CONVERGED:
            v_next, off = newton(v)
            residual = float((off.amax(-1) / v.abs().amax(-1).clamp(min=1.0)).max())
            if residual <= 64 * torch.finfo(v.dtype).eps:
                status = Status.CONVERGED
            elif not math.isfinite(residual):
                break
            else:
                v, iterations = v_next, iterations + 1
    if reward.requires_grad or transition.requires_grad:
        # Each Newton step from the solution doubles the order to which derivatives are right:
        # one makes the first exact, two the second and third.
        v = newton(newton(v)[0])[0]
    q = reward + discount * (transition.flatten(-3, -2) @ v[..., None]).view_as(reward)
    v = torch.logsumexp(q, -1)
    q, v = q[..., None, :, :], v[..., None, :]
    return SoftResponse(q, v, torch.exp(q - v[..., None]), status, iterations, residual)


def on_policy(transition: Tensor, pi: Tensor) -> Tensor:
    """P(s' | s) under pi (..., S, A_e): (..., S, S)."""
    return (pi[..., None] * transition).sum(-2)


def solve_flow(chain: Tensor, discount: float, right: Tensor, *, forward: bool = False) -> Tensor:
    """x of (I - gamma P) x = right, or of (I - gamma P') x = right going forward in time.

    chain: (..., S, S); right: (..., S)
    """
    matrix = torch.eye(chain.shape[-1], dtype=chain.dtype) - discount * chain
    if forward:
        matrix = matrix.transpose(-1, -2)
    solution: Tensor = torch.linalg.solve(matrix, right[..., None])[..., 0]
    return solution
