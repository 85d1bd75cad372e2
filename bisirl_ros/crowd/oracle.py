"""The oracle: the same learner, given theta* (FORMULATION section 7)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, improve_policy
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import RecedingHorizonSolver


def oracle_policy(
    scenario: Scenario,
    theta: Array,
    config: LoopConfig,
    updates: int,
    seed: int,
    go_on: Callable[[], bool] = lambda: True,
) -> Tensor | None:
    """phi after as many outer updates from the same start, theta* known throughout: (m,).

    Nothing has to be explained, so it needs no interactions. None where `go_on` said stop.
    """
    policy = InteractionPolicy(scenario.robot)
    solver = RecedingHorizonSolver(scenario, policy)
    phi = policy.initial(torch.Generator().manual_seed(seed))
    state: LoopState[Interactions] = LoopState.start(phi, solver.n_features, config, seed)
    for _ in range(updates):
        if not go_on():
            return None
        improve_policy(solver, state, config, known_theta=theta)
    return state.phi.detach()
