"""Games to learn a person's reward in, and the trials in which the estimate has to do.

Four trials a game: the training game itself; changed dynamics (other transitions, all episodes from
one state); a partner of twice the rationality; another task of the robot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.gridworld import PERSON, two_agent_gridworld
from bisirl_ros.tabular.population import soft_expert
from bisirl_ros.tabular.rationality import with_rationality
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game

BETA_H = 0.1
"""Weight of the entropy of the robot's policy; without, the best policy is not finite."""


@dataclass(frozen=True)
class Case:
    """One game to be learned, and the games that the estimate is tried in."""

    name: str
    known: KnownGame
    trials: dict[str, TabularSolver]
    seed: int

    @staticmethod
    def of(name: str, known: KnownGame, seed: int, changed: TabularGame, task: TabularGame) -> Case:
        """changed: the game with other dynamics; task: with another task of the robot."""
        solver, dynamics, other = (
            TabularSolver(game, known.reward, beta_h=BETA_H) for game in (known.game, changed, task)
        )
        trials = {
            "training": solver,
            "dynamics": dynamics,
            "partner": with_rationality(solver, 2.0),
            "task": other,
        }
        return Case(name, known, trials, seed)

    @property
    def solver(self) -> TabularSolver:
        """Of the training game."""
        return self.trials["training"]


def random_case(seed: int) -> Case:
    """A random game; new transitions, start and task for the trials are as random."""
    known, other = (random_game(np.random.default_rng([seed, part])) for part in (0, 1))
    one_state = torch.zeros_like(known.game.initial)
    one_state[0] = 1.0
    changed = replace(known.game, transition=other.game.transition, initial=one_state)
    task = replace(known.game, task=other.game.task)
    return Case.of(f"random game {seed}", known, seed, changed, task)


def grid_case(size: int, seed: int) -> Case:
    """The grid; slippery and crossing from the southern corners; the robot waits for somebody."""
    game, reward = two_agent_gridworld(size, horizon=3 * size)
    changed, _ = two_agent_gridworld(size, horizon=3 * size, slip=0.4, start=(0, size - 1))
    arrives = game.transition.view(*game.transition.shape[:3], size**2, size**2).sum(-1)
    waiting = replace(game, task=arrives[..., 0])  # in the south-west corner
    table = reward.table(torch.from_numpy(PERSON))
    known = KnownGame(game, reward, PERSON, soft_expert(game, table))
    return Case.of(f"{size} x {size} grid", known, seed, changed, waiting)
