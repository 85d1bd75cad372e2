"""Problems of one agent: a Markov decision process whose expert is known exactly, r(s) unknown.

The classical setting of inverse reinforcement learning: a game whose learner has a single action.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import LowerLevelResult, solve_lower_level
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.response import respond
from bisirl_ros.tabular.reward import LinearReward

PRECISION = 1e-12
"""Of the prior: enough to give directions that nothing identifies a place."""


@dataclass(frozen=True)
class Problem:
    """One agent's MDP and its exact expert; r(s) is unknown.

    game: with a learner that has one action; truth: (S,); counts: (1, H, S, A) expected choices
    arriving: (S,) expected visits over all H + 1 moments, as the peer counts them
    """

    game: TabularGame
    truth: Array
    counts: Tensor
    arriving: Array

    @property
    def reward(self) -> LinearReward:
        """One weight per state."""
        s, _, a = self.game.transition.shape[:3]
        eye = torch.eye(s, dtype=torch.float64)
        return LinearReward(eye[:, None, None, :].expand(s, 1, a, s))

    @staticmethod
    def of(transition: Array, initial: Array, horizon: int, truth: Array) -> Problem:
        """transition: (S, A, S); initial: (S,); truth: (S,) the reward of the expert."""
        game = TabularGame(
            torch.from_numpy(transition)[:, None], torch.from_numpy(initial), 1.0, horizon
        )
        counts = _choices(game, truth)
        return Problem(game, truth, counts[None], _arriving(game, counts))

    def solve(self, from_zero: bool = False) -> tuple[TabularLikelihood, LowerLevelResult]:
        """Its likelihood and the reward of the maximum: Newton's method.

        It starts at Hotz and Miller's estimate, exact for exact frequencies, or at zero.
        """
        one = torch.ones((1, self.game.n_states, 1), dtype=torch.float64)
        likelihood = TabularLikelihood(self.game, self.reward, one, self.counts)
        evidence = Evidence.start(len(self.truth), PRECISION).add(likelihood)
        start = np.zeros(len(self.truth)) if from_zero else likelihood.hotz_miller()
        return likelihood, solve_lower_level(
            evidence, start, trajectories=1, tolerance=1e-8, max_iterations=200
        )

    def occupancy_error(self, theta: Array) -> float:
        """max |expected visits - the expert's| over the states."""
        arriving = _arriving(self.game, _choices(self.game, theta))
        return float(np.abs(arriving - self.arriving).max())


def random_problem(n_states: int, horizon: int, seed: int) -> Problem:
    """Like the peer's: four actions with up to four successors each, normal rewards."""
    rng = np.random.default_rng(seed)
    transition = np.zeros((n_states, 4, n_states))
    for row in transition.reshape(-1, n_states):
        row[rng.integers(n_states, size=4)] = rng.random(4)
    transition /= transition.sum(-1, keepdims=True)
    initial = rng.random(n_states)
    return Problem.of(transition, initial / initial.sum(), horizon, rng.normal(size=n_states))


def _choices(game: TabularGame, reward: Array) -> Tensor:
    """Expected choices under the soft-optimal policy of a reward (S,): (H, S, A)."""
    s, _, a = game.transition.shape[:3]
    pi_l = torch.ones((s, 1), dtype=torch.float64)
    pi = respond(game, pi_l, torch.from_numpy(reward)[:, None, None].expand(s, 1, a)).pi
    return visits(game, pi_l, pi)[..., None] * pi


def _arriving(game: TabularGame, counts: Tensor) -> Array:
    """Expected visits per state before each of H decisions and after the last: (S,)."""
    last = torch.einsum("sa,sat->t", counts[-1], game.transition[:, 0])
    return (counts.sum((0, 2)) + last).numpy()
