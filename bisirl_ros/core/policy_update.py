"""phi <- phi + eta_k v_k, and a step that would make the deployed policy worse is not taken.

The outer gradient is an estimate, and an optimiser's step of it may lead down as well as up. So the
steps of a batch are compared with the policy that is deployed; where they are worse half of the way
is tried, then a quarter, then none is gone. Where policies of several starts are improved, the best
of them is deployed: f has more than one hill.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
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
from bisirl_ros.core.policy_comparison import Compared
from bisirl_ros.core.risk import ESTIMATE
from bisirl_ros.core.solver import Solver

SHARES = (1.0, 0.5, 0.25)
"""Of the way to the new policy, in the order tried."""
SETTLED = 48
"""Updates after which a rival that is surely worse is given up."""


def improve_repeatedly(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    clock: Callable[[], float] = time.perf_counter,
    known_theta: Array | None = None,
) -> Improved:
    """The outer updates of one batch, as far as they do not make the policy worse; rivals' too.

    known_theta: the truth in place of the estimate: the oracle
    """
    others = [replace(state, phi=r.phi, ascent=r.ascent, rivals=[]) for r in state.rivals]
    improved = _improve_one(solver, state, config, clock, known_theta)
    for other in others:
        _improve_one(solver, other, config, clock, known_theta)
    if not others or not improved.updates:
        return improved
    return replace(improved, switched=_deploy_the_best(solver, state, config, known_theta))


def _improve_one(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    clock: Callable[[], float],
    known_theta: Array | None,
) -> Improved:
    before, updates, share = state.phi.detach().clone(), [], 1.0
    for _ in range(config.policy_steps):
        began = clock()
        objective, norm = improve_policy(solver, state, config, known_theta)
        updates.append(Update(objective, norm, clock() - began))
    if updates and config.checked_episodes and config.beta_i == 0.0:
        share = _as_far_as_no_worse(
            state, before, _compared(solver, state, config, known_theta, before)
        )
        state.ascent.slow(share)
    return Improved(tuple(updates), share)


def _compared(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    known_theta: Array | None,
    phi: Tensor,
) -> Compared:
    theta, risk = state.theta, config.risk
    if known_theta is not None:
        theta, risk = known_theta, ESTIMATE
    return Compared.of(solver, state, phi, theta, risk, config.checked_episodes)


@torch.no_grad()
def _deploy_the_best(
    solver: Solver[Batch], state: LoopState[Batch], config: LoopConfig, known_theta: Array | None
) -> bool:
    """Deploys the best rival that is surely better, if there is one: whether so.

    Gives up who is surely worse so late.
    """
    compared = _compared(solver, state, config, known_theta, state.phi.detach().clone())
    gains = [compared.gain(rival.phi.detach()) for rival in state.rivals]
    best = max(range(len(gains)), key=lambda i: gains[i].mean)
    if switched := gains[best].surely_better:
        state.change_with(state.rivals[best])
    if state.updates >= SETTLED:
        each = zip(state.rivals, gains, strict=True)
        state.rivals = [rival for rival, gain in each if not gain.surely_worse]
    return switched


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
def _as_far_as_no_worse(state: LoopState[Batch], before: Tensor, compared: Compared) -> float:
    """Moves phi to the first of SHARES of its way from `before` that is no worse: the share."""
    whole = state.phi.detach().clone()
    for share in SHARES:
        state.phi.copy_(before + share * (whole - before))
        if compared.gain(state.phi.detach()).mean >= 0.0:
            return share
    state.phi.copy_(before)
    return 0.0


def _curvature(state: LoopState[Batch]) -> Product:
    """v -> [d2_{theta theta} (N g)] v at the estimate, evaluated when first asked for."""
    precision = cache(lambda: state.evidence.posterior_precision(state.theta))
    return lambda v: np.asarray(precision() @ v)
