"""How the expert's response moves with the reward: exact first and second derivatives.

With J_h = d Q_h / d theta the response's own recursion, differentiated, gives
`d V_h = E_pi J_h` and `d2 V_h = Cov_pi J_h + E_pi d2 Q_h` (linear rewards). A cost on log pi_e
therefore needs J forward once, and one sweep of weights that runs the other way.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.tabular.response import on_policy, solve_flow


def sensitivity(
    transition: Tensor, pi: Tensor, psi: Tensor, discount: float, horizon: int | None
) -> Tensor:
    """J_h = d Q_h / d theta: (..., T, S, A_e, n).

    transition: (..., S, A_e, S) of the closed loop; pi: (..., T, S, A_e)
    psi: (..., S, A_e, n) of the closed loop, d r / d theta
    """
    flat = transition.flatten(-3, -2)
    if horizon is None:
        pi = pi[..., 0, :, :]
        mean = (pi[..., None] * psi).sum(-2)
        matrix = torch.eye(pi.shape[-2], dtype=pi.dtype) - discount * on_policy(transition, pi)
        dv: Tensor = torch.linalg.solve(matrix, mean)
        return (psi + discount * (flat @ dv).view_as(psi))[..., None, :, :, :]
    psi = psi.expand(pi.shape[:-3] + psi.shape[-3:])
    dqs: list[Tensor] = []
    dv = torch.zeros_like(psi[..., 0, :])
    for h in range(horizon - 1, -1, -1):
        dq = psi + discount * (flat @ dv).view_as(psi)
        dv = (pi[..., h, :, :, None] * dq).sum(-2)
        dqs.append(dq)
    return torch.stack(dqs[::-1], -4)


def credit(
    transition: Tensor,
    pi: Tensor,
    chosen: Tensor,
    arrived: Tensor,
    discount: float,
    horizon: int | None,
) -> tuple[Tensor, Tensor]:
    """The weights with which L = sum arrived V - sum chosen Q depends on all V_h and Q_h.

    chosen: (..., T, S, A_e); arrived: (..., T, S); with arrived = sum over a_e of chosen, L is the
    negative log-likelihood of those choices
    Returns mu (..., T, S) and m (..., T, S, A_e): d L = sum m d r and, for linear rewards,
    d2 L = sum mu Cov_pi(J).
    """
    if horizon is None:
        pi, chosen, arrived = pi[..., 0, :, :], chosen[..., 0, :, :], arrived[..., 0, :]
        flow = (chosen[..., None] * transition).sum((-3, -2))
        chain = on_policy(transition, pi)
        mu = solve_flow(chain, discount, arrived - discount * flow, forward=True)
        m = mu[..., None] * pi - chosen
        return mu[..., None, :], m[..., None, :, :]
    flat, mus, ms = transition.flatten(-3, -2), [], []
    incoming = torch.zeros_like(arrived[..., 0, :])
    for h in range(horizon):
        mu = arrived[..., h, :] + incoming
        m = mu[..., None] * pi[..., h, :, :] - chosen[..., h, :, :]
        incoming = discount * (m.flatten(-2, -1)[..., None, :] @ flat)[..., 0, :]
        mus.append(mu)
        ms.append(m)
    return torch.stack(mus, -2), torch.stack(ms, -3)


def curvature(
    transition: Tensor,
    pi: Tensor,
    psi: Tensor,
    weight: Tensor,
    discount: float,
    horizon: int | None,
    extra: Tensor | None = None,
) -> Tensor:
    """sum over all but the last axis of weight * Cov_pi(J): (n, n), differentiable.

    weight: (..., T, S), mu of `credit` or the visits; extra: (..., T, S, A_e), one more column of
    psi that may change with time; the rest as for `sensitivity`, whose sweep this is without
    keeping J
    """
    if horizon is None:
        psi = psi if extra is None else torch.cat([psi, extra[..., 0, :, :, None]], -1)
        dq = sensitivity(transition, pi, psi, discount, None)
        return _spread(weight, pi, dq, (pi[..., None] * dq).sum(-2))
    flat, mean = transition.flatten(-3, -2), None
    total = torch.zeros((), dtype=psi.dtype)
    for h in range(horizon - 1, -1, -1):
        dq = psi if extra is None else torch.cat([psi, extra[..., h, :, :, None]], -1)
        if mean is not None:
            dq = dq + discount * (flat @ mean).view_as(dq)
        mean = (pi[..., h, :, None, :] @ dq)[..., 0, :]
        total = total + _spread(weight[..., h, :], pi[..., h, :, :], dq, mean)
    return total


def _spread(weight: Tensor, pi: Tensor, dq: Tensor, mean: Tensor) -> Tensor:
    centred = (dq - mean[..., None, :]).flatten(0, -2)
    return ((weight[..., None] * pi).flatten()[:, None] * centred).mT @ centred
