"""A batch is explained under the policy that was deployed when it was collected."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman
from bisirl_ros.crowd.solver import RecedingHorizonSolver

from .conftest import THETA, simulate_episode


def test_the_true_weights_under_the_right_policy_explain_best(crossing: Scenario) -> None:
    """The human answered that robot; under another one the same choices are less likely."""
    policy = InteractionPolicy(crossing.robot)
    solver = RecedingHorizonSolver(crossing, policy)
    generator = torch.Generator().manual_seed(0)
    deployed = policy.initial(generator)
    deployed[-2] = -1.5  # a slow robot
    other = policy.initial(generator)
    other[-2] = 1.5  # a fast one
    human = SimulatedHuman(crossing, policy, THETA, seed=4)
    rng = np.random.default_rng(0)
    batches = [simulate_episode(crossing, human, deployed, rng) for _ in range(12)]
    right = sum(solver.likelihood(b, deployed).value(THETA) for b in batches)
    wrong = sum(solver.likelihood(b, other).value(THETA) for b in batches)
    uniform = sum(solver.likelihood(b, deployed).value(0 * THETA) for b in batches)
    assert right < wrong - 2.0
    assert right < uniform - 20.0


def test_the_coarse_grid_of_imagination_agrees_with_the_fine_one(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    phi = policy.initial(torch.Generator().manual_seed(0))
    human = SimulatedHuman(crossing, policy, THETA, seed=4)
    batch = simulate_episode(crossing, human, phi, np.random.default_rng(1))
    values = [
        RecedingHorizonSolver(crossing, policy, likelihood_grid=grid)
        .likelihood(batch, phi)
        .value(THETA)
        for grid in ((4, 9), (8, 18), (16, 36))
    ]
    per_decision = np.array(values) / len(batch)
    assert abs(per_decision[1] - per_decision[2]) < 0.002
    assert abs(per_decision[0] - per_decision[2]) < 0.05
