"""The policy that is optimal for a known reward (FORMULATION section 6).

f(phi, theta) is not concave in phi, since the expert answers: a robot that it can lead into
different habits has several local optima. So: many starts, all climbed at once, and annealed
entropy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Status
from bisirl_ros.errors import InputError
from bisirl_ros.tabular.game import TabularGame
from bisirl_ros.tabular.occupancy import expected_return, occupancy
from bisirl_ros.tabular.solver import TabularSolver

ANNEALING = (10.0, 3.0)
"""Multiples of beta_H with which a climb begins."""
STAGE_TOLERANCE, STAGE_ITERATIONS = 1e-1, 40
LEAST_VISITS, SHORTEST = 1e-12, 1e-12


@dataclass(frozen=True)
class OptimalPolicy:
    """phi: (m,) the best found; value = f(phi, theta); values: (B,) where each start ended

    status, iterations, residual: of phi; residual: what f would gain, to first order, if each
    state's best action were taken there; unlike a gradient in phi it is large where a softmax is
    stuck at a bad action
    """

    phi: Tensor
    value: float
    status: Status
    iterations: int
    residual: float
    values: Array


def optimal_policy(
    solver: TabularSolver,
    theta: Array,
    starts: Tensor,
    annealing: tuple[float, ...] = ANNEALING,
    *,
    also: Tensor | None = None,
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
) -> OptimalPolicy:
    """argmax over phi of f(phi, theta), theta known: the best of all starts.

    starts: (B, m); annealing: multiples of beta_H to climb with first; also: (C, m) starts that
    keep to the hill they are on; tolerance: for the residual, per unit of max(1, |f|)
    Raises InputError where beta_H is zero: the best policy then may lie at infinity.
    """
    if solver.beta_h <= 0.0:
        raise InputError(f"beta_h = {solver.beta_h}: must be positive, or phi* is not finite")
    at = torch.from_numpy(np.asarray(theta, dtype=np.float64))
    phi, before = starts.detach().to(torch.float64), 0
    for multiple in annealing:
        stage = _Climb(solver, at, multiple * solver.beta_h)
        reached, taken = stage.run(phi, STAGE_TOLERANCE, STAGE_ITERATIONS)
        phi, before = reached.phi, before + taken
    phi = phi if also is None else torch.cat([phi, also])
    reached, taken = _Climb(solver, at, solver.beta_h).run(phi, tolerance, max_iterations)
    best = int(reached.value.argmax())
    value, residual = float(reached.value[best]), float(reached.residual[best])
    status = Status.ITERATION_CAP if taken == max_iterations else Status.NO_DESCENT
    if residual <= tolerance * max(1.0, abs(value)):
        status = Status.CONVERGED
    values = np.asarray(reached.value.numpy())
    return OptimalPolicy(reached.phi[best], value, status, before + taken, residual, values)


def policy_starts(game: TabularGame, count: int, rng: np.random.Generator) -> Tensor:
    """The uniform policy, and random ones of random sharpness: (count, S * A_l)."""
    size = game.n_states * game.n_learner_actions
    spread = rng.uniform(0.5, 4.0, (count, 1))
    spread[0] = 0.0
    return torch.from_numpy(spread * rng.normal(size=(count, size)))


@dataclass(frozen=True)
class _Point:
    """Policies phi (B, m), and at each f (B,), its gradient and natural gradient (B, m), the
    metric (B, S, A_l) of the latter, and the residual (B,)."""

    phi: Tensor
    value: Tensor
    gradient: Tensor
    natural: Tensor
    metric: Tensor
    residual: Tensor

    def at(self, rows: Tensor) -> _Point:
        """Some of the policies."""
        return _Point(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def put(self, rows: Tensor, other: _Point) -> None:
        """Replace some of the policies."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)


@dataclass(frozen=True)
class _Climb:
    """Natural policy gradient ascent (Kakade 2001) of f(., theta) with entropy weight beta.

    A whole step would be soft policy iteration if the expert did not react; how long a step its
    reaction allows is told by the last one (Barzilai and Borwein 1988).
    """

    solver: TabularSolver
    theta: Tensor
    beta: float

    def run(self, phi: Tensor, tolerance: float, cap: int) -> tuple[_Point, int]:
        """Climb from phi (B, m) until every row has stopped; the iterations that took."""
        now, length = self._at(phi), torch.ones(len(phi), dtype=torch.float64)
        for iteration in range(cap):
            enough = tolerance * now.value.abs().clamp(min=1.0)
            rows = ((now.residual > enough) & (length > SHORTEST)).nonzero()[:, 0]
            if len(rows) == 0:
                return now, iteration
            old, step = now.at(rows), length[rows, None] * now.natural[rows]
            new = self._at(old.phi + step)
            rise = (old.gradient * step).sum(-1)
            better = new.value >= old.value + 1e-4 * rise - 1e-13 * old.value.abs()
            bend = (step * (old.gradient - new.gradient)).sum(-1)
            suggested = torch.where(bend > 0, self._squared(step, new) / bend, 2 * length[rows])
            length[rows] = torch.where(better, suggested.clamp(1e-3, 4.0), 0.5 * length[rows])
            now.put(rows[better], new.at(better))
        return now, cap

    def _at(self, phi: Tensor) -> _Point:
        game = self.solver.game
        phi = phi.detach().clone().requires_grad_()
        pi_l, response = self.solver.response(phi, self.theta)
        bonus = self.beta * torch.special.entr(pi_l).sum(-1)[..., None, None]
        r_l = game.learner_reward(self.solver.reward.table(self.theta)) + bonus
        value = expected_return(game, pi_l, response.pi, r_l)
        gradient = torch.autograd.grad(value.sum(), phi)[0]
        with torch.no_grad():
            often = occupancy(game, pi_l, response.pi, game.discount).sum(-2)[..., None]
            advantage = gradient.view_as(pi_l) / pi_l
            scale = self.beta * often.clamp(min=LEAST_VISITS)
            natural = (advantage / scale).flatten(-2)
            residual = advantage.amax(-1).sum(-1)
        pi_l = pi_l.detach()
        return _Point(phi.detach(), value.detach(), gradient, natural, scale * pi_l, residual)

    def _squared(self, step: Tensor, point: _Point) -> Tensor:
        """Squared length of step (B, m) in the metric, what shifts all logits alike left out."""
        moved, metric = step.view_as(point.metric), point.metric
        mean = (metric * moved).sum(-1, keepdim=True) / metric.sum(-1, keepdim=True)
        return (metric * (moved - mean) ** 2).sum((-2, -1))
