"""The oracle: the same learner, given theta* (FORMULATION section 7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState
from bisirl_ros.core.policy_comparison import AT_A_TIME
from bisirl_ros.core.policy_update import improve_repeatedly
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import start_seed
from bisirl_ros.crowd.solver import CrowdSolver

COMPARED = 1024
"""Imagined episodes by which several starts are compared."""


def oracle_policy(
    solver: CrowdSolver,
    theta: Array,
    config: LoopConfig,
    updates: int,
    seed: int,
    go_on: Callable[[], bool] = lambda: True,
    starts: int = 1,
) -> Tensor | None:
    """phi after as many outer updates from the same start, theta* (P, n) known throughout: (m,).

    As the learner makes them: so many at a time, and no worse than before by config's check.

    solver: the learner's own, so that nothing but theta differs
    starts: of how many the best is taken, by imagined episodes of the same luck
    Nothing has to be explained, so it needs no interactions. None where `go_on` said stop.
    """
    known = np.asarray(theta, float)
    flat = known.mean(0) if config.reward == "shared" else known.flatten()
    found = []
    for start in range(starts):
        state = untaught(solver, config, start_seed(seed, start))
        for done in range(0, updates, most := max(config.policy_steps, 1)):
            if not go_on():
                return None
            now = replace(config, policy_steps=min(most, updates - done))
            improve_repeatedly(solver, state, now, known_theta=flat)
        phi = state.phi.detach()
        luck = np.random.default_rng([seed, 13])
        found.append((_value(solver, state, flat, luck) if starts > 1 else 0.0, phi))
    return max(found, key=lambda pair: pair[0])[1]


def oracle_settings(
    settings: LoopConfig, through: Through, checked_episodes: int = AT_A_TIME
) -> LoopConfig:
    """A learner's settings, for policies to compare it with: checked by no more than so many.

    By none where the gradient takes what people do as it comes: the check, by episodes with people
    in them, would let in that they respond.
    """
    most = 0 if through is Through.NOTHING else checked_episodes
    checked = min(settings.checked_episodes, most)
    return replace(settings, checked_episodes=checked, policy_starts=1)


def untaught(solver: CrowdSolver, config: LoopConfig, seed: int) -> LoopState[Decisions]:
    """The goal seeker among the scenario's people, of whom nothing was learned yet."""
    scenario, policy = solver.model.scenario, solver.model.policy
    phi = policy.initial(torch.Generator().manual_seed(seed))
    state: LoopState[Decisions] = LoopState.start(phi, solver.n_features, config, seed, people=True)
    state.evidence = state.evidence.met(scenario.identities, state.theta)
    return state


def _value(
    solver: CrowdSolver, state: LoopState[Decisions], theta: Array, luck: np.random.Generator
) -> float:
    phi = state.phi.detach()
    return float(solver.returns(phi, theta, state.evidence, [], COMPARED, luck).mean())
