"""Maximum causal entropy inverse reinforcement learning by feature matching (Ziebart 2010).

Of all policies of an expert whose discounted features are those that were seen, the one of greatest
causal entropy is the soft-Bellman response to theta . psi; theta solves the convex dual problem

    min_theta  sum_batches  N E_{rho_0} V_0(s_0; theta) - theta . (discounted features, summed)

In expectation that is the discounted likelihood, w_h = gamma^h in FORMULATION section 2, whoever
the expert is. In a sample it also holds the luck of every transition, which the likelihood does
not: the estimate is the worse for it, and a short sample's features may be out of every
response's reach, so that the dual falls without end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Status
from bisirl_ros.tabular.game import TabularGame, check_table
from bisirl_ros.tabular.interactions import TabularInteractions
from bisirl_ros.tabular.occupancy import occupancy
from bisirl_ros.tabular.response import SoftResponse, averaged, closed_loop, soft_bellman
from bisirl_ros.tabular.reward import LinearReward
from bisirl_ros.tabular.sensitivity import credit, curvature


@dataclass(frozen=True)
class _Point:
    """The response to one theta."""

    theta: Tensor
    response: SoftResponse


class FeatureMatching:
    """The dual above as an objective of `solve_lower_level`; its minimiser matches the features.

    game, reward: the model; pi_l: (B, S, A_l) one deployed policy per batch
    feature_sums: (B, n) of the batch's episodes, see `feature_sums`; episodes: (B,) N of each

    Raises InputError where shapes disagree or an entry is not finite.
    """

    def __init__(
        self,
        game: TabularGame,
        reward: LinearReward,
        pi_l: Tensor,
        feature_sums: Tensor,
        episodes: Tensor,
    ) -> None:
        batches = len(pi_l)
        check_table("pi_l", pi_l, (batches, game.n_states, game.n_learner_actions))
        check_table("feature_sums", feature_sums, (batches, reward.n_features))
        check_table("episodes", episodes, (batches,))
        self.game, self.reward, self.pi_l = game, reward, pi_l
        self._demonstrated = feature_sums.sum(0)
        self._transition = closed_loop(game, pi_l)
        self._psi = torch.einsum("bsl,slen->bsen", pi_l, reward.psi)
        self._arrived = torch.zeros((batches, game.steps, game.n_states), dtype=torch.float64)
        self._arrived[:, 0] = episodes[:, None] * game.initial
        self._last: _Point | None = None

    @property
    def size(self) -> int:
        """Number of reward parameters n."""
        return self.reward.n_features

    def value(self, theta: Array) -> float:
        """The dual; infinite where the response could not be solved."""
        point = self._at(theta)
        if point.response.status is not Status.CONVERGED:
            return float("inf")
        entropy = (self._arrived * point.response.v).sum()
        return float(entropy - point.theta @ self._demonstrated)

    def gradient(self, theta: Array) -> Array:
        """The model's discounted features minus the demonstrated ones: (n,)."""
        m = self._credit(self._at(theta))[1]
        model = torch.einsum("bse,bsen->n", m.sum(1), self._psi)
        return np.asarray((model - self._demonstrated).numpy())

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2, exact, positive semidefinite: (n, n)."""
        point, game = self._at(theta), self.game
        mu, pi = self._credit(point)[0], point.response.pi
        spread = curvature(self._transition, pi, self._psi, mu, game.discount, game.horizon)
        return np.asarray(spread.numpy())

    def fisher(self, theta: Array) -> Array:
        """The Hessian, which does not depend on what was demonstrated: (n, n)."""
        return self.hessian(theta)

    def _at(self, theta: Array) -> _Point:
        key = torch.tensor(np.asarray(theta), dtype=torch.float64)
        if self._last is None or not torch.equal(self._last.theta, key):
            game, r_pi = self.game, averaged(self.pi_l, self.reward.table(key))
            response = soft_bellman(self._transition, r_pi, game.discount, game.horizon)
            self._last = _Point(key, response)
        return self._last

    def _credit(self, point: _Point) -> tuple[Tensor, Tensor]:
        """Discounted visits of each state (B, T, S) and choice (B, T, S, A_e) under the model."""
        pi, game = point.response.pi, self.game
        nothing = torch.zeros_like(pi)
        return credit(self._transition, pi, nothing, self._arrived, game.discount, game.horizon)


def feature_sums(
    game: TabularGame,
    reward: LinearReward,
    batch: TabularInteractions,
    pi_l: Tensor | None = None,
) -> Tensor:
    """sum over episodes and h of gamma^h psi(s_h, a_l, a_e): (n,).

    pi_l: (S, A_l) the batch's policy; psi is then averaged over it, which spares the estimate the
    luck of the learner's own actions
    Without a horizon nothing is discounted twice: the recorded episode ended with probability
    1 - gamma after each decision.
    """
    episode, h = np.nonzero(batch.state >= 0)
    s, a_l, a_e = (x[episode, h] for x in (batch.state, batch.learner, batch.expert))
    weight = torch.from_numpy(game.discount**h if game.horizon else np.ones(len(h)))
    if pi_l is None:
        return weight @ reward.psi[s, a_l, a_e]
    return weight @ torch.einsum("sl,slen->sen", pi_l, reward.psi)[s, a_e]


def expected_features(
    game: TabularGame, reward: LinearReward, pi_l: Tensor, pi_e: Tensor
) -> Tensor:
    """E sum_h gamma^h psi of one episode: (..., n); pi_l: (..., S, A_l), pi_e: (..., T, S, A_e)."""
    d = occupancy(game, pi_l, pi_e, game.discount)
    chosen = (d[..., None] * pi_e).sum(-3)
    return torch.einsum("...se,...sl,slen->...n", chosen, pi_l, reward.psi)
