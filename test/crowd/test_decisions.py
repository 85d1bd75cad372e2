"""A batch of decisions: what it refuses, what counts, and where it can be lived through again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorded_start import recorded_start
from bisirl_ros.crowd.scenario import Scenario

from .conftest import THETA, random_phi, simulate_episode

NAN = float("nan")


def batch(steps: int = 4, people: int = 2, goals: int = 1) -> Decisions:
    rng = np.random.default_rng(0)
    return Decisions(
        robot=rng.normal(size=(steps, 6)),
        people=rng.normal(size=(steps, people, 4)),
        present=np.ones((steps, people), bool),
        target=rng.normal(size=(steps, people, 2)),
        spread=np.zeros((steps, people, 6, 6)),
        identities=("ann", "ben", "cas")[:people],
        route=rng.normal(size=(steps, 1, 2)),
        goals=rng.normal(size=(people, goals, 2)),
        log_belief=np.full((steps, people, goals), -np.log(goals)),
        policy_version=3,
        step=np.arange(steps),
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"robot": np.zeros((4, 5))}, r"robot: shape \(4, 5\), expected \(4, 6\)"),
        ({"target": np.zeros((4, 1, 2))}, "target: shape"),
        ({"spread": np.zeros((4, 2, 4, 4))}, "spread: shape"),
        ({"people": np.full((4, 2, 4), NAN)}, "people: holds a value that is not finite"),
        ({"target": np.full((4, 2, 2), NAN)}, "no decision"),
        ({"present": np.zeros((4, 2), bool)}, "no decision"),
        ({"identities": ("ann",)}, "expected 2 different"),
        ({"identities": ("ann", "ann")}, "expected 2 different"),
        ({"route": np.zeros((4, 2))}, "route: shape"),
        ({"log_belief": np.zeros((4, 2, 3))}, "log_belief: shape"),
        ({"robot_future": np.zeros((4, 9, 5))}, "robot_future: shape"),
        ({"step": np.arange(3)}, "step: shape"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        replace(batch(), **changes)


def test_choices_that_are_known_count() -> None:
    seen = batch()
    target, present = seen.target.copy(), seen.present.copy()
    target[1, 0], present[2, 1] = NAN, False
    some = replace(seen, target=target, present=present)
    assert len(seen) == 8 and len(some) == 6
    assert some.decided.tolist() == [[True, True], [False, True], [True, False], [True, True]]


@pytest.mark.parametrize(
    ("unknown", "steps", "unbroken"),
    [
        ([], [0, 1, 2, 3], 4),
        ([(2, 0), (3, 0)], [0, 1, 2, 3], 4),  # they have arrived
        ([(1, 0)], [0, 1, 2, 3], 1),  # a gap: they went on
        ([(0, 1)], [0, 1, 2, 3], 0),
        ([], [0, 1, 3, 4], 2),  # a moment left out
        ([], [1, 2, 3, 4], 0),
        ([(1, 0), (2, 0), (3, 0)], [0, 1, 2, 5], 3),
    ],
)
def test_how_long_a_record_is_unbroken(
    unknown: list[tuple[int, int]], steps: list[int], unbroken: int
) -> None:
    target = batch().target.copy()
    for moment, person in unknown:
        target[moment, person] = NAN
    assert replace(batch(), target=target, step=np.array(steps)).unbroken == unbroken


def game(scenario: Scenario) -> CrowdModel:
    policy = InteractionPolicy(scenario.robot)
    return CrowdModel(scenario, policy, gauss_disc(1.8, 2, 3), "cpu", torch.float64)


def test_records_side_by_side_begin_where_they_began(crossing: Scenario) -> None:
    """Of different lengths, people, goals and paths."""
    model, two, three = game(crossing), batch(4, 2, 1), batch(3, 3, 2)
    path = np.concatenate([three.route - 1.0, three.route], 1)
    gap = three.target.copy()
    gap[1, 0] = NAN
    three = replace(three, route=path, target=gap)
    start, target, names = recorded_start([two, three], model)
    assert names == [["ann", "ben", ""], ["ann", "ben", "cas"]]
    assert start.present.tolist() == [[True, True, False], [True, True, True]]
    assert np.array_equal(start.robot.numpy(), [two.robot[0], three.robot[0]])
    assert np.array_equal(start.people[0, :2].numpy(), two.people[0])
    assert np.array_equal(start.aims.route[0].numpy(), [two.route[0, 0]] * 2)
    assert np.array_equal(start.aims.route[1].numpy(), path[0])
    assert np.array_equal(start.aims.likeliest[0, :2].numpy(), two.goals[:, 0])
    assert target.shape == (4, 2, 3, 2)
    assert np.array_equal(target[:, 0, :2].numpy(), two.target)
    assert torch.isnan(target[1:, 1]).all() and torch.isfinite(target[0, 1]).all()


def test_a_simulated_episode_is_lived_through_again(crossing: Scenario) -> None:
    scenario = replace(crossing, people=2)
    model, theta = game(scenario), np.stack([THETA, THETA])
    phi = random_phi(model.policy, 0.2)
    seen = simulate_episode(scenario, phi, theta, np.random.default_rng(0))
    start, target, _ = recorded_start([seen], model)
    weights = torch.from_numpy(theta)
    setting = model.setting(start, start.aims.likeliest, weights)
    replayed = model.replay(phi, start, setting, target)
    steps = len(seen.robot)
    assert seen.unbroken == steps
    assert np.allclose(replayed.people[:steps, 0].numpy(), seen.people, atol=1e-9)
    motions = model.policy.robot.motion(torch.from_numpy(seen.robot)).packed()
    assert torch.allclose(replayed.robot[:steps, 0], motions, atol=1e-9)
    assert np.array_equal(replayed.known[:, 0].numpy(), seen.decided)


def test_who_was_there() -> None:
    """Somebody whom an episode names may never have come."""
    seen = batch()
    assert seen.has("ann") and seen.has("ben") and not seen.has("cas")
    present = seen.present.copy()
    present[:, 0] = False
    away = replace(seen, present=present)
    assert away.has("ben") and not away.has("ann")
