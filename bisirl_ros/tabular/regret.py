"""What a wrong reward costs (FORMULATION section 6): return, and likelihood of the decisions.

The search for the best policy can end on a lower hill; so the policies that are compared start from
each other's solution, too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.lower_level import Status
from bisirl_ros.tabular.occupancy import visits
from bisirl_ros.tabular.optimal_policy import optimal_policy
from bisirl_ros.tabular.population import Expert
from bisirl_ros.tabular.solver import TabularSolver


@dataclass(frozen=True)
class Regret:
    """share = (best - achieved) / span; span = best - worst

    best, achieved: f under the truth of the policies optimal for theta_true and theta_hat; worst:
    of the policy that is optimal for -r_l; residual: the larger of the first two; status: CONVERGED
    where all three were
    """

    share: float
    best: float
    achieved: float
    worst: float
    residual: float
    status: Status


def regret(
    solver: TabularSolver,
    theta_hat: Array,
    theta_true: Array,
    starts: Tensor,
    *,
    tolerance: float = 1e-5,
) -> Regret:
    """What theta_hat costs in this game: f(phi*(theta_true)) - f(phi*(theta_hat)) over its span.

    Normalised as in the STARC paper (Skalse et al. 2024), by the best and the worst policy. The
    expert answers to theta_true whatever the robot believes; phi*(theta_hat) is chosen by what
    the robot expects under theta_hat. starts: (B, m)
    """
    true = optimal_policy(solver, theta_true, starts, tolerance=tolerance)
    hat = optimal_policy(solver, theta_hat, starts, also=true.phi[None], tolerance=tolerance)
    again = optimal_policy(solver, theta_true, hat.phi[None], (), tolerance=tolerance)
    best = max(true, again, key=lambda found: found.value)
    game = solver.game
    task = None if game.task is None else -game.task
    against = TabularSolver(
        replace(game, task=task, kappa=-game.kappa), solver.reward, beta_h=solver.beta_h
    )
    worst = optimal_policy(against, theta_true, starts[:1], tolerance=1e3 * tolerance)
    achieved, lowest = (_value(solver, phi, theta_true) for phi in (hat.phi, worst.phi))
    found = (best, hat, worst)
    span = best.value - lowest
    flat = span <= tolerance * max(1.0, abs(best.value))  # no policy is better than another
    return Regret(
        share=0.0 if flat else (best.value - achieved) / span,
        best=best.value,
        achieved=achieved,
        worst=lowest,
        residual=max(best.residual, hat.residual),
        status=max((policy.status for policy in found), key=lambda s: s is not Status.CONVERGED),
    )


def excess_log_likelihood(
    solver: TabularSolver, phi: Tensor, theta_hat: Array, expert: Expert
) -> float:
    """E log pi_e(true) - E log pi_e(theta_hat) per decision [nat], exact; never negative.

    phi: (..., S * A_l) policies that the expert answers, all weighed alike; expert: its true law
    """
    with torch.no_grad():
        pi_l, response = solver.response(phi, torch.from_numpy(np.asarray(theta_hat)))
        pi_e = expert(pi_l)
        often = visits(solver.game, pi_l, pi_e)
        divergence = (torch.xlogy(pi_e, pi_e) - pi_e * response.log_pi).sum(-1)
        return float((often * divergence).sum() / often.sum())


def _value(solver: TabularSolver, phi: Tensor, theta: Array) -> float:
    with torch.no_grad():
        return float(solver.objective(phi, torch.from_numpy(np.asarray(theta))))
