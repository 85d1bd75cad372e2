"""The peer's problems, environments of the `seals` package, and their exact experts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from imitation.algorithms.mce_irl import mce_occupancy_measures, mce_partition_fh
from seals.diagnostics.cliff_world import CliffWorldEnv
from seals.diagnostics.random_trans import RandomTransitionEnv

Array = npt.NDArray[np.float64]

SEED = 0


def cliff_world(width: int, horizon: int) -> Any:
    """A cliff of this width, 4 rows deep, seen as one-hot states."""
    return CliffWorldEnv(width=width, height=4, horizon=horizon, use_xy_obs=False)


def random_mdp(states: int, horizon: int) -> Any:
    """A random MDP with 4 actions and up to 4 successors of each, seen as one-hot states.

    seals draws its transitions in float32: they are made float64 and normalised, which also
    spares the peer a conversion per backup.
    """
    shape = {"n_states": states, "n_actions": 4, "branch_factor": 4, "horizon": horizon}
    env = RandomTransitionEnv(**shape, random_obs=False, generator_seed=SEED)
    transition = env.transition_matrix.astype(np.float64)
    env.transition_matrix = transition / transition.sum(axis=-1, keepdims=True)
    return env


PROBLEMS: dict[str, Callable[[], Any]] = {
    "cliff-7x4": lambda: cliff_world(7, horizon=8),
    "cliff-10x4": lambda: cliff_world(10, horizon=40),
    "random-16": lambda: random_mdp(16, horizon=10),
    "random-100": lambda: random_mdp(100, horizon=50),
}


@dataclass(frozen=True)
class Problem:
    """An environment and its exact expert: the soft-optimal policy of the true reward, gamma = 1.

    env: a seals TabularModelPOMDP; policy: pi[t, s, a], (H, S, A); occupancy: D[t, s], (H + 1, S),
    rows sum to 1, the last is where the last action led; visits: (S,) the sum of all H + 1 rows,
    which is what MCE-IRL matches
    """

    env: Any
    policy: Array
    occupancy: Array
    visits: Array

    @staticmethod
    def of(env: Any) -> Problem:
        """Solve the environment for its expert."""
        policy = mce_partition_fh(env)[2]
        return Problem(env, policy, *mce_occupancy_measures(env, pi=policy))

    def regret(self, reward: Array) -> float:
        """True return over H decisions that the soft-optimal policy of a reward (S,) loses."""
        occupancy, _ = mce_occupancy_measures(self.env, reward=reward)
        lost = (self.occupancy - occupancy)[:-1].sum(axis=0)
        return float(lost @ self.env.reward_matrix)

    def correlation(self, reward: Array) -> float:
        """Pearson correlation with the true reward over all states alike, visited or not."""
        return float(np.corrcoef(reward, self.env.reward_matrix)[0, 1])
