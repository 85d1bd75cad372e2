"""The oracle: the same learner, given theta* (FORMULATION section 7)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, improve_policy
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
    """phi after as many outer updates from the same start, theta* (P, n) known throughout: (m,).

    solver: the learner's own, so that nothing but theta differs
    Nothing has to be explained, so it needs no interactions. None where `go_on` said stop.
    """
    scenario, policy = solver.model.scenario, solver.model.policy
    phi = policy.initial(torch.Generator().manual_seed(seed))
    state: LoopState[Decisions] = LoopState.start(phi, solver.n_features, config, seed, people=True)
    state.evidence = state.evidence.met(scenario.identities, state.theta)
    known = np.asarray(theta, float)
    flat = known.mean(0) if config.reward == "shared" else known.flatten()
    for _ in range(updates):
        if not go_on():
            return None
        improve_policy(solver, state, config, known_theta=flat)
    return state.phi.detach()
