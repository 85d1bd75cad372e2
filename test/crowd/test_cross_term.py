"""The cross derivative from replayed batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman
from bisirl_ros.crowd.solver import LEAST_BATCHES, RecedingHorizonSolver

from .conftest import THETA, simulate_episode

W = np.array([0.3, -1.0, 0.5, 2.0])


class Replays:
    """Eight batches of a short crossing under one policy, and their pulled-back derivative."""

    def __init__(self, crossing: Scenario) -> None:
        scenario = replace(crossing, time_limit_s=3.2)
        policy = InteractionPolicy(scenario.robot)
        self.phi = policy.initial(torch.Generator().manual_seed(0))
        self.phi[-34:] += 0.3 * torch.randn(34, generator=torch.Generator().manual_seed(1))
        self.solver = RecedingHorizonSolver(scenario, policy, episodes=2)
        human, rng = SimulatedHuman(scenario, policy, THETA, seed=2), np.random.default_rng(3)
        self.batches = [simulate_episode(scenario, human, self.phi, rng) for _ in range(8)]

    def __call__(self, batches: list[Interactions]) -> torch.Tensor:
        evidence, rng = Evidence.start(4, 0.1), np.random.default_rng(0)
        terms = self.solver.outer_terms(self.phi, THETA, evidence, batches, rng)
        return terms.pull_back(W)


@pytest.fixture
def replays(crossing: Scenario) -> Replays:
    return Replays(crossing)


def test_two_halves_estimate_it_and_too_few_batches_do_not(replays: Replays) -> None:
    halves = replays(replays.batches)
    assert halves.shape == (2, len(replays.phi))
    assert float(halves.norm(dim=1).min()) > 0.0
    assert torch.equal(replays(replays.batches[: LEAST_BATCHES - 1]), 0.0 * halves[:1])


def test_it_is_linear_in_w_and_the_mean_over_the_batches_of_a_half(replays: Replays) -> None:
    a, b = replays.batches[:2], replays.batches[2:4]
    mixed = replays([a[0], b[0], a[1], b[1]])
    assert torch.allclose(mixed[0], replays([*a, *a])[[0, 1]].mean(0), rtol=1e-3, atol=1e-4)


def test_a_record_is_replayed_up_to_its_first_gap(replays: Replays) -> None:
    """What comes after a decision that was left out would be replayed at the wrong time."""
    gap = [0, 1, 2, 4, 5]
    broken, cut = [], []
    for batch in replays.batches:
        rows = {n: getattr(batch, n)[gap] for n in ("human", "robot", "target")}
        broken.append(replace(batch, **rows, step=np.array(gap, float)))
        rows = {n: getattr(batch, n)[:3] for n in ("human", "robot", "target")}
        cut.append(replace(batch, **rows))
    assert torch.allclose(replays(broken), replays(cut), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(replays(broken), replays(replays.batches), rtol=1e-2)


def test_it_is_about_the_goal_of_the_batch(replays: Replays) -> None:
    elsewhere = [replace(batch, goal=np.array([5.0, -9.0])) for batch in replays.batches]
    assert not torch.allclose(replays(elsewhere), replays(replays.batches), rtol=1e-2)


def test_a_recorded_robot_has_nothing_to_replay(replays: Replays) -> None:
    future = [replace(b, robot_future=np.zeros((len(b), 9, 5))) for b in replays.batches]
    assert float(replays(future).norm()) == 0.0
