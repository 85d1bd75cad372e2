"""What no reward weighs, by hand; and that decisions are asked about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.left_out import LEFT_OUT, NEAR_M, WIDTH_M, in_words, left_out
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import decisions, random_phi, situation

NAMES = [statistic.name for statistic in LEFT_OUT]


def of(
    target: tuple[float, float],
    robot: tuple[float, float],
    velocity: tuple[float, float] = (0.0, 0.0),
    goal: tuple[float, float] = (5.0, 0.0),
) -> dict[str, float]:
    """Of somebody in the origin."""
    own = torch.tensor([[0.0, 0.0, *velocity]])
    found = left_out(own, torch.tensor([goal]), torch.tensor([robot]), torch.tensor([[target]]))
    return dict(zip(NAMES, found[0, 0].tolist(), strict=True))


def test_far_from_the_robot_only_the_way_counts() -> None:
    found = of((0.6, 0.3), robot=(90.0, 0.0), goal=(90.0, 0.0))
    wanted = {"left": 0.3, "ahead": 0.6, "left^2": 0.09, "ahead^2": 0.36}
    assert found == pytest.approx({**dict.fromkeys(NAMES, 0.0), **wanted}, abs=1e-6)


def test_places_are_told_apart_by_how_far_the_goal_is() -> None:
    found = of((0.6, 0.3), robot=(90.0, 0.0), goal=(0.0, 3.0))
    near = np.exp(-0.5 / WIDTH_M**2)
    assert (found["left at 3"], found["ahead at 3"]) == pytest.approx((-0.6, 0.3))
    assert (found["left at 2"], found["ahead at 4"]) == pytest.approx((-0.6 * near, 0.3 * near))
    assert found["left at 6"] == pytest.approx(0.0, abs=1e-5)


def test_left_and_ahead_are_seen_towards_the_goal() -> None:
    found = of((0.6, 0.3), robot=(90.0, 0.0), goal=(0.0, 4.0))
    assert (found["left"], found["ahead"]) == pytest.approx((-0.6, 0.3))


@pytest.mark.parametrize(("side", "away"), [(1.0, -0.3), (-1.0, 0.3)])
def test_away_is_from_the_side_on_which_the_robot_is(side: float, away: float) -> None:
    near = np.exp(-0.5 * (1.0 / NEAR_M) ** 2)
    found = of((0.6, 0.3), robot=(0.0, side), velocity=(0.6, 0.1))
    assert found["away near"] == pytest.approx(near * away)
    assert found["ahead near"] == pytest.approx(near * 0.6)
    assert found["change near"] == pytest.approx(near * 0.04)


def test_it_is_told_in_words() -> None:
    found = [0.0] * len(LEFT_OUT)
    found[NAMES.index("ahead")] = -4.0
    assert in_words(found) == "walks slower towards the goal than foreseen"
    found[NAMES.index("away near")] = 5.0
    assert in_words(found) == "turns away from the robot more than foreseen"


@pytest.mark.parametrize("goals", [1, 2])
def test_decisions_are_asked_about_it_behind_the_rewards_features(goals: int) -> None:
    """Of each goal that somebody may have; and what is kept of them has the features alone."""
    scenario = load_scenario("crossing")
    policy, rng = InteractionPolicy(scenario.robot), np.random.default_rng(0)
    now = situation((-1.0, 0.1, 0.2, 0.7, 0.0, 0.1), [(0.2, -0.8, 0.1, 0.9)])
    target = rng.uniform(-0.8, 0.8, (1, 1, 2))
    batch = decisions(now, now.robot.numpy(), now.people.numpy(), target, ("ann",))
    if goals == 2:
        batch = replace(
            batch,
            goals=np.array([[[0.5, 3.0], [-2.0, 1.0]]]),
            log_belief=np.log([[[0.7, 0.3]]]),
        )
    found = CrowdSolver(scenario, policy).likelihood(batch, random_phi(policy, 0.2))
    wider, n = found.wider["ann"], len(scenario.feature_names)
    assert (found.of["ann"].size, wider.size) == (n, n + len(LEFT_OUT))
    theta = rng.normal(size=n)
    at = np.concatenate([theta, np.zeros(len(LEFT_OUT))])
    assert wider.value(at) == pytest.approx(found.of["ann"].value(theta))
    place = torch.from_numpy(now.robot.numpy()[:, :2])
    for g in range(goals):
        own, goal = torch.from_numpy(batch.people[:, 0]), torch.from_numpy(batch.goals[0, g])
        by_hand = left_out(own, goal.expand(1, 2), place, torch.from_numpy(target))[0, 0]
        chosen = wider.chosen if goals == 1 else wider.chosen[:, g]  # type: ignore[attr-defined]
        assert chosen[0, 0, 0, n:] == pytest.approx(by_hand.numpy())
