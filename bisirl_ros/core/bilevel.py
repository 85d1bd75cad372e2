"""BISIRL: the double loop (FORMULATION section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.drift import forget_before_drift
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.hypergradient import PLAYS_AGAIN, cannot_play_again
from bisirl_ros.core.likelihood import Likelihood, PeopleLikelihood
from bisirl_ros.core.loop_config import LoopConfig
from bisirl_ros.core.loop_state import Batch, LoopState
from bisirl_ros.core.lower_level import (
    LowerLevelResult,
    Method,
    Status,
    solve_from_starts,
    solve_lower_level,
)
from bisirl_ros.core.outer_report import OuterReport
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.core.people_structures import as_believed, begun_anew, compared
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.core.prior_width import MOST_SWEEPS
from bisirl_ros.core.solver import Solver
from bisirl_ros.errors import InputError

__all__ = ["Batch", "Interact", "LoopConfig", "LoopState", "OuterReport", "bisirl"]

COMPARED = 1e-3
"""||grad g|| to which structures are solved that are only compared: far below their deviations."""

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

    Raises InputError for a batch whose likelihood is not finite or a hypergradient that this game
    cannot give. Whatever it raises, it leaves `state` as it was.
    """
    method = config.estimator.method
    if method in PLAYS_AGAIN and config.policy_steps and not solver.plays_again:
        raise cannot_play_again(method)
    with state.whole_or_not_at_all():
        began = clock()
        known = solver.likelihood(batch, phi_of_batch, state.collected)
        likelihood = as_believed(state.evidence, known)
        held_out = observe(state, likelihood)
        state.collected = [*state.collected, (batch, phi_of_batch.detach().clone())]
        state.collected = state.collected[-config.replayed_batches :]
        inner = solve_inner(state, config)
        compare_structures(state, config, likelihood)
        drifted = forget_after_drift(state, config)
        if drifted:
            inner = solve_inner(state, config)
        inner_s = clock() - began
        improved = improve_repeatedly(solver, state, config, clock)
        state.k += 1
        state.evidence = state.evidence.carry(state.theta)
        report = OuterReport.of(
            state,
            improved,
            inner,
            drifted,
            decisions=len(batch),
            held_out=held_out,
            inner_s=inner_s,
        )
    return report


def observe(state: LoopState[Batch], likelihood: Likelihood | PeopleLikelihood) -> float:
    """Meet whoever is new and add the batch to the evidence; its mean log-likelihood before that.

    Raises InputError where that, or its gradient, is not finite, or nobody decided.
    """
    if not len(likelihood):
        raise InputError("interactions: nobody decided anything; leave such a batch out")
    people = likelihood.of if isinstance(likelihood, PeopleLikelihood) else ()
    evidence = state.evidence.met(people, state.theta)
    theta = evidence.extended(state.theta)
    surprise, gradient = evidence.surprise(likelihood, theta)
    if not (np.isfinite(surprise) and np.isfinite(gradient).all()):
        raise InputError("interactions: their likelihood is not finite; check the poses")
    state.theta, state.evidence = theta, evidence.judged(likelihood, theta).add(likelihood)
    return -surprise / len(likelihood)


def solve_inner(state: LoopState[Batch], config: LoopConfig) -> LowerLevelResult:
    """theta <- argmin g until ||grad g|| <= eps_k or T_max, from the last one and other starts.

    Only those whom the newest batch spoke of are explained anew, until their priors are as wide as
    they ask for; where people teach about people everybody, until what they teach has settled.
    """
    found = _solve_parts(state, config, state.evidence.newest, config.inner_starts)
    for _ in range(MOST_SWEEPS):
        pooled = state.evidence.repooled(state.theta)
        if pooled is state.evidence:
            return _together(state, found)
        moved = [n for n in pooled.parts if pooled.parts[n] is not state.evidence.parts[n]]
        state.evidence = pooled
        for name, last in _solve_parts(state, config, moved, 1).items():
            found[name] = last if name not in found else _after(found[name], last)
    return replace(_together(state, found), status=Status.ITERATION_CAP)


def _solve_parts(
    state: LoopState[Batch], config: LoopConfig, names: Iterable[str], starts: int
) -> dict[str, LowerLevelResult]:
    """Minimise g over the named parts' theta."""
    found = {}
    for name in names:
        part, theta = state.evidence.parts[name], state.evidence.theta_of(state.theta, name)
        others = [state.rng.standard_normal(len(theta)) for _ in range(starts - 1)]
        found[name] = solve_from_starts(
            part,
            [theta, *others],
            trajectories=part.trajectories,
            tolerance=config.inner_tolerance / (state.k + 1),
            max_iterations=config.inner_max_iterations,
            method=Method(config.inner_method),
        )
    if not all(np.isfinite(result.theta).all() for result in found.values()):
        raise InputError("interactions: no finite theta explains them; check the poses")
    state.theta = state.evidence.exchanged(state.theta, {n: r.theta for n, r in found.items()})
    return found


def _after(first: LowerLevelResult, last: LowerLevelResult) -> LowerLevelResult:
    """The last of several solves of one part, from the starts of the first."""
    more = first.iterations + last.iterations
    return replace(last, iterations=more, starts=first.starts, agreeing=first.agreeing)


def _together(state: LoopState[Batch], found: Mapping[str, LowerLevelResult]) -> LowerLevelResult:
    """The worst of what happened to anybody stands for all."""
    results = list(found.values())
    worst = max(
        results, key=lambda result: (result.status is not Status.CONVERGED, result.residual)
    )
    return replace(
        worst,
        theta=state.theta,
        iterations=max(result.iterations for result in results),
        agreeing=min(result.agreeing for result in results),
    )


def compare_structures(
    state: LoopState[Batch], config: LoopConfig, batch: Likelihood | PeopleLikelihood
) -> None:
    """How well each structure explains each person; what one says who leads anew is believed."""
    if not isinstance(batch, PeopleLikelihood) or not isinstance(state.evidence, PeopleEvidence):
        return

    def solve(evidence: Evidence, theta: Array) -> Array:
        return solve_lower_level(
            evidence,
            theta,
            trajectories=evidence.trajectories,
            tolerance=max(config.inner_tolerance, COMPARED),
            max_iterations=config.inner_max_iterations,
            method=Method(config.inner_method),
        ).theta

    state.evidence, found = compared(state.evidence, batch, solve)
    state.theta = state.evidence.exchanged(state.theta, found)


def forget_after_drift(state: LoopState[Batch], config: LoopConfig) -> dict[str, int]:
    """Weaken what is older than a detected drift; how many batches are newer, by who changed.

    What is replayed may then be no older than the newest change.
    """
    state.evidence, drifted = forget_before_drift(
        state.evidence, state.theta, config.drift_alarm, config.forgetting
    )
    if drifted:
        state.collected = state.collected[-min(drifted.values()) :]
        state.evidence = begun_anew(state.evidence, drifted)
    return drifted
