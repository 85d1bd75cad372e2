"""CrowdNav's circle crossing: its starts, its rules, its published rows, and what learns in it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.bench.crowdnav import scenery
from bisirl_ros.bench.crowdnav.crossings import Crossings, seeded
from bisirl_ros.bench.crowdnav.learn import decisions, learn
from bisirl_ros.bench.crowdnav.robots import OrcaDrive, PolicyDrive
from bisirl_ros.bench.crowdnav.scenario import circle_crossing
from bisirl_ros.bench.crowdnav.seers import Seers, at_stake, choices, intrusion, learn_seers
from bisirl_ros.bench.crowdnav.simulator import (
    COLLISION,
    STEP_S,
    SUCCESS,
    TIMEOUT,
    at_start,
    choose,
    gaps,
    play,
)
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.oracle import untaught
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.errors import InputError

pytest.importorskip("pyrvo")


def straight(robot: Tensor, people: Tensor) -> Tensor:
    """To the goal at full speed, whoever is there."""
    return robot + robot.new_tensor([0.0, STEP_S, 0.0, 0.0, 0.0, 0.0])


def standing(robot: Tensor, people: Tensor) -> Tensor:
    return robot


def one(x: float, y: float, sees: bool = False) -> Crossings:
    """One person, who starts at x, y."""
    return Crossings(np.array([[[x, y]]]), np.array([[sees]]))


@pytest.mark.parametrize("seed", [1000, 1037, 1499])
def test_starts_are_drawn_as_crowdnav_draws_them(seed: int) -> None:
    """One number after the other, and again where somebody is too near a start or a goal."""
    luck, taken = np.random.RandomState(seed), [(0.0, -4.0), (0.0, 4.0)]
    expected: list[tuple[float, float]] = []
    while len(expected) < 5:
        angle = luck.random_sample() * np.pi * 2.0
        x = 4.0 * np.cos(angle) + luck.random_sample() - 0.5
        y = 4.0 * np.sin(angle) + luck.random_sample() - 0.5
        if all(math.hypot(x - a, y - b) >= 0.8 for a, b in taken):
            expected.append((x, y))
            taken += [(x, y), (-x, -y)]
    found = seeded([seed], False)
    np.testing.assert_allclose(found.start[0], expected, atol=1e-12)
    np.testing.assert_array_equal(found.goal, -found.start)


def test_the_first_start_of_the_first_test_case() -> None:
    np.testing.assert_allclose(seeded([1000], False).start[0, 0], [-2.66255591, -2.83798529])


def test_seers_are_drawn_by_another_luck() -> None:
    seeds = range(200)
    mixed = seeded(seeds, 0.5)
    np.testing.assert_array_equal(mixed.start, seeded(seeds, True).start)
    assert seeded(seeds, True).sees.all() and not seeded(seeds, False).sees.any()
    assert 0.45 < mixed.sees.mean() < 0.55


@pytest.mark.parametrize(
    ("person", "velocity", "gap"),
    [
        ((0.0, 1.0, 0.0, -1.0), (0.0, 1.0), -0.1),  # 1 m apart, half a metre nearer
        ((0.0, 1.0, 0.0, -1.0), (0.0, 0.0), 0.15),
        ((0.25, 0.7, -2.0, 0.0), (0.0, 0.0), 0.1),  # passes in the middle of the step
        ((0.0, 1.0, 0.0, 1.0), (0.0, 0.0), 0.4),  # goes away: nearest at once
    ],
)
def test_the_gap_is_the_smallest_along_the_step(
    person: tuple[float, ...], velocity: tuple[float, float], gap: float
) -> None:
    here, people = torch.zeros((1, 6), dtype=torch.float64), torch.tensor([[person]]).double()
    assert float(gaps(here, people, torch.tensor([velocity]).double())) == pytest.approx(gap)


@pytest.mark.parametrize(
    ("start", "outcome", "time_s", "close"),
    [
        ((4.0, 0.0), COLLISION, 3.75, 1),  # 0.71 m apart at 3.5 s: a close step before
        ((4.0, -3.0), SUCCESS, 7.75, 0),  # passes at 0.89 m; 3.75 m are beyond 4 - 0.3
        ((4.0, -2.7), SUCCESS, 7.75, 1),  # passes at 0.73 m
    ],
)
def test_outcomes_that_can_be_worked_out_by_hand(
    start: tuple[float, float], outcome: int, time_s: float, close: int
) -> None:
    found = play(one(*start), straight)
    assert (found.outcome[0], found.time_s[0]) == (outcome, time_s)
    assert (found.close[0] > 0) == bool(close)


def test_a_robot_that_stands_is_timed_out() -> None:
    found = play(one(4.0, -3.0), standing)
    assert found.outcome[0] == TIMEOUT and found.time_s[0] == 24.25


def test_only_who_sees_the_robot_answers_it() -> None:
    people, robot = (
        torch.tensor([[[0.0, 2.0, 0.0, -1.0], [3.0, 0.0, 0.0, 0.0]]]),
        torch.tensor([[0.05, 0.0, 0.0, 1.0]]),
    )
    goal = torch.tensor([[[0.0, -4.0], [3.0, 0.0]]])
    blind, both, first = (
        choose(robot, people, goal, torch.tensor([sees]))
        for sees in ([False, False], [True, True], [True, False])
    )
    assert float((blind - both)[0, 0].norm()) > 0.1
    torch.testing.assert_close(first[0, 0], both[0, 0])
    torch.testing.assert_close(first[0, 1], blind[0, 1])


def test_bad_input_is_one_clear_line() -> None:
    with pytest.raises(InputError, match=r"share from 0 to 1"):
        seeded([1000], 1.5)
    with pytest.raises(InputError, match="no room for 60 people"):
        seeded([1000], False, people=60)
    with pytest.raises(InputError, match=r"give \(1, 1\)"):
        Crossings(np.zeros((1, 1, 2)), np.zeros((1, 2), bool))
    with pytest.raises(InputError, match="the limit is 1 m/s"):
        play(one(4.0, 0.0), lambda robot, people: robot + 1.0)
    seen = one(4.0, 0.0, sees=True)
    with pytest.raises(InputError, match="where nobody does"):
        learn_seers(seen, play(seen, standing))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sees", "safety_m", "success", "time_s"),
    [(False, 0.0, 0.43, 10.86), (True, 0.15, 0.99, 12.29)],
)
def test_orca_as_published(sees: bool, safety_m: float, success: float, time_s: float) -> None:
    """Chen et al. 2019, tables I and II, within two standard errors of 60 cases."""
    found = play(seeded(range(1000, 1060), sees), OrcaDrive(safety_m))
    well = found.outcome == SUCCESS
    assert abs(well.mean() - success) < 2.0 * math.sqrt(success * (1.0 - success) / 60)
    times = found.time_s[well]
    assert abs(times.mean() - time_s) < 2.0 * times.std() / math.sqrt(len(times)) + 0.005
    if not sees:
        assert (found.outcome == COLLISION).mean() > 0.4


def test_imagined_crossings_start_as_the_real_ones() -> None:
    scenario = circle_crossing()
    start = scenario.sample(300, np.random.default_rng(0))
    place = start.people[..., :2]
    torch.testing.assert_close(start.robot, at_start(300))
    torch.testing.assert_close(start.aims.likeliest, -place)
    real = seeded(range(300), False).start
    assert place.norm(dim=-1).mean() == pytest.approx(
        np.linalg.norm(real, axis=-1).mean(), abs=0.05
    )
    apart = torch.cdist(place, place) + 9.0 * torch.eye(5)
    assert float(apart.min()) >= 0.8


@pytest.mark.parametrize("drive", ["omni", "differential"])
def test_a_policy_drives_within_its_limits_and_ends(drive: str) -> None:
    scenario = circle_crossing(drive)
    policy = InteractionPolicy(scenario.robot, 4)
    phi = policy.initial(torch.Generator().manual_seed(0))
    found = play(one(2.5, -3.1), PolicyDrive(scenario, policy, phi))
    assert found.outcome[0] == SUCCESS and 7.75 < found.time_s[0] < 12.0


def test_the_gradient_of_scenery_is_the_slope_of_what_it_earns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scenery, "SCENES", 6)
    monkeypatch.setattr(scenery, "LONGEST", 1e9)
    scenario = circle_crossing()
    solver = scenery.ScenerySolver(scenario, InteractionPolicy(scenario.robot, 4), crossings=6)
    state = untaught(solver, LoopConfig(reward="shared"), 0)
    theta = np.array([1.4, 0.0, -13.0, -0.5, -0.2])
    phi = state.phi + 0.05
    terms = solver.outer_terms(phi, theta, state.evidence, [], np.random.default_rng(1))
    way = terms.d_phi / terms.d_phi.norm()
    ends = [
        solver.returns(at, theta, state.evidence, [], 6, np.random.default_rng(2)).mean()
        for at in (phi - 1e-3 * way, phi + 1e-3 * way)
    ]
    assert (ends[1] - ends[0]) / 2e-3 == pytest.approx(float(terms.d_phi.norm()), rel=0.03)
    assert terms.value == pytest.approx(0.5 * sum(ends), rel=1e-3)


def test_updates_drive_through_all_that_was_imagined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not through the same few again and again."""
    monkeypatch.setattr(scenery, "SCENES", 40)
    scenario = circle_crossing()
    solver = scenery.ScenerySolver(scenario, InteractionPolicy(scenario.robot, 4), crossings=4)
    state = untaught(solver, LoopConfig(reward="shared"), 0)
    theta, phi = np.array([1.4, 0.0, -13.0, -0.5, -0.2]), state.phi
    values = {
        solver.outer_terms(phi, theta, state.evidence, [], np.random.default_rng(i)).value
        for i in range(5)
    }
    assert len(values) == 5


def test_what_people_did_is_what_is_learned_from() -> None:
    crossings = seeded([5], False)
    played = play(crossings, standing)
    batch = decisions(crossings, played, 0, 3)
    assert batch.episode == 3 and len(batch.robot) == played.steps[0]
    np.testing.assert_allclose(batch.people[1:, :, 2:][batch.decided[:-1]], batch.target[:-1][
        batch.decided[:-1]
    ])  # fmt: skip
    left = np.linalg.norm(batch.people[..., :2] - batch.goals[:, 0], axis=-1)
    np.testing.assert_array_equal(batch.decided, left >= 1.0)


@pytest.mark.slow
def test_one_crossing_teaches_people_and_improves_the_policy() -> None:
    loop = LoopConfig(hypergradient="first-order", reward="shared", policy_steps=4)
    renewed: list[bool] = []
    found = learn(2, 0.0, loop=loop, watch=lambda report, phi: renewed.append(report.renewed))
    assert len(found.outcomes) == 2 and renewed[0]
    assert found.theta[0] > 0.0 > found.theta[2] and (found.std > 0.0).all()


def test_orca_people_do_not_intrude_on_what_orca_forbids() -> None:
    """People alone in the open: the choice of each is in every half-plane that can be held."""
    crossings = seeded(range(40, 48), False)
    played = play(crossings, standing)
    found = np.concatenate(
        [
            intrusion(people[:-1, 0], people[:-1, 1:], people[1:, 0, None, 2:]).max((1, 2))
            for people in played.people[:30].swapaxes(0, 1)
        ]
    )
    assert np.mean(found < 2e-3) > 0.95
    wish = np.tile([[0.0, -1.0]], (1, 1, 1))
    ahead = np.array([[[0.0, 0.0, 0.0, 1.0]]])
    assert intrusion(np.array([[0.0, 2.0, 0.0, -1.0]]), ahead, wish)[0, 0, 0] > 0.05


def test_a_weight_on_the_robot_says_who_answered_it() -> None:
    """Two people who walk at a robot that goes straight; the same, but for what they see."""
    for sees in (False, True):
        crossings = one(0.3, 4.0, sees)
        played = play(crossings, straight)
        assert at_stake(crossings, played)[0, 0] > 0.05
        seers = Seers(np.array([-200.0, -400.0, 0.0]))
        weight = seers.weight(choices(crossings, played, 0, 0))
        assert -400.0 <= weight <= 0.0 and bool(seers.see(np.array([weight]))[0]) is sees
