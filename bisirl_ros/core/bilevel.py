"""BISIRL: the double loop (FORMULATION section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import Hypergradient, hypergradient
from bisirl_ros.core.interactions import Interactions
from bisirl_ros.core.likelihood import Array
from bisirl_ros.core.lower_level import LowerLevelResult, solve_lower_level
from bisirl_ros.core.solver import Solver
from bisirl_ros.errors import InputError


@dataclass(frozen=True)
class LoopConfig:
    """Settings of the double loop."""

    hypergradient: str = setting(
        "implicit", doc="how the outer gradient is estimated", choices=("implicit", "first-order")
    )
    prior_precision: float = setting(
        0.1, doc="Lambda_0, precision of the prior on every weight", low=1e-6, high=1e6
    )
    forgetting: float = setting(
        1.0, doc="rho: old evidence is multiplied by it at each batch", low=0.01, high=1.0
    )
    evidence_window: int = setting(200, doc="batches kept exactly", low=1, high=100000)
    inner_tolerance: float = setting(
        1e-5, doc="eps_0 of the inner stop ||grad g|| <= eps_0 / (k + 1)", low=1e-12, high=1.0
    )
    inner_max_iterations: int = setting(50, doc="T_max of the inner loop", low=1, high=10000)
    policy_steps: int = setting(
        3, doc="outer updates per batch; 0 learns no policy", low=0, high=99
    )
    learning_rate: float = setting(0.05, doc="eta_0 of the outer optimiser", low=0.0, high=10.0)
    replayed_batches: int = setting(6, doc="newest batches in the cross term", low=1, high=1000)


@dataclass
class LoopState:
    """Everything the double loop remembers between iterations.

    phi: (m,) policy; theta: (n,) estimate; k: outer iterations (batches) done; updates: outer
    updates done; version: of phi, one per batch
    """

    phi: torch.nn.Parameter
    theta: Array
    evidence: Evidence
    optimiser: torch.optim.Optimizer
    rng: np.random.Generator
    k: int = 0
    updates: int = 0
    recent: list[Interactions] = field(default_factory=list)

    @staticmethod
    def start(phi: Tensor, n_features: int, config: LoopConfig, seed: int) -> LoopState:
        """theta = 0 and the given phi; Adam as the outer optimiser."""
        parameter = torch.nn.Parameter(phi.clone())
        return LoopState(
            phi=parameter,
            theta=np.zeros(n_features),
            evidence=Evidence.prior(n_features, config.prior_precision, config.evidence_window),
            optimiser=torch.optim.Adam(
                [parameter], lr=config.learning_rate, betas=(0.9, 0.99), maximize=True
            ),
            rng=np.random.default_rng(seed),
        )


@dataclass(frozen=True)
class OuterReport:
    """What one outer iteration did.

    theta, std: (n,) estimate and posterior standard deviation; inner: of the lower level;
    held_out: mean log-likelihood per decision of this batch before anything was learned from it;
    objective: f(phi, theta), NaN where no policy is learned; gradient_norms: one per outer update;
    inner_s, update_s: time of the inner solve and of each whole outer update [s]
    """

    k: int
    updates: int
    decisions: int
    theta: Array
    std: Array
    inner: LowerLevelResult
    held_out: float
    objective: float
    gradient_norms: tuple[float, ...]
    inner_s: float
    update_s: tuple[float, ...]


Interact = Callable[[LoopState], tuple[Interactions, Tensor] | None]
"""Deploy the state's policy; return the next batch and the phi it was collected under, or None."""


def bisirl(
    solver: Solver,
    state: LoopState,
    config: LoopConfig,
    interact: Interact,
    report: Callable[[OuterReport], None],
    clock: Callable[[], float] = time.perf_counter,
) -> LoopState:
    """Run the double loop until `interact` returns None."""
    while (collected := interact(state)) is not None:
        report(outer_iteration(solver, state, config, *collected, clock))
    return state


def outer_iteration(
    solver: Solver,
    state: LoopState,
    config: LoopConfig,
    batch: Interactions,
    phi_of_batch: Tensor,
    clock: Callable[[], float] = time.perf_counter,
) -> OuterReport:
    """Explain one batch, improve the policy, carry the evidence forward; changes `state`.

    Raises InputError, and leaves `state` as it was, for a batch whose likelihood is not finite.
    """
    began = clock()
    likelihood = solver.likelihood(batch, phi_of_batch)
    held_out = -likelihood.value(state.theta) / len(batch)
    if not np.isfinite(held_out):
        raise InputError("interactions: their likelihood is not finite; check the poses")
    state.evidence = state.evidence.add(likelihood)
    state.recent = [*state.recent, batch][-config.replayed_batches :]
    inner = solve_inner(state, config)
    state.theta = inner.theta
    inner_s = clock() - began

    objective, norms, update_s = float("nan"), [], []
    for _ in range(config.policy_steps):
        objective, norm = improve_policy(solver, state, config)
        norms.append(norm)
        update_s.append(clock() - began)
        began = clock()

    covariance = state.evidence.covariance(state.theta)
    state.evidence = state.evidence.carry(state.theta, config.forgetting)
    state.k += 1
    return OuterReport(
        k=state.k,
        updates=state.updates,
        decisions=len(batch),
        theta=state.theta,
        std=np.sqrt(np.diag(covariance)),
        inner=inner,
        held_out=held_out,
        objective=objective,
        gradient_norms=tuple(norms),
        inner_s=inner_s,
        update_s=tuple(update_s),
    )


def solve_inner(state: LoopState, config: LoopConfig) -> LowerLevelResult:
    """theta <- argmin g until ||grad g|| <= eps_k or T_max."""
    return solve_lower_level(
        state.evidence,
        state.theta,
        trajectories=state.evidence.trajectories,
        tolerance=config.inner_tolerance / (state.k + 1),
        max_iterations=config.inner_max_iterations,
    )


def improve_policy(
    solver: Solver, state: LoopState, config: LoopConfig, known_theta: Array | None = None
) -> tuple[float, float]:
    """phi <- phi + eta_k v_k; returns f and ||v_k||. A v_k that is not finite changes nothing.

    known_theta: (n,) the truth in place of the estimate: the oracle
    """
    theta, method = state.theta, Hypergradient(config.hypergradient)
    if known_theta is not None:  # nothing that phi does changes a theta that is known
        theta, method = known_theta, Hypergradient.FIRST_ORDER
    terms = solver.outer_terms(state.phi.detach(), theta, state.recent, state.rng)
    hessian = state.evidence.hessian(state.theta)
    v = hypergradient(terms, hessian, method)
    norm = float(v.norm())
    if np.isfinite(norm):
        for group in state.optimiser.param_groups:
            group["lr"] = config.learning_rate / np.sqrt(1.0 + state.updates / 30.0)
        state.phi.grad = v
        state.optimiser.step()
    state.updates += 1
    return terms.value, norm
