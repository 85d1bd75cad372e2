"""Likelihood of expert actions in a tabular game, exact derivatives (FORMULATION section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Status
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame, check_probabilities, check_table
from bisirl_ros.tabular.response import SoftResponse, averaged, closed_loop, soft_bellman
from bisirl_ros.tabular.reward import Reward
from bisirl_ros.tabular.sensitivity import credit, curvature, sensitivity


@dataclass(frozen=True)
class _Point:
    """Everything about one theta."""

    theta: Tensor
    response: SoftResponse
    psi: Tensor


@dataclass(frozen=True, eq=False)
class TabularLikelihood:
    """- sum log pi_e of counted choices, each batch under the policy it was collected with.

    game, reward: the model; pi_l: (B, S, A_l) one deployed policy per batch
    counts: (B, T, S, A_e) how often each action was chosen; expected counts are as good
    trajectories: the number of episodes that they were counted in
    """

    game: TabularGame
    reward: Reward
    pi_l: Tensor
    counts: Tensor
    trajectories: int = 1
    _points: dict[bytes, _Point] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        game, batches = self.game, len(self.pi_l)
        check_table("pi_l", self.pi_l, (batches, game.n_states, game.n_learner_actions))
        shape = (batches, game.steps, game.n_states, game.n_expert_actions)
        check_table("counts", self.counts, shape)
        check_probabilities("pi_l", self.pi_l)
        if bool((self.counts < 0).any()):
            raise InputError(f"counts: an entry of {shape} is negative; give how often")
        zero = torch.zeros(self.size, dtype=torch.float64)
        check_table("reward", self.reward.table(zero), tuple(game.transition.shape[:3]))

    @cached_property
    def _transition(self) -> Tensor:
        return closed_loop(self.game, self.pi_l)

    @cached_property
    def _arrived(self) -> Tensor:
        return self.counts.sum(-1)

    def __len__(self) -> int:
        return round(float(self.counts.sum()))

    @property
    def size(self) -> int:
        """Number of reward parameters n."""
        return self.reward.n_features

    def joined(self, others: Sequence[TabularLikelihood]) -> TabularLikelihood:
        """The likelihood of this batch and the others, solved as one."""
        pi_l = torch.cat([self.pi_l, *(other.pi_l for other in others)])
        counts = torch.cat([self.counts, *(other.counts for other in others)])
        episodes = self.trajectories + sum(other.trajectories for other in others)
        return TabularLikelihood(self.game, self.reward, pi_l, counts, episodes)

    def value(self, theta: Array) -> float:
        """- sum log pi_e; infinite where the response could not be solved."""
        response = self._at(theta).response
        if response.status is not Status.CONVERGED:
            return float("inf")
        return -float((self.counts * response.log_pi).sum())

    def gradient(self, theta: Array) -> Array:
        """d value / d theta: (n,)."""
        point = self._at(theta)
        weight = self._reward_weight(self._credit(point)[1])
        jacobian = self.reward.jacobian(point.theta).flatten(0, 2)
        return _numpy(weight.flatten() @ jacobian)

    def hessian(self, theta: Array) -> Array:
        """d2 value / d theta2, exact; need not be positive definite where H > 1: (n, n)."""
        point = self._at(theta)
        mu, m = self._credit(point)
        bend = self.reward.curvature(point.theta, self._reward_weight(m))
        return _numpy(self._covariance(mu, point) + bend)

    def fisher(self, theta: Array) -> Array:
        """Its expectation under the model at theta, positive semidefinite: (n, n)."""
        return _numpy(self._covariance(self._arrived, self._at(theta)))

    def log_pi_jacobian(self, theta: Array) -> Array:
        """d log pi_e / d theta, one row per batch, time, state and action: (B * T * S * A_e, n)."""
        point = self._at(theta)
        game, pi = self.game, point.response.pi
        dq = sensitivity(self._transition, pi, point.psi, game.discount, game.horizon)
        centred = dq - (point.response.pi[..., None] * dq).sum(-2, keepdim=True)
        return _numpy(centred.reshape(-1, self.size))

    def hotz_miller(self) -> Array:
        """Where to start: the theta of linear rewards that fits the choice frequencies best: (n,).

        With the frequencies p in place of pi_e, V_h = E_p[Q_h - log p] is linear in theta:
        Q_h - log p = J_h theta + u_h, where u solves J's recursion with - log p for psi. It should
        not vary with the action: weighted least squares (Hotz and Miller 1993). Exact from exact
        frequencies; from few data, a start for Newton's method.
        """
        zero = torch.zeros(self.size, dtype=torch.float64)
        psi = torch.einsum("bsl,slen->bsen", self.pi_l, self.reward.jacobian(zero))
        seldom = 1e-200  # uniform where nobody came, no trace where somebody did
        p = (self.counts + seldom) / (self._arrived + seldom * self.counts.shape[-1])[..., None]
        game = self.game
        normal = curvature(
            self._transition, p, psi, self._arrived, game.discount, game.horizon, -p.log()
        )
        # Cholesky's accuracy does not suffer from states that are seldom visited; the ridge, in
        # proportion to each feature's own information, is for directions that have none.
        known, u = normal[:-1, :-1], normal[:-1, -1:]
        ridge = 1e-13 * known.diagonal() + seldom
        factor, _ = torch.linalg.cholesky_ex(known + torch.diag(ridge))
        return _numpy(-torch.cholesky_solve(u, factor)[:, 0])

    def _at(self, theta: Array) -> _Point:
        """The newest theta's point is kept: value, gradient and Hessian share it."""
        key = np.asarray(theta, float).tobytes()
        if key not in self._points:
            self._points.clear()
            self._points[key] = self._solved(torch.tensor(np.asarray(theta), dtype=torch.float64))
        return self._points[key]

    def _solved(self, theta: Tensor) -> _Point:
        game = self.game
        r_pi = averaged(self.pi_l, self.reward.table(theta))
        response = soft_bellman(self._transition, r_pi, game.discount, game.horizon)
        psi = torch.einsum("bsl,slen->bsen", self.pi_l, self.reward.jacobian(theta))
        return _Point(theta, response, psi)

    def _credit(self, point: _Point) -> tuple[Tensor, Tensor]:
        game, pi = self.game, point.response.pi
        return credit(self._transition, pi, self.counts, self._arrived, game.discount, game.horizon)

    def _reward_weight(self, m: Tensor) -> Tensor:
        """d value / d r_e: (S, A_l, A_e)."""
        return torch.einsum("bsl,bse->sle", self.pi_l, m.sum(1))

    def _covariance(self, weight: Tensor, point: _Point) -> Tensor:
        game, pi = self.game, point.response.pi
        return curvature(self._transition, pi, point.psi, weight, game.discount, game.horizon)


def _numpy(value: Tensor) -> Array:
    return np.asarray(value.numpy())
