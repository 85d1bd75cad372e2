"""Solver 5a behind the double loop: everything exact by backward induction (FORMULATION s. 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms, surrogate
from bisirl_ros.core.information_gain import information_gain
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.core.solver import Collected
from bisirl_ros.tabular.game import TabularGame, check_table
from bisirl_ros.tabular.interactions import TabularInteractions, choice_counts
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import expected_return, occupancy, visits
from bisirl_ros.tabular.response import SoftResponse, averaged, closed_loop, respond
from bisirl_ros.tabular.reward import Reward
from bisirl_ros.tabular.sensitivity import curvature, sensitivity

Recollect = Callable[[Tensor, np.random.Generator], TabularInteractions]
"""(phi, luck) -> what the expert does when pi_phi is deployed."""


class TabularSolver:
    """FORMULATION section 5a for one game; phi: (S * A_l,) logits of the learner's policy.

    reward: the family that the learner explains the expert with
    beta_h: weight of the entropy of pi_phi in the outer objective
    recollect: plays the game again under another policy, for `spsa` and `finite-difference`
    """

    def __init__(
        self,
        game: TabularGame,
        reward: Reward,
        *,
        beta_h: float = 0.0,
        recollect: Recollect | None = None,
    ) -> None:
        shape = (game.n_states, game.n_learner_actions, game.n_expert_actions)
        zero = torch.zeros(reward.n_features, dtype=torch.float64)
        check_table("reward", reward.table(zero), shape)
        self.game, self.reward, self.beta_h = game, reward, beta_h
        self._recollect = recollect

    @property
    def n_features(self) -> int:
        """Number of reward parameters n = dim theta."""
        return self.reward.n_features

    @property
    def plays_again(self) -> bool:
        """Whether interactions can be collected again under another policy."""
        return self._recollect is not None

    def likelihood(
        self,
        batch: TabularInteractions,
        phi: Tensor,
        before: Collected[TabularInteractions] = (),
    ) -> TabularLikelihood:
        """The batch's choices explained under phi, which experts know whatever was before."""
        counts = choice_counts(self.game, batch)
        pi_l = self.game.learner_policy(phi.detach())
        return TabularLikelihood(self.game, self.reward, pi_l[None], counts, len(batch.state))

    def response(self, phi: Tensor, theta: Tensor) -> tuple[Tensor, SoftResponse]:
        """pi_phi (S, A_l) and the expert's response to it under theta."""
        pi_l = self.game.learner_policy(phi)
        return pi_l, respond(self.game, pi_l, self.reward.table(theta))

    def objective(self, phi: Tensor, theta: Tensor) -> Tensor:
        """f(phi, theta) = J_l [+ beta_H entropy], exact and differentiable: (...,)."""
        game = self.game
        pi_l, response = self.response(phi, theta)
        r_l = game.learner_reward(self.reward.table(theta))
        value = expected_return(game, pi_l, response.pi, r_l)
        if self.beta_h:
            d = occupancy(game, pi_l, response.pi, game.discount).sum(-2)
            entropy = -(pi_l * game.log_learner_policy(phi)).sum(-1)
            value = value + self.beta_h * (d * entropy).sum(-1)
        return value

    def fisher(self, phi: Tensor, theta: Tensor) -> Tensor:
        """Information of one episode about theta, expected under (phi, theta): (n, n)."""
        game = self.game
        pi_l, response = self.response(phi, theta)
        jacobian = self.reward.jacobian(theta)
        psi = torch.einsum("sl,slen->sen", pi_l, jacobian)
        weight = visits(game, pi_l, response.pi)
        transition = closed_loop(game, pi_l)
        return curvature(transition, response.pi, psi, weight, game.discount, game.horizon)

    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[TabularInteractions],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """f(phi, theta), exact: (1,)."""
        with torch.no_grad():
            return np.atleast_1d(self.objective(phi.detach(), torch.from_numpy(theta)).numpy())

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[TabularInteractions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """f and its gradients, exact; the cross derivative from the recorded batches.

        The expert's own law is not known to the learner: the shift of the data with phi is the
        score of the recorded choices under the model, in two halves of the episodes.
        """
        precision = evidence.posterior_precision(theta) if beta_i else None

        def value(at: Tensor, reward: Tensor) -> Tensor:
            f = self.objective(at, reward)
            if precision is None:
                return f
            return f + beta_i * information_gain(precision, self.fisher(at, reward))

        phi_g = phi.detach().clone().requires_grad_()
        theta_g = torch.from_numpy(np.asarray(theta)).requires_grad_()
        f = value(phi_g, theta_g)
        d_phi, d_theta = torch.autograd.grad(f, (phi_g, theta_g))

        def pull_back(w: Array) -> Tensor:
            return self._pull_back(phi, theta, recent, torch.from_numpy(w))

        def re_solved(at: Tensor, seed: int) -> float:
            assert self._recollect is not None
            batch = self._recollect(at, np.random.default_rng(seed))
            known = evidence.without_newest().add(self.likelihood(batch, at))
            inner = solve_lower_level(known, theta, trajectories=1, tolerance=1e-8)
            with torch.no_grad():
                return float(value(at, torch.from_numpy(inner.theta)))

        again = re_solved if self._recollect else None
        return OuterTerms(float(f.detach()), d_phi, d_theta.numpy(), pull_back, again)

    def _pull_back(
        self, phi: Tensor, theta: Array, recent: Sequence[TabularInteractions], w: Tensor
    ) -> Tensor:
        """w' d2_{theta phi} of the mean batch's N g, once from each half of its episodes."""
        game, at = self.game, torch.from_numpy(np.asarray(theta))
        phi = phi.detach().clone().requires_grad_()
        pi_l, response = self.response(phi, at)
        psi_w = averaged(pi_l, self.reward.jacobian(at) @ w)[..., None]
        transition = closed_loop(game, pi_l)
        dq = sensitivity(transition, response.pi, psi_w, game.discount, game.horizon)[..., 0]
        cost = (response.pi * dq).sum(-1, keepdim=True) - dq  # - w . grad_theta log pi_e
        log_pi_l, halves = game.log_learner_policy(phi), []
        for half in range(2):
            total, first = 0.0 * phi.sum(), half
            for batch in recent:
                taken = slice(first % 2, None, 2)
                first += len(batch.state)
                if len(batch.state[taken]):
                    log_pi, costs = _along(batch, taken, log_pi_l, response.log_pi, cost)
                    total = total + 2.0 * surrogate(log_pi, costs, baseline=True).sum()
            mean = total / max(len(recent), 1)
            halves.append(torch.autograd.grad(mean, phi, retain_graph=True)[0])
        return torch.stack(halves)


def _along(
    batch: TabularInteractions, taken: slice, log_pi_l: Tensor, log_pi_e: Tensor, cost: Tensor
) -> tuple[Tensor, Tensor]:
    """log probability of what both did, and the cost, along the episodes taken: (H, N), (H, N)."""
    s, a_l, a_e = (
        torch.from_numpy(x[taken].T.copy()) for x in (batch.state, batch.learner, batch.expert)
    )
    there = s >= 0
    s, a_l, a_e = s.clamp(min=0), a_l.clamp(min=0), a_e.clamp(min=0)
    h = torch.arange(len(s))[:, None].expand_as(s).clamp(max=len(cost) - 1)
    log_pi = torch.where(there, log_pi_l[s, a_l] + log_pi_e[h, s, a_e], 0.0)
    return log_pi, torch.where(there, cost[h, s, a_e], 0.0)
