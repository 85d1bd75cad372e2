"""Several people: each with their own reward, some absent, some met for the first time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.bilevel import LoopConfig, LoopState, outer_iteration
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import THETA, random_phi, short, simulate_episode

NAMES = ("ann", "ben", "cas")
EACH = np.stack([THETA, 0.5 * THETA, np.array([1.0, 1.0, -0.8, -0.2])])
SCENARIO = short(load_scenario("crossing", people=3), 6, horizon=4)
POLICY = InteractionPolicy(SCENARIO.robot, hidden=6)


def solver() -> CrowdSolver:
    return CrowdSolver(SCENARIO, POLICY, likelihood_grid=(4, 9), episodes=6)


def evidence_of(*names: str, reward: str = "each") -> PeopleEvidence:
    return PeopleEvidence.start(4, 0.1, reward=reward).met(names, np.zeros(0))


def batch_of(*names: str) -> Decisions:
    """Any batch with these people."""
    scenario = replace(SCENARIO, people=len(names))
    policy = InteractionPolicy(scenario.robot)
    phi, rng = policy.initial(torch.Generator().manual_seed(0)), np.random.default_rng(0)
    return simulate_episode(scenario, phi, EACH[: len(names)], rng, count=50, identities=names)


def value(theta: np.ndarray, evidence: PeopleEvidence, batch: Decisions) -> tuple:
    terms = solver().outer_terms(
        random_phi(POLICY).float(), theta, evidence, [batch], np.random.default_rng(1)
    )
    return terms.value, terms.d_phi, terms.d_theta


def test_each_is_imagined_with_their_own_weights_by_name() -> None:
    """Whatever the order in which they were met."""
    batch = batch_of("ann", "ben", "cas")
    one = value(EACH.flatten(), evidence_of(*NAMES), batch)
    turned = value(EACH[[2, 0, 1]].flatten(), evidence_of("cas", "ann", "ben"), batch)
    assert one[0] == pytest.approx(turned[0], rel=1e-5)
    assert torch.allclose(one[1], turned[1], rtol=1e-3, atol=1e-3)
    assert np.allclose(one[2].reshape(3, 4)[[2, 0, 1]], turned[2].reshape(3, 4), rtol=1e-3)
    mistaken = value(EACH[[2, 0, 1]].flatten(), evidence_of(*NAMES), batch)
    assert abs(one[0] - mistaken[0]) > 0.1


def test_who_is_not_imagined_pulls_on_nothing() -> None:
    batch = batch_of("ben", "cas", "dan")
    found = value(np.concatenate([EACH.flatten(), THETA]), evidence_of(*NAMES, "dan"), batch)
    assert not found[2][:4].any() and found[2][4:].all()


def test_a_stranger_is_imagined_as_a_newcomer() -> None:
    """At 0 where nobody teaches about anybody; at the pool's mean where people do."""
    known = np.concatenate([EACH[0], EACH[1], np.zeros(4)])
    batch = batch_of(*NAMES)
    at_zero = value(known, evidence_of(*NAMES), batch)
    stranger = value(known[:8], evidence_of("ann", "ben"), batch)
    assert stranger[0] == pytest.approx(at_zero[0], rel=1e-5)
    assert np.allclose(stranger[2], at_zero[2][:8], rtol=1e-3)
    pooled = evidence_of("ann", "ben", reward="pooled")
    mean = pooled.newcomer(known[:8])[0]
    by_hand = value(np.concatenate([known[:8], mean]), evidence_of(*NAMES), batch)
    assert value(known[:8], pooled, batch)[0] == pytest.approx(by_hand[0], rel=1e-5)


def test_people_with_one_reward_share_its_gradient() -> None:
    batch = batch_of(*NAMES)
    shared = value(THETA, evidence_of(*NAMES, reward="shared"), batch)
    each = value(np.tile(THETA, 3), evidence_of(*NAMES), batch)
    assert shared[0] == pytest.approx(each[0], rel=1e-5)
    assert np.allclose(shared[2], each[2].reshape(3, 4).sum(0), rtol=1e-3, atol=1e-3)


def test_who_comes_and_goes_keeps_what_was_learned_of_them() -> None:
    """Absent in the second batch, of whom the first and third speak."""
    config = LoopConfig(policy_steps=1, checked_episodes=16)
    phi, rng = POLICY.initial(torch.Generator().manual_seed(0)), np.random.default_rng(0)
    state: LoopState[Decisions] = LoopState.start(phi, 4, config, 0, people=True)
    learner, seen = solver(), []
    for names in (NAMES, ("ann", "cas"), NAMES):
        scenario = replace(SCENARIO, people=len(names))
        theta = EACH[[NAMES.index(name) for name in names]]
        here = state.phi
        initial = InteractionPolicy(scenario.robot).initial(torch.Generator().manual_seed(0))
        batch = simulate_episode(scenario, initial, theta, rng, count=50, identities=names)
        outer_iteration(learner, state, config, batch, here)
        seen.append({n: state.evidence.theta_of(state.theta, n) for n in NAMES})
    assert state.evidence.identities == NAMES
    assert (seen[0]["ben"] == seen[1]["ben"]).all()
    assert (seen[1]["ben"] != seen[2]["ben"]).all() and (seen[0]["ann"] != seen[1]["ann"]).all()
    assert [state.evidence.parts[n].trajectories for n in NAMES] == [3, 2, 3]
    assert torch.isfinite(state.phi).all()
