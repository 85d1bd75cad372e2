"""phi <- phi + eta_k v_k, and a deployed policy gives way only to a better one.

The outer gradient is an estimate, and an optimiser's step of it may lead down as well as up. So
what climbs is not what drives: after a batch the best of what a search has found is deployed, if it
is better than what is by more than an error; if all is surely worse, the search returns to what is
deployed. Several searches begin from several starts: f has more than one hill.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import Estimator, Hypergradient, hypergradient
from bisirl_ros.core.inverse_hessian import Product
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.outer_report import Improved, Update
from bisirl_ros.core.policy_comparison import Compared, Gain
from bisirl_ros.core.policy_search import PolicySearch
from bisirl_ros.core.risk import ESTIMATE
from bisirl_ros.core.solver import Solver

SETTLED = 48
"""Updates after which a search is given up that is lost while another leads."""


class _Find(NamedTuple):
    """A policy (m,) that a search has to offer, and what it gains over the one deployed."""

    search: PolicySearch
    phi: Tensor
    gain: Gain


def improve_repeatedly(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    clock: Callable[[], float] = time.perf_counter,
    known_theta: Array | None = None,
) -> Improved:
    """The outer updates of one batch; what they find is deployed where it is better.

    Where nothing is checked (`checked_episodes` 0, or beta_i > 0), it is wherever the search is.
    known_theta: (n,) the truth in place of the estimate: the oracle
    """
    before, updates = state.phi, list[Update]()
    first, *others = state.searches
    for _ in range(config.policy_steps):
        began = clock()
        objective, norm = _update(solver, state, first, config, known_theta)
        updates.append(Update(objective, norm, clock() - began))
        for other in others:
            _update(solver, state, other, config, known_theta)
        state.updates += 1
    if not updates:
        return Improved()
    if config.checks:
        deploy_the_best(solver, state, config, known_theta)
    else:
        state.phi = first.phi.detach().clone()
    renewed, switched = not torch.equal(before, state.phi), state.searches[0] is not first
    return Improved(tuple(updates), renewed, switched)


def _update(
    solver: Solver[Batch],
    state: LoopState[Batch],
    search: PolicySearch,
    config: LoopConfig,
    known_theta: Array | None,
) -> tuple[float, float]:
    """One step of a search; returns f and ||v_k||. A v_k that is not finite moves nothing."""
    theta, estimator, beta_i = state.theta, config.estimator, config.beta_i
    if known_theta is not None:  # nothing that phi does changes a theta that is known
        theta, estimator, beta_i = known_theta, Estimator(Hypergradient.FIRST_ORDER), 0.0
    phi = search.phi.detach()
    terms = solver.outer_terms(phi, theta, state.evidence, state.recent, state.rng, beta_i)
    v = hypergradient(terms, phi, _curvature(state), estimator, state.rng, state.k)
    norm = float(v.norm())
    if np.isfinite(norm):
        decayed = config.learning_rate / np.sqrt(1.0 + state.updates / config.rate_decay)
        search.step(v, float(decayed))
    return terms.value, norm


@torch.no_grad()
def deploy_the_best(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    known_theta: Array | None = None,
    steady: bool = True,
) -> None:
    """Deploys the best policy that was found, if it is better than the one that is.

    A search all of whose finds are surely worse is lost: that which leads returns, others are given
    up so late.
    steady: another start's find has to be surely better, or behaviour would change back and forth
    """
    theta, risk = (state.theta, config.risk) if known_theta is None else (known_theta, ESTIMATE)
    compared = Compared.of(solver, state, theta, risk, config.checked_episodes)
    finds = [
        _Find(search, phi, compared.gain(phi))
        for search in state.searches
        for phi in search.candidates
    ]
    first = state.searches[0]
    eligible = [f for f in finds if f.search is first or f.gain.surely_better or not steady]
    best = max(eligible, key=lambda find: find.gain.least)
    if best.gain.least > 0.0:
        state.phi = best.phi.clone()
        state.searches = sorted(state.searches, key=lambda search: search is not best.search)
    alive = [find.search for find in finds if find.gain.may_be_as_good]
    leader, *others = state.searches
    if leader not in alive:
        leader.return_to(state.phi)
    if state.updates >= SETTLED:
        state.searches = [leader, *(other for other in others if other in alive)]


def _curvature(state: LoopState[Batch]) -> Product:
    """v -> [d2_{theta theta} (N g)] v at the estimate, evaluated when first asked for."""
    precision = cache(lambda: state.evidence.posterior_precision(state.theta))
    return lambda v: np.asarray(precision() @ v)
