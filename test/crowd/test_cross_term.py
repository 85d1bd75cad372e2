"""The cross derivative from replayed batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import LEAST_BATCHES, CrowdSolver

from .conftest import THETA, random_phi, short, simulate_episode

W = np.array([0.3, -1.0, 0.5, 2.0])
TIMED = ("robot", "people", "present", "target", "spread", "route", "log_belief", "step")


class Replays:
    """Eight batches of a short crossing under one policy, and their pulled-back derivative."""

    def __init__(self, crossing: Scenario) -> None:
        scenario = short(crossing, 8, horizon=8)
        policy = InteractionPolicy(scenario.robot)
        self.phi, rng = random_phi(policy, 0.2).float(), np.random.default_rng(3)
        self.solver = CrowdSolver(scenario, policy, episodes=2)
        self.batches = [simulate_episode(scenario, self.phi, THETA, rng) for _ in range(8)]

    def __call__(self, batches: list[Decisions], w: np.ndarray = W) -> torch.Tensor:
        evidence = PeopleEvidence.start(4, 0.1)
        for batch in batches:
            evidence = evidence.met(batch.identities, np.zeros(4 * len(evidence.identities)))
        count, rng = len(evidence.identities), np.random.default_rng(0)
        theta = np.tile(THETA, count)
        terms = self.solver.outer_terms(self.phi, theta, evidence, batches, rng)
        return terms.pull_back(np.tile(w, count))


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
    other = np.array([1.0, 0.2, -0.4, 0.1])
    batches = replays.batches
    summed = replays(batches, W + 2.0 * other)
    each = replays(batches) + 2.0 * replays(batches, other)
    assert torch.allclose(summed, each, rtol=1e-3, atol=1e-3)


def test_a_record_is_replayed_up_to_its_first_gap(replays: Replays) -> None:
    """What comes after a decision that was left out would be replayed at the wrong time."""
    gap = np.array([0, 1, 2, 4, 5])
    broken, cut = [], []
    for batch in replays.batches:
        broken.append(replace(batch, **{name: getattr(batch, name)[gap] for name in TIMED}))
        cut.append(replace(batch, **{name: getattr(batch, name)[:3] for name in TIMED}))
    assert broken[0].unbroken == 3 and replays.batches[0].unbroken == 8
    assert torch.allclose(replays(broken), replays(cut), rtol=1e-4, atol=1e-6)
    assert not torch.allclose(replays(broken), replays(replays.batches), rtol=1e-2)


def test_it_is_about_the_goal_and_the_route_of_the_batch(replays: Replays) -> None:
    here = replays(replays.batches)
    elsewhere = [replace(b, goals=np.array([[[5.0, -9.0]]])) for b in replays.batches]
    assert not torch.allclose(replays(elsewhere), here, rtol=1e-2)
    turned = [replace(b, route=b.route + np.array([-5.0, 3.0])) for b in replays.batches]
    assert not torch.allclose(replays(turned), here, rtol=1e-2)


def test_a_recorded_robot_has_nothing_to_replay(replays: Replays) -> None:
    future = [replace(b, robot_future=np.zeros((8, 9, 6))) for b in replays.batches]
    assert float(replays(future).norm()) == 0.0


def test_batches_of_different_people_are_replayed_side_by_side(replays: Replays) -> None:
    """Somebody else's batches pull on somebody else's weights; more people fill up with nobody."""
    one, other = replays.batches[:4], replays.batches[4:]
    named = [replace(b, identities=("ben",)) for b in other]
    mixed = [b for pair in zip(one, named, strict=True) for b in pair]
    alike = [b for pair in zip(one, other, strict=True) for b in pair]
    assert torch.allclose(replays(mixed), replays(alike), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_it_is_zero_on_average_where_the_model_is_right(crossing: Scenario) -> None:
    """Section 3: what pi_e itself has chosen, on a grid that is fine enough for its density."""
    scenario = short(crossing, 6, horizon=6)
    policy = InteractionPolicy(scenario.robot)
    phi, rng = random_phi(policy, 0.2).float(), np.random.default_rng(9)
    solver = CrowdSolver(scenario, policy, imagination_grid=(8, 18), episodes=2)
    evidence = PeopleEvidence.start(4, 0.1).met(["person_0"], np.zeros(0))
    parts = []
    for _ in range(10):
        batches = [simulate_episode(scenario, phi, THETA, rng) for _ in range(20)]
        terms = solver.outer_terms(phi, THETA, evidence, batches, np.random.default_rng(0))
        parts.append(terms.pull_back(W))
    halves = torch.cat(parts)  # independent, of ten batches each
    error = halves.var(0).sum() / len(halves)  # squared length of the mean, if it is only noise
    assert float(halves.mean(0).square().sum()) < 4.0 * float(error)
