"""The bi-level problem with infinitely many interactions: the referee for every estimate.

The expert's law is given, so the lower level's data distribution and its shift with phi are exact:
F(phi) = f(phi, theta*(phi)), theta*(phi) = argmin_theta g(phi, theta), per expected episode.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import Estimator, OuterTerms, hypergradient
from bisirl_ros.core.lower_level import LowerLevelResult, Status, solve_lower_level
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.likelihood import TabularLikelihood
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.response import averaged, closed_loop, soft_bellman
from bisirl_ros.tabular.solver import TabularSolver

TOLERANCE = 1e-12

Expert = Callable[[Tensor], Tensor]
"""pi_phi (..., S, A_l) -> what the expert really does, (..., T, S, A_e), differentiable."""


def soft_expert(game: TabularGame, r_e: Tensor, rationality: float = 1.0) -> Expert:
    """The expert of the model under table r_e (S, A_l, A_e).

    rationality: inverse temperature; other than 1 it is someone the model does not expect
    """

    def play(pi_l: Tensor) -> Tensor:
        reward = rationality * averaged(pi_l, r_e)
        return soft_bellman(closed_loop(game, pi_l), reward, game.discount, game.horizon).pi

    return play


class Population:
    """The bi-level problem of a solver's game and an expert whose law is known.

    precision: of the prior, per expected episode
    """

    def __init__(self, solver: TabularSolver, expert: Expert, precision: float = 1e-3) -> None:
        self.solver, self.expert, self.precision = solver, expert, precision

    def lower_level(self, phi: Tensor, theta: Array | None = None) -> LowerLevelResult:
        """theta*(phi), from theta or from 0; raises InputError where it is not reached."""
        start = np.zeros(self.solver.n_features) if theta is None else theta
        objective = self.objective(phi)
        # Rounding of the gradient grows with the decisions per episode and their values.
        patience = 1.0 / (1.0 - self.solver.game.discount) if not self.solver.game.horizon else 1.0
        result = solve_lower_level(
            objective,
            start,
            trajectories=1,
            tolerance=TOLERANCE * max(1.0, patience / 10.0) ** 3,
            max_iterations=200,
        )
        if result.status is Status.CONVERGED or result.residual < 1e3 * TOLERANCE:
            return result
        raise InputError(
            f"lower level: stopped ({result.status.value}) at residual {result.residual:.1e} after "
            f"{result.iterations} iterations; raise the prior's precision"
        )

    def objective(self, phi: Tensor) -> Evidence:
        """g(phi, .) as a function of theta; of policies (B, m) their sum, an episode of each."""
        game = self.solver.game
        with torch.no_grad():
            pi_l = game.learner_policy(phi)
            counts = self._counts(pi_l)
        each = pi_l.reshape(-1, *pi_l.shape[-2:]), counts.reshape(-1, *counts.shape[-3:])
        likelihood = TabularLikelihood(game, self.solver.reward, *each)
        return Evidence.start(self.solver.n_features, self.precision).add(likelihood)

    def value(self, phi: Tensor, theta: Array | None = None) -> float:
        """F(phi); theta: where the lower level starts."""
        best = self.lower_level(phi, theta).theta
        with torch.no_grad():
            return float(self.solver.objective(phi, torch.from_numpy(best)))

    def outer_terms(self, phi: Tensor) -> tuple[OuterTerms, Array]:
        """The pieces of the hypergradient at (phi, theta*(phi)), and theta*(phi)."""
        theta = self.lower_level(phi).theta
        phi_g = phi.detach().clone().requires_grad_()
        theta_g = torch.from_numpy(theta).requires_grad_()
        f = self.solver.objective(phi_g, theta_g)
        d_phi, d_theta = torch.autograd.grad(f, (phi_g, theta_g))

        def pull_back(w: Array) -> Tensor:
            slope = torch.autograd.grad(self._g(phi_g, theta_g), theta_g, create_graph=True)[0]
            return torch.autograd.grad(slope @ torch.from_numpy(w), phi_g)[0][None]

        def re_solved(at: Tensor, seed: int) -> float:
            return self.value(at, theta)

        terms = OuterTerms(float(f.detach()), d_phi, d_theta.numpy(), pull_back, re_solved)
        return terms, theta

    def hypergradient(
        self,
        phi: Tensor,
        estimator: Estimator | None = None,
        rng: np.random.Generator | None = None,
    ) -> Tensor:
        """grad F(phi) by the given estimator, by default implicit and exact: (m,)."""
        terms, theta = self.outer_terms(phi)
        product = self.objective(phi).hessian(theta).__matmul__
        rng = rng or np.random.default_rng(0)
        return hypergradient(terms, phi, product, estimator or Estimator(), rng)

    def _counts(self, pi_l: Tensor) -> Tensor:
        """Expected number of times each action is chosen per episode: (T, S, A_e)."""
        pi_e = self.expert(pi_l)
        return visits(self.solver.game, pi_l, pi_e)[..., None] * pi_e

    def _g(self, phi: Tensor, theta: Tensor) -> Tensor:
        """g(phi, theta) without the prior, differentiable in both, the data's law included."""
        pi_l, response = self.solver.response(phi, theta)
        return -(self._counts(pi_l) * response.log_pi).sum()
