"""A doorway in two states, where a robot that gives way never learns what going ahead would cost.

A robot that goes ahead brings the two near each other; one that gives way keeps them apart. The
person goes, waits or walks round. Three features: progress (go, round), effort (round), and
proximity, which is non-zero only where the person goes while near.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.population import soft_expert
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.theory.random_games import KnownGame

GO, WAIT, ROUND = range(3)
GIVE_WAY, AHEAD = range(2)
APART, NEAR = range(2)


def doorway(rng: np.random.Generator, gain: float) -> KnownGame:
    """Six decisions; progress is worth about 1, walking round takes about as much effort.

    gain: what the robot itself gains by going ahead, per decision, negative where it pays for it;
    it shares the person's reward (kappa = 1)
    """
    near = np.zeros((2, 2, 3))
    near[:, AHEAD] = 0.9
    psi = np.zeros((2, 2, 3, 3))
    psi[:, :, [GO, ROUND], 0] = 1.0
    psi[:, :, ROUND, 1] = 1.0
    psi[NEAR, :, GO, 2] = 1.0
    task = np.zeros((2, 2, 3))
    task[:, AHEAD] = gain
    game = TabularGame(
        torch.from_numpy(np.stack([1.0 - near, near], -1)),
        torch.tensor([1.0, 0.0]),
        discount=0.95,
        horizon=6,
        task=torch.from_numpy(task),
        kappa=1.0,
    )
    reward = LinearReward(torch.from_numpy(psi))
    theta = rng.uniform([0.75, -1.5, -3.0], [1.25, -0.75, -1.5])
    expert = soft_expert(game, reward.table(torch.from_numpy(theta)))
    return KnownGame(game, reward, theta, expert)


def logits(going_ahead: float) -> Tensor:
    """phi (4,) of a robot that goes ahead with probability 1 / (1 + exp(-2 going_ahead))."""
    return torch.tensor([-going_ahead, going_ahead] * 2, dtype=torch.float64)
