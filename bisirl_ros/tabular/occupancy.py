"""How often each state is visited when learner and expert play (FORMULATION section 1)."""

from __future__ import annotations

import torch
from torch import Tensor

from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.response import closed_loop, on_policy, solve_flow


def occupancy(game: TabularGame, pi_l: Tensor, pi_e: Tensor, discount: float) -> Tensor:
    """discount^h P(s_h = s): (..., T, S); for a stationary game its sum over h, T = 1.

    pi_l: (..., S, A_l); pi_e: (..., T, S, A_e). Sums to (1 - discount^H) / (1 - discount).
    """
    transition = closed_loop(game, pi_l)
    if game.horizon is None:
        chain = on_policy(transition, pi_e[..., 0, :, :])
        start = game.initial.expand(chain.shape[:-1])
        return solve_flow(chain, discount, start, forward=True)[..., None, :]
    d = game.initial.expand(pi_e.shape[:-3] + game.initial.shape)
    flat, ds = transition.flatten(-3, -2), [d]
    for h in range(game.horizon - 1):
        both = (d[..., None] * pi_e[..., h, :, :]).flatten(-2, -1)
        d = discount * (both[..., None, :] @ flat)[..., 0, :]
        ds.append(d)
    return torch.stack(ds, -2)


def visits(game: TabularGame, pi_l: Tensor, pi_e: Tensor) -> Tensor:
    """Expected number of decisions per episode in each state: (..., T, S).

    With a horizon all H decisions count alike; without one the discount is the probability that
    the episode goes on.
    """
    discount = game.discount if game.horizon is None else 1.0
    return occupancy(game, pi_l, pi_e, discount)


def expected_return(game: TabularGame, pi_l: Tensor, pi_e: Tensor, reward: Tensor) -> Tensor:
    """E sum_h gamma^h reward(s_h, a_l, a_e): (...,); reward: (..., S, A_l, A_e)."""
    d = occupancy(game, pi_l, pi_e, game.discount)
    per_state = (pi_e * (pi_l[..., None] * reward).sum(-2)[..., None, :, :]).sum(-1)
    return (d * per_state).sum((-2, -1))
