"""phi <- phi + eta_k v_k, and a step that would make the deployed policy worse is not taken.

The outer gradient is an estimate, and an optimiser's step of it may lead down as well as up. So the
steps of a batch are compared with the policy that is deployed, by imagined episodes of the same
starts and luck, more of them where it is close; where they are worse half of the way is tried, then
a quarter, then none is gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import Estimator, Hypergradient, hypergradient
from bisirl_ros.core.inverse_hessian import Product
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.outer_report import Improved, Update
from bisirl_ros.core.risk import ESTIMATE, worth
from bisirl_ros.core.solver import Solver

SHARES = (1.0, 0.5, 0.25)
"""Of the way to the new policy, in the order tried."""
AT_A_TIME = 128
"""Episodes that are imagined between two looks at the difference."""
SURE = 3.0
"""Standard errors by which one policy has to differ from another to be told apart from it early."""


def improve_repeatedly(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    clock: Callable[[], float] = time.perf_counter,
    known_theta: Array | None = None,
) -> Improved:
    """The outer updates of one batch, as far as they do not make the policy worse.

    known_theta: the truth in place of the estimate: the oracle
    """
    before, updates, share = state.phi.detach().clone(), [], 1.0
    for _ in range(config.policy_steps):
        began = clock()
        objective, norm = improve_policy(solver, state, config, known_theta)
        updates.append(Update(objective, norm, clock() - began))
    if updates and config.checked_episodes and config.beta_i == 0.0:
        theta, risk = state.theta, config.risk
        if known_theta is not None:
            theta, risk = known_theta, ESTIMATE
        share = _as_far_as_no_worse(solver, state, config.checked_episodes, before, theta, risk)
        state.ascent.slow(share)
    return Improved(tuple(updates), share)


def improve_policy(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    known_theta: Array | None = None,
) -> tuple[float, float]:
    """phi <- phi + eta_k v_k; returns f and ||v_k||. A v_k that is not finite moves nothing.

    known_theta: (n,) the truth in place of the estimate: the oracle
    """
    theta, estimator, beta_i = state.theta, config.estimator, config.beta_i
    if known_theta is not None:  # nothing that phi does changes a theta that is known
        theta, estimator, beta_i = known_theta, Estimator(Hypergradient.FIRST_ORDER), 0.0
    phi = state.phi.detach()
    terms = solver.outer_terms(phi, theta, state.evidence, state.recent, state.rng, beta_i)
    v = hypergradient(terms, phi, _curvature(state), estimator, state.rng, state.k)
    norm = float(v.norm())
    if np.isfinite(norm):
        decayed = config.learning_rate / np.sqrt(1.0 + state.updates / config.rate_decay)
        state.ascent.step(v, float(decayed))
    state.updates += 1
    return terms.value, norm


@torch.no_grad()
def _as_far_as_no_worse(
    solver: Solver[Batch],
    state: LoopState[Batch],
    episodes: int,
    before: Tensor,
    theta: Array,
    risk: str,
) -> float:
    """Moves phi to the first of SHARES of its way from `before` that is no worse: the share."""
    luck = int(state.rng.integers(2**62))

    def returns(phi: Tensor, part: int) -> Array:
        rng = np.random.default_rng([luck, part])
        count = min(AT_A_TIME, episodes - AT_A_TIME * part)
        return solver.returns(phi, theta, state.evidence, state.recent, count, rng)

    of_before = cache(lambda part: returns(before, part))

    def gains(part: int) -> Array:
        found, rival = returns(state.phi.detach(), part), of_before(0)
        return worth(found, rival, risk) - worth(of_before(part), rival, risk)

    whole = state.phi.detach().clone()
    for share in SHARES:
        state.phi.copy_(before + share * (whole - before))
        if _gain(gains, episodes) >= 0.0:
            return share
    state.phi.copy_(before)
    return 0.0


def _gain(gains: Callable[[int], Array], episodes: int) -> float:
    """The mean of gains (n,), asked for in parts until its sign is sure, or there are `episodes`.

    Looks again at every part: SURE is wide enough for a few looks.
    """
    found = gains(0)
    while len(found) < episodes:
        error = float(found.std()) / np.sqrt(len(found))
        if abs(float(found.mean())) >= SURE * error:
            break
        found = np.concatenate([found, gains(len(found) // AT_A_TIME)])
    return float(found.mean())


def _curvature(state: LoopState[Batch]) -> Product:
    """v -> [d2_{theta theta} (N g)] v at the estimate, evaluated when first asked for."""
    precision = cache(lambda: state.evidence.posterior_precision(state.theta))
    return lambda v: np.asarray(precision() @ v)
