"""BISIRL: the double loop (FORMULATION section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sized
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.drift import detect_drift
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import (
    PLAYS_AGAIN,
    Estimator,
    Hypergradient,
    cannot_play_again,
    hypergradient,
)
from bisirl_ros.core.identified import IdentifiedSubspace, identified_subspace
from bisirl_ros.core.inverse_hessian import Product
from bisirl_ros.core.lower_level import LowerLevelResult, Method, solve_from_starts
from bisirl_ros.core.solver import Solver
from bisirl_ros.errors import InputError

Batch = TypeVar("Batch", bound=Sized)


@dataclass(frozen=True)
class LoopConfig:
    """Settings of the double loop."""

    hypergradient: str = setting(
        "implicit",
        doc="how the outer gradient is estimated; spsa and finite-difference need a game that "
        "can be played again",
        choices=tuple(method.value for method in Hypergradient),
    )
    cg_steps: int = setting(100, doc="conjugate-gradient steps of implicit", low=1, high=100000)
    neumann_terms: int = setting(100, doc="terms of neumann", low=1, high=100000)
    perturbation: float = setting(
        0.1, doc="c of the perturbation c / (k + 1)^0.101 of spsa", low=1e-9, high=10.0
    )
    spsa_samples: int = setting(1, doc="perturbations that spsa averages", low=1, high=100000)
    prior_precision: float = setting(
        0.1, doc="Lambda_0, precision of the prior on every weight", low=1e-9, high=1e6
    )
    drift_alarm: float = setting(
        0.0,
        doc="probability of a false alarm of the drift test; 0 tests nothing",
        low=0.0,
        high=0.5,
    )
    forgetting: float = setting(
        0.0, doc="rho: what a detected drift leaves of older evidence", low=0.0, high=1.0
    )
    evidence_window: int = setting(200, doc="batches kept exactly", low=1, high=100000)
    inner_method: str = setting(
        "newton", doc="how the inner loop descends", choices=tuple(m.value for m in Method)
    )
    inner_tolerance: float = setting(
        1e-5, doc="eps_0 of the inner stop ||grad g|| <= eps_0 / (k + 1)", low=1e-12, high=1.0
    )
    inner_max_iterations: int = setting(50, doc="T_max of the inner loop", low=1, high=10000)
    inner_starts: int = setting(
        1, doc="starts of the inner loop, all but one at random", low=1, high=1000
    )
    policy_steps: int = setting(
        3, doc="outer updates per batch; 0 learns no policy", low=0, high=99
    )
    optimiser: str = setting(
        "adam", doc="of the outer loop; sgd is the plain step of theory", choices=("adam", "sgd")
    )
    learning_rate: float = setting(
        0.05, doc="eta_0 of the step eta_0 / sqrt(1 + updates / rate_decay)", low=0.0, high=1000.0
    )
    rate_decay: float = setting(
        30.0, doc="updates after which the step has shrunk to 0.7", low=1e-3, high=1e9
    )
    replayed_batches: int = setting(6, doc="newest batches in the cross term", low=1, high=1000)
    beta_i: float = setting(
        0.0, doc="weight of the information that an episode will give [1/nat]", low=0.0, high=1e6
    )

    @property
    def estimator(self) -> Estimator:
        """Of the hypergradient."""
        return Estimator(
            Hypergradient(self.hypergradient),
            self.cg_steps,
            self.neumann_terms,
            self.perturbation,
            self.spsa_samples,
        )


@dataclass
class LoopState(Generic[Batch]):
    """Everything the double loop remembers between iterations.

    phi: (m,) policy; theta: (n,) estimate; k: outer iterations (batches) done, the version of phi;
    updates: outer updates done; recent: the newest batches, for the cross term
    """

    phi: torch.nn.Parameter
    theta: Array
    evidence: Evidence
    optimiser: torch.optim.Optimizer
    rng: np.random.Generator
    k: int = 0
    updates: int = 0
    recent: list[Batch] = field(default_factory=list)

    @staticmethod
    def start(phi: Tensor, n_features: int, config: LoopConfig, seed: int) -> LoopState[Batch]:
        """theta = 0 and the given phi."""
        parameter, lr = torch.nn.Parameter(phi.clone()), config.learning_rate
        optimiser: torch.optim.Optimizer = (
            torch.optim.SGD([parameter], lr=lr, maximize=True)
            if config.optimiser == "sgd"
            else torch.optim.Adam([parameter], lr=lr, betas=(0.9, 0.99), maximize=True)
        )
        return LoopState(
            phi=parameter,
            theta=np.zeros(n_features),
            evidence=Evidence.start(n_features, config.prior_precision, config.evidence_window),
            optimiser=optimiser,
            rng=np.random.default_rng(seed),
        )


@dataclass(frozen=True)
class OuterReport:
    """What one outer iteration did.

    theta, std: (n,) estimate and posterior standard deviation; inner: of the lower level;
    held_out: mean log-likelihood per decision of this batch before anything was learned from it;
    objective: f(phi, theta), NaN where no policy is learned; gradient_norms: one per outer update;
    identified: which directions of theta all interactions so far speak of
    drift: batches kept because the person seems to have changed before them; 0: no change noticed
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
    identified: IdentifiedSubspace
    drift: int
    inner_s: float
    update_s: tuple[float, ...]

    @property
    def rank(self) -> int:
        """Dimension of the identified subspace of theta."""
        return self.identified.rank


Interact = Callable[[LoopState[Batch]], "tuple[Batch, Tensor] | None"]
"""Deploy the state's policy; return the next batch and the phi it was collected under, or None."""


def bisirl(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    interact: Interact[Batch],
    report: Callable[[OuterReport], None],
    clock: Callable[[], float] = time.perf_counter,
) -> LoopState[Batch]:
    """Run the double loop until `interact` returns None."""
    while (collected := interact(state)) is not None:
        report(outer_iteration(solver, state, config, *collected, clock))
    return state


def outer_iteration(
    solver: Solver[Batch],
    state: LoopState[Batch],
    config: LoopConfig,
    batch: Batch,
    phi_of_batch: Tensor,
    clock: Callable[[], float] = time.perf_counter,
) -> OuterReport:
    """Explain one batch, improve the policy, carry the evidence forward; changes `state`.

    Raises InputError, and leaves `state` as it was, for a batch whose likelihood is not finite or
    a hypergradient that this game cannot give.
    """
    began, method = clock(), config.estimator.method
    if method in PLAYS_AGAIN and config.policy_steps and not solver.plays_again:
        raise cannot_play_again(method)
    likelihood = solver.likelihood(batch, phi_of_batch)
    held_out = -likelihood.value(state.theta) / len(batch)
    if not np.isfinite(held_out):
        raise InputError("interactions: their likelihood is not finite; check the poses")
    state.evidence = state.evidence.add(likelihood)
    state.recent = [*state.recent, batch][-config.replayed_batches :]
    inner = solve_inner(state, config)
    state.theta = inner.theta
    drift = forget_after_drift(state, config)
    if drift:
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
    information = state.evidence.information(state.theta)
    identified = identified_subspace(information, float(state.evidence.prior.max()))
    state.evidence = state.evidence.carry(state.theta)
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
        identified=identified,
        drift=drift,
        inner_s=inner_s,
        update_s=tuple(update_s),
    )


def solve_inner(state: LoopState[Batch], config: LoopConfig) -> LowerLevelResult:
    """theta <- argmin g until ||grad g|| <= eps_k or T_max, from the last one and other starts."""
    n = len(state.theta)
    others = [state.rng.standard_normal(n) for _ in range(config.inner_starts - 1)]
    return solve_from_starts(
        state.evidence,
        [state.theta, *others],
        trajectories=state.evidence.trajectories,
        tolerance=config.inner_tolerance / (state.k + 1),
        max_iterations=config.inner_max_iterations,
        method=Method(config.inner_method),
    )


def forget_after_drift(state: LoopState[Batch], config: LoopConfig) -> int:
    """Weaken what is older than a detected drift; how many batches are newer, 0 for no drift."""
    if config.drift_alarm == 0.0:
        return 0
    drift = detect_drift(state.evidence, state.theta, config.drift_alarm)
    if drift is None:
        return 0
    state.evidence = state.evidence.forget(state.theta, drift.batches, config.forgetting)
    state.recent = state.recent[-drift.batches :]
    return drift.batches


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
        for group in state.optimiser.param_groups:
            group["lr"] = config.learning_rate / np.sqrt(1.0 + state.updates / config.rate_decay)
        state.phi.grad = v
        state.optimiser.step()
    state.updates += 1
    return terms.value, norm


def _curvature(state: LoopState[Batch]) -> Product:
    """v -> [d2_{theta theta} (N g)] v at the estimate, evaluated when first asked for."""
    precision: Array | None = None

    def product(v: Array) -> Array:
        nonlocal precision
        if precision is None:
            precision = state.evidence.posterior_precision(state.theta)
        return np.asarray(precision @ v)

    return product
