"""Feature matching: it counts what the record holds, and finds who is the model."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bisirl_ros.bench import feature_matching
from bisirl_ros.bench.feature_matching import FeatureMatchingSolver, _sums
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.people_evidence import PeopleEvidence
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.verify.misfit.encounters import encounters
from bisirl_ros.verify.misfit.kinds import RIGHT

SMALL = {"likelihood_grid": (3, 6), "imagination_grid": (2, 5), "episodes": 3}


def matched(episodes: int) -> tuple[FeatureMatchingSolver, Array, Array]:
    """The solver after so many, who they were, and theta as it has it: (n,)."""
    torch.set_num_threads(1)
    met = encounters(RIGHT, 0, episodes)
    policy = InteractionPolicy(met.scenario.robot)
    solver = FeatureMatchingSolver(met.scenario, policy, **SMALL)
    for batch, phi in met.lived:
        solver.likelihood(batch, phi)
    name = met.lived[0][0].identities[0]
    evidence = PeopleEvidence.start(solver.n_features, 0.1).met([name], np.zeros(0))
    return solver, met.theta, solver.estimated(evidence)[name]


@pytest.mark.slow
def test_whoever_is_the_model_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_matching, "IMAGINED", 8)
    _, truth, found = matched(12)
    error = np.linalg.norm(found - truth) / np.linalg.norm(truth)
    assert error < 0.6  # from 1 at first; after so few episodes the likelihood has some 10 %
    assert (np.sign(found[:2]) == np.sign(truth[:2])).all()


def test_it_plans_for_its_own_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_matching, "IMAGINED", 2)
    solver, _, found = matched(1)
    assert 0.0 < np.linalg.norm(found) <= 2.0 * feature_matching.FURTHEST
    asked = []
    monkeypatch.setattr(CrowdSolver, "returns", lambda s, phi, theta, *_: asked.append(theta))
    name = solver.model.scenario.identities[0]
    evidence = PeopleEvidence.start(4, 0.1).met([name, "else"], np.zeros(0))
    phi = torch.zeros(solver.model.policy.size)
    solver.returns(phi, np.ones(8), evidence, [], 1, np.random.default_rng(0))
    np.testing.assert_array_equal(asked[0], [*solver.estimate[name], *np.zeros(4)])
    np.testing.assert_array_equal(solver.estimate[name], found)


def test_what_is_counted_is_what_people_chose_as_long_as_they_did() -> None:
    """Two decisions of one episode of two people, the second of whom has arrived by the second."""
    known = torch.tensor([[[True, True]], [[True, False]]])
    chosen = torch.tensor([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0], [8.0, 80.0]])
    sums = _sums(SimpleNamespace(known=known, chosen=chosen))  # type: ignore[arg-type]
    np.testing.assert_array_equal(sums, [[5.0, 50.0], [2.0, 20.0]])


def test_every_episode_so_far_is_matched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted in two episodes beside what is expected in both, whatever that is."""
    monkeypatch.setattr(feature_matching, "STEPS", 1)
    monkeypatch.setattr(feature_matching, "FURTHEST", 1e9)
    expected = (np.zeros((1, 4)), np.eye(4)[None])
    monkeypatch.setattr(FeatureMatchingSolver, "_expected", lambda *_: expected)
    counts = iter([np.ones((1, 4)), np.full((1, 4), 3.0)])
    monkeypatch.setattr(FeatureMatchingSolver, "_counted", lambda *_: next(counts))
    _, _, found = matched(2)
    first = 0.5 * 1.0 / 1.1  # half of a Newton step of one episode, with the prior's .1
    np.testing.assert_allclose(found, first + 0.5 * (4.0 - 0.1 * first) / 2.1)


def test_only_episodes_that_can_be_lived_again_are_matched() -> None:
    torch.set_num_threads(1)
    met = encounters(RIGHT, 0, 1)
    solver = FeatureMatchingSolver(met.scenario, InteractionPolicy(met.scenario.robot), **SMALL)
    batch, phi = met.lived[0]
    horizon = met.scenario.person.horizon
    recorded = np.repeat(batch.robot[:, None], horizon + 1, 1)
    solver.likelihood(replace(batch, robot_future=recorded), phi)
    evidence = PeopleEvidence.start(4, 0.1).met(batch.identities, np.zeros(0))
    np.testing.assert_array_equal(solver.estimated(evidence)[batch.identities[0]], np.zeros(4))
