"""Feature matching: it counts what the record holds, and finds who is the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.bench import feature_matching
from bisirl_ros.bench.feature_matching import FeatureMatchingSolver
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
