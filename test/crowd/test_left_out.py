"""What no reward weighs, by hand; and that decisions are asked about it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.left_out import MOST, NEAR_M, OF_WAY, LeftOut
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.crowd.solver import CrowdSolver

from .conftest import decisions, random_phi, situation

NAMES = [statistic.name for statistic in OF_WAY]


@pytest.fixture(scope="module")
def every() -> LeftOut:
    return LeftOut(load_scenario("crossing"))


def of(
    target: tuple[float, float],
    robot: tuple[float, float],
    velocity: tuple[float, float] = (0.0, 0.0),
    goal: tuple[float, float] = (5.0, 0.0),
) -> dict[str, float]:
    """Of somebody in the origin."""
    own = torch.tensor([[0.0, 0.0, *velocity]])
    asked = (own, torch.tensor([goal]), torch.tensor([robot]), torch.tensor([[target]]))
    found = LeftOut(load_scenario("crossing")).of_way(*asked)
    return dict(zip(NAMES, found[0, 0].tolist(), strict=True))


def test_far_from_the_robot_only_the_way_counts() -> None:
    found = of((0.6, 0.3), robot=(90.0, 0.0), goal=(90.0, 0.0))
    wanted = {"left": 0.3, "ahead": 0.6, "left^2": 0.09, "ahead^2": 0.36}
    assert found == pytest.approx({**dict.fromkeys(NAMES, 0.0), **wanted}, abs=1e-6)


def test_seconds_near_places_by_hand(every: LeftOut) -> None:
    """As somebody goes on at the velocity that they chose; against a sum in plain numpy."""
    rng = np.random.default_rng(0)
    own, targets = rng.normal(size=(3, 4)), rng.normal(size=(3, 5, 2))
    found = every.of_places(torch.from_numpy(own), torch.from_numpy(targets)).numpy()
    names = [statistic.name for statistic in every.statistics[len(OF_WAY) :]]
    assert found.shape == (3, 5, len(names))
    places = [tuple(map(float, name[4:-1].split(", "))) for name in names]
    assert {round(y - x, 6) for x, y in itertools.pairwise(sorted({y for _, y in places}))} == {1.0}
    for p, place in enumerate(places):
        for moment, k in itertools.product(range(3), range(5)):
            then = own[moment, :2] + 0.4 * np.arange(1, 7)[:, None] * targets[moment, k]
            off = np.linalg.norm(then - place, axis=-1) / 0.8
            assert found[moment, k, p] == pytest.approx(0.4 * np.exp(-0.5 * off**2).sum(), abs=0.02)


@pytest.mark.parametrize("name", scenario_names())
def test_places_lie_over_where_people_start_and_go(name: str) -> None:
    scenario = load_scenario(name)
    found = [s.name for s in LeftOut(scenario).statistics[len(OF_WAY) :]]
    assert 1 <= len(found) == len(set(found)) <= MOST
    places = np.array([tuple(map(float, place[4:-1].split(", "))) for place in found])
    apart = max(np.diff(np.unique(places[:, i])).max(initial=1.0) for i in range(2))
    for person in scenario.starts.people[: scenario.people]:
        for spot in (person.position, *person.goals):
            assert np.linalg.norm(places - spot, axis=-1).min() < apart


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


def test_it_is_told_in_words(every: LeftOut) -> None:
    found = [0.0] * len(every.statistics)
    found[NAMES.index("ahead")] = -4.0
    assert every.in_words(found) == "walks slower towards the goal than foreseen"
    found[NAMES.index("away near")] = 5.0
    assert every.in_words(found) == "turns away from the robot more than foreseen"
    found[[s.name for s in every.statistics].index("at (0.0, 0.6)")] = -6.0
    assert every.in_words(found) == "keeps further from (0.0, 0.6) than foreseen"


@pytest.mark.parametrize("goals", [1, 2])
def test_decisions_are_asked_about_it_behind_the_rewards_features(
    goals: int, every: LeftOut
) -> None:
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
    assert (found.of["ann"].size, wider.size) == (n, n + len(every.statistics))
    theta = rng.normal(size=n)
    at = np.concatenate([theta, np.zeros(len(every.statistics))])
    assert wider.value(at) == pytest.approx(found.of["ann"].value(theta))
    place = torch.from_numpy(now.robot.numpy()[:, :2])
    for g in range(goals):
        own, goal = torch.from_numpy(batch.people[:, 0]), torch.from_numpy(batch.goals[0, g])
        asked = torch.from_numpy(target)
        of_way = every.of_way(own, goal.expand(1, 2), place, asked)
        by_hand = torch.cat([of_way, every.of_places(own, asked)], -1)[0, 0]
        chosen = wider.chosen if goals == 1 else wider.chosen[:, g]  # type: ignore[attr-defined]
        assert chosen[0, 0, 0, n:] == pytest.approx(by_hand.numpy())
