"""Somebody who stands still, seen exactly, again and again: no weight runs away."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState, outer_iteration
from bisirl_ros.crowd.candidates import STANDING, gauss_disc
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

MOMENTS = 10


def standing() -> Decisions:
    """A robot drives past somebody who stands 1 m off its line."""
    robot = np.zeros((MOMENTS, 6))
    robot[:, 0], robot[:, 3] = np.linspace(-2.5, 2.0, MOMENTS), 0.8
    people = np.tile([0.0, 1.0, 0.0, 0.0], (MOMENTS, 1, 1))
    return Decisions(
        robot,
        people,
        present=np.ones((MOMENTS, 1), bool),
        target=np.zeros((MOMENTS, 1, 2)),
        spread=np.zeros((MOMENTS, 1, 6, 6)),
        identities=("somebody",),
        route=np.tile([[2.5, 0.0]], (MOMENTS, 1, 1)),
        goals=np.array([[[0.0, 3.6]]]),
        log_belief=np.zeros((MOMENTS, 1, 1)),
        policy_version=0,
        step=np.arange(MOMENTS, dtype=float),
    )


def test_to_stand_is_a_candidate_of_the_area_it_stands_for() -> None:
    found = gauss_disc(1.8, 4, 9)
    assert not found.velocity[0].any()
    assert float(found.log_area[0]) == np.log(np.pi * STANDING**2)
    np.testing.assert_allclose(float(found.log_area.exp().sum()), np.pi * 1.8**2)


def test_who_only_stands_drives_no_weight_away_and_leaves_it_uncertain() -> None:
    """Without the candidate the likelihood has no maximum: 1,955 +- 3.2 after seven batches."""
    scenario = load_scenario("crossing")
    policy = InteractionPolicy(scenario.robot)
    solver, config = CrowdSolver(scenario, policy), LoopConfig(policy_steps=0)
    phi = policy.initial(torch.Generator().manual_seed(0))
    state: LoopState[Decisions] = LoopState.start(phi, 4, config, 0, people=True)
    for _ in range(7):
        report = outer_iteration(solver, state, config, standing(), phi)
    assert np.abs(report.theta).max() < 20.0
    assert np.all(np.abs(report.theta) <= 3.0 * report.std + 1.0), "surer than it can be"
    assert report.std.max() <= 1.0 / np.sqrt(config.prior_precision) + 1e-6
