"""Small random games, and oracles written as plain loops and sums over all trajectories."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.reward import LinearReward, NetworkReward, Reward
from bisirl_ros.tabular.solver import TabularSolver
from bisirl_ros.theory.random_games import KnownGame, random_game

Trajectory = list[tuple[int, int, int]]
"""(s, a_l, a_e) of every decision."""


@dataclass(frozen=True)
class Small:
    """A game, features of both families of rewards, and a policy."""

    game: TabularGame
    linear: LinearReward
    network: NetworkReward
    theta: Array
    theta_network: Array
    phi: Tensor

    @property
    def pi_l(self) -> Tensor:
        """(S, A_l)."""
        return self.game.learner_policy(self.phi)

    def family(self, name: str) -> tuple[Reward, Array]:
        """A reward and its parameters, by name."""
        families: dict[str, tuple[Reward, Array]] = {
            "linear": (self.linear, self.theta),
            "network": (self.network, self.theta_network),
        }
        return families[name]


def small(
    seed: int = 0,
    *,
    horizon: int | None = 3,
    discount: float = 0.9,
    n_states: int = 3,
    n_actions: tuple[int, int] = (2, 2),
    n_features: int = 3,
    kappa: float = 0.7,
) -> Small:
    """Everything drawn at random; transitions of Dirichlet rows."""
    rng = np.random.default_rng(seed)
    shape = (n_states, *n_actions)
    game = TabularGame(
        torch.from_numpy(rng.dirichlet(np.ones(n_states), size=shape)),
        torch.from_numpy(rng.dirichlet(np.ones(n_states))),
        discount,
        horizon,
        torch.from_numpy(rng.normal(size=shape)),
        kappa,
    )
    features = torch.from_numpy(rng.normal(size=(*shape, n_features)))
    network = NetworkReward(features[..., :2], 2)
    return Small(
        game,
        LinearReward(features),
        network,
        rng.normal(size=n_features),
        rng.normal(size=network.n_features),
        torch.from_numpy(rng.normal(size=n_states * n_actions[0])),
    )


def known_game(
    seed: int, horizon: int | None = None, beta_h: float = 0.1
) -> tuple[KnownGame, TabularSolver]:
    """A game of 4 states with an expert whose reward is known, and its solver."""
    known = random_game(
        np.random.default_rng(seed), n_states=4, n_features=4, horizon=horizon, discount=0.8
    )
    return known, TabularSolver(known.game, known.reward, beta_h=beta_h)


def tensor(theta: Array) -> Tensor:
    """theta for torch."""
    return torch.from_numpy(np.asarray(theta, float))


def random_policies(game: TabularGame, count: int, seed: int) -> Tensor:
    """(count, S, A_l)."""
    rng = np.random.default_rng(seed)
    rows = rng.dirichlet(np.ones(game.n_learner_actions), size=(count, game.n_states))
    return torch.from_numpy(rows)


def bellman_backup(game: TabularGame, pi_l: Array, r_e: Array, v_next: Array) -> Array:
    """Q(s, a_e) = E_{a_l} [r_e + gamma E v_next(s')], one number at a time."""
    p = game.transition.numpy()
    q = np.zeros((game.n_states, game.n_expert_actions))
    for s, a_l, a_e in np.ndindex(*p.shape[:3]):
        ahead = sum(p[s, a_l, a_e, to] * v_next[to] for to in range(game.n_states))
        q[s, a_e] += pi_l[s, a_l] * (r_e[s, a_l, a_e] + game.discount * ahead)
    return q


def log_sum_exp(q: Array) -> Array:
    """Over the last axis."""
    top = q.max(-1)
    return np.asarray(top + np.log(np.exp(q - top[..., None]).sum(-1)))


def looped_response(game: TabularGame, pi_l: Array, r_e: Array) -> tuple[Array, Array, Array]:
    """Q (H, S, A_e), V (H, S), pi_e (H, S, A_e) of a finite horizon."""
    assert game.horizon is not None
    v, qs, vs = np.zeros(game.n_states), [], []
    for _ in range(game.horizon):
        q = bellman_backup(game, pi_l, r_e, v)
        v = log_sum_exp(q)
        qs.append(q)
        vs.append(v)
    q, v = np.array(qs[::-1]), np.array(vs[::-1])
    return q, v, np.exp(q - v[..., None])


def all_trajectories(
    game: TabularGame, pi_l: Array, pi_e: Array
) -> Iterator[tuple[float, Trajectory]]:
    """Every (probability, trajectory) of a finite horizon; pi_e: (H, S, A_e)."""
    assert game.horizon is not None
    p, rho = game.transition.numpy(), game.initial.numpy()
    for steps in itertools.product(np.ndindex(*p.shape[:3]), repeat=game.horizon):
        probability = rho[steps[0][0]]
        for h, (s, a_l, a_e) in enumerate(steps):
            probability *= pi_l[s, a_l] * pi_e[h, s, a_e]
            if h + 1 < len(steps):
                probability *= p[s, a_l, a_e, steps[h + 1][0]]
        if probability > 0.0:
            yield float(probability), list(steps)


def as_batch(trajectories: list[Trajectory]) -> TabularInteractions:
    """Trajectories of equal length as one batch."""
    table = np.array(trajectories)
    return TabularInteractions(table[..., 0], table[..., 1], table[..., 2])


def central(function: Callable[[Array], Array | float], at: Array, step: float = 1e-5) -> Array:
    """Central differences of a function of (n,): the derivative's index comes first."""
    ways = step * np.eye(len(at))
    rises = [np.asarray(function(at + way)) - function(at - way) for way in ways]
    return np.array(rises) / (2.0 * step)


def along(function: Callable[[float], float], step: float) -> float:
    """Derivative at 0 by central differences, of fourth order."""
    near, far = (function(k * step) - function(-k * step) for k in (1, 2))
    return (8.0 * near - far) / (12.0 * step)
