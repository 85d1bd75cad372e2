"""phi <- phi + eta_k v_k, and a deployed policy gives way only to a better one.

The outer gradient is an estimate, and an optimiser's step of it may lead down as well as up. So
what climbs is not what drives: after a batch the best of what a search has found is deployed, if it
is better than what is; if all is surely worse, the search returns to what is deployed. Several
searches begin from several starts: f has more than one hill.
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
    first, *others = state.searches
    updates = []
    for _ in range(config.policy_steps):
        began = clock()
        objective, norm = _update(solver, state, first, config, known_theta)
        updates.append(Update(objective, norm, clock() - began))
        for other in others:
            _update(solver, state, other, config, known_theta)
        state.updates += 1
    if not updates:
        return Improved()
    if config.checked_episodes and config.beta_i == 0.0:
        deployed = _deploy_what_is_better(solver, state, config, known_theta)
    else:
        state.phi, deployed = first.phi.detach().clone(), True
    return Improved(tuple(updates), deployed, switched=state.searches[0] is not first)


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
def _deploy_what_is_better(
    solver: Solver[Batch], state: LoopState[Batch], config: LoopConfig, known_theta: Array | None
) -> bool:
    """Deploys the best policy that was found, if it is better than the one that is: whether so.

    Another start's has to be surely better, or behaviour would change back and forth. A search all
    of whose finds are surely worse is lost: that which leads returns, others are given up so late.
    """
    theta, risk = (state.theta, config.risk) if known_theta is None else (known_theta, ESTIMATE)
    compared = Compared.of(solver, state, theta, risk, config.checked_episodes)
    finds = [
        _Find(search, phi, compared.gain(phi))
        for search in state.searches
        for phi in search.candidates
    ]
    first = state.searches[0]
    better = [f for f in finds if f.gain.better and (f.search is first or f.gain.sure)]
    if better:
        best = max(better, key=lambda find: find.gain.mean)
        state.phi = best.phi.clone()
        state.searches = sorted(state.searches, key=lambda search: search is not best.search)
    not_lost = [find.search for find in finds if not find.gain.surely_worse]
    if state.searches[0] not in not_lost:
        state.searches[0].return_to(state.phi)
    if state.updates >= SETTLED:
        state.searches = [state.searches[0], *(s for s in state.searches[1:] if s in not_lost)]
    return bool(better)


def _curvature(state: LoopState[Batch]) -> Product:
    """v -> [d2_{theta theta} (N g)] v at the estimate, evaluated when first asked for."""
    precision = cache(lambda: state.evidence.posterior_precision(state.theta))
    return lambda v: np.asarray(precision() @ v)
