"""Collecting interactions in a tabular game (FORMULATION section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.tabular.game import TabularGame

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class TabularInteractions:
    """One batch: N episodes under one deployed policy, never a reward.

    state, learner, expert: (N, H) integers; -1 after an episode's end
    """

    state: IntArray
    learner: IntArray
    expert: IntArray

    def __len__(self) -> int:
        return int((self.state >= 0).sum())


def collect(
    game: TabularGame, pi_l: Tensor, pi_e: Tensor, episodes: int, rng: np.random.Generator
) -> TabularInteractions:
    """Play episodes; pi_l: (S, A_l), pi_e: (T, S, A_e).

    Without a horizon an episode goes on with probability gamma after each decision. The same
    generator state gives the same luck to nearby policies (common random numbers).
    """
    if game.horizon is None:
        length = rng.geometric(1.0 - game.discount, episodes)
    else:
        length = np.full(episodes, game.horizon)
    steps = int(length.max())
    shape = game.transition.shape
    learner_cdf, expert_cdf = _cdf(pi_l), _cdf(pi_e)
    next_cdf = _cdf(game.transition)
    luck = rng.random((steps, 3, episodes))
    state, learner, expert = (np.full((episodes, steps), -1) for _ in range(3))
    s = _draw(np.broadcast_to(_cdf(game.initial), (episodes, shape[0])), rng.random(episodes))
    for h in range(steps):
        alive = h < length
        a_l = _draw(learner_cdf[s], luck[h, 0])
        a_e = _draw(expert_cdf[h if game.horizon else 0, s], luck[h, 1])
        state[alive, h], learner[alive, h], expert[alive, h] = s[alive], a_l[alive], a_e[alive]
        s = _draw(next_cdf[s, a_l, a_e], luck[h, 2])
    return TabularInteractions(state, learner, expert)


def choice_counts(game: TabularGame, batch: TabularInteractions) -> Tensor:
    """How often each action was chosen: (1, T, S, A_e); T = 1 pools a stationary game's steps."""
    counts = np.zeros((game.steps, game.n_states, game.n_expert_actions))
    episode, h = np.nonzero(batch.state >= 0)
    time = h if game.horizon else np.zeros_like(h)
    np.add.at(counts, (time, batch.state[episode, h], batch.expert[episode, h]), 1.0)
    return torch.from_numpy(counts)[None]


def _cdf(p: Tensor) -> Array:
    cdf = np.cumsum(p.detach().numpy(), -1)
    return np.asarray(cdf / cdf[..., -1:])


def _draw(cdf: Array, uniform: Array) -> IntArray:
    """One index per row of cdf (N, K): the first whose cumulative probability exceeds uniform."""
    return np.asarray((uniform[:, None] >= cdf).sum(-1))
