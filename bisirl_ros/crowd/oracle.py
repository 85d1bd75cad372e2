"""The oracle: the same learner, given theta* (FORMULATION section 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState
from bisirl_ros.core.policy_update import deploy_the_best, improve_repeatedly
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.solver import CrowdSolver


def oracle_policy(
    solver: CrowdSolver,
    theta: Array,
    config: LoopConfig,
    updates: int,
    seed: int,
    go_on: Callable[[], bool] = lambda: True,
) -> Tensor | None:
    """phi after as many outer updates from the same starts, theta* (P, n) known throughout: (m,).

    As the learner makes them: so many at a time, and deployed where they are better.

    solver: the learner's own, so that nothing but theta differs
    Nothing has to be explained, so it needs no interactions. None where `go_on` said stop.
    """
    known = np.asarray(theta, float)
    flat = known.mean(0) if config.reward == "shared" else known.flatten()
    state = untaught(solver, config, seed)
    for done in range(0, updates, most := max(config.policy_steps, 1)):
        if not go_on():
            return None
        now = replace(config, policy_steps=min(most, updates - done))
        improve_repeatedly(solver, state, now, known_theta=flat)
    if config.checks and len(state.searches) > 1:
        deploy_the_best(solver, state, config, flat, steady=False)
    return state.phi


def oracle_settings(settings: LoopConfig, through: Through) -> LoopConfig:
    """A learner's settings, for policies to compare it with, from one start.

    Nothing is checked where the gradient takes what people do as it comes: the check, by episodes
    with people in them, would let in that they respond.
    """
    checked = 0 if through is Through.NOTHING else settings.checked_episodes
    return replace(settings, checked_episodes=checked, policy_starts=1)


def untaught(solver: CrowdSolver, config: LoopConfig, seed: int) -> LoopState[Decisions]:
    """The goal seeker among the scenario's people, of whom nothing was learned yet."""
    scenario, policy = solver.model.scenario, solver.model.policy
    phi, *others = policy.starts(seed, config.policy_starts)
    state: LoopState[Decisions] = LoopState.start(
        phi, solver.n_features, config, seed, people=True, more_starts=others
    )
    state.evidence = state.evidence.met(scenario.identities, state.theta)
    return state
