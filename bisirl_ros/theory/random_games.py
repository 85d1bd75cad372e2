"""Random interaction games, and people whose reward is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.interactions import TabularInteractions, collect
from bisirl_ros.tabular.population import Expert, soft_expert
from bisirl_ros.tabular.reward import LinearReward


@dataclass(frozen=True)
class KnownGame:
    """A game with an expert whose reward is known.

    theta: (n,) the truth; expert: what it plays against a policy
    """

    game: TabularGame
    reward: LinearReward
    theta: Array
    expert: Expert

    @property
    def table(self) -> Tensor:
        """The true r_e: (S, A_l, A_e)."""
        return self.reward.table(torch.from_numpy(self.theta))

    def play(self, phi: Tensor, episodes: int, rng: np.random.Generator) -> TabularInteractions:
        """Deploy pi_phi for some episodes."""
        with torch.no_grad():
            pi_l = self.game.learner_policy(phi)
            return collect(self.game, pi_l, self.expert(pi_l), episodes, rng)

    def random_phi(self, rng: np.random.Generator, spread: float = 1.0) -> Tensor:
        """Logits (S * A_l,) of a random policy."""
        size = self.game.n_states * self.game.n_learner_actions
        return torch.from_numpy(spread * rng.normal(size=size))


def random_game(
    rng: np.random.Generator,
    *,
    n_states: int = 8,
    n_actions: tuple[int, int] = (3, 3),
    n_features: int = 8,
    horizon: int | None = None,
    discount: float = 0.9,
    kappa: float = 0.5,
    scale: float = 1.0,
    sharpness: float = 1.5,
) -> KnownGame:
    """Transitions, task, features and weights drawn at random; the expert is the model's.

    scale: standard deviation of the weights; sharpness: of the logits of transitions, the larger
    the closer to deterministic
    """
    shape = (n_states, *n_actions)
    transition = np.exp(sharpness * rng.normal(size=(*shape, n_states)))
    transition /= transition.sum(-1, keepdims=True)
    game = TabularGame(
        torch.from_numpy(transition),
        torch.full((n_states,), 1.0 / n_states, dtype=torch.float64),
        discount,
        horizon,
        torch.from_numpy(rng.normal(size=shape)),
        kappa,
    )
    reward = LinearReward(torch.from_numpy(rng.normal(size=(*shape, n_features))))
    theta = scale * rng.normal(size=n_features)
    return KnownGame(game, reward, theta, soft_expert(game, reward.table(torch.from_numpy(theta))))
