"""When people decide, and how their bodies follow, is learned from how they move."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.person import lagged
from bisirl_ros.tracking.motion_model import Seen
from bisirl_ros.tracking.person_filter import Report
from bisirl_ros.tracking.timing import AS_GIVEN, Timings, timings

FINE_S, PERIOD_S, LAG_S, REACTION_S = 0.01, 0.4, 0.3, 0.1
EPISODE_S = 5.0


def episode(
    rng: np.random.Generator,
    period_s: float = PERIOD_S,
    lag_s: float = LAG_S,
    late_s: float = 0.0,
    noise: tuple[float, float] = (0.0, 0.0),
) -> Seen:
    """Somebody who walks for EPISODE_S, and is reported twenty times a second."""
    state = torch.tensor([0.0, 0.0, 0.0, 1.0]).double()
    target, reports = state[2:], []
    per_decision, late = round(period_s / FINE_S), round(late_s / FINE_S)
    for tick in range(round(EPISODE_S / FINE_S) + 1):
        if tick % 5 == 0:
            seen = state.numpy() + rng.normal(0.0, 1.0, 4) * np.repeat(noise, 2)
            place, speed = (size**2 * np.eye(2) for size in noise)
            reports.append(Report(tick * FINE_S, seen[:2], place, seen[2:], speed))
        if tick >= late and (tick - late) % per_decision == 0:
            habit = 0.8 * state[2:].numpy() + np.array([0.0, 0.2])
            target = torch.from_numpy(habit + rng.normal(0.0, 0.4, 2))
        state = lagged(state, target, lag_s, FINE_S)
    return Seen([reports], onwards)


def onwards(_: float, place: Array) -> Array:
    """The velocity that is wanted everywhere."""
    return np.array([0.0, 1.0])


def learned(episodes: int = 3, people: int = 1, **how: object) -> Timings:
    """From episodes of so many people each."""
    rng, found = np.random.default_rng(3), Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    for number in range(episodes):
        who = {f"{p}": episode(rng, **how) for p in range(people)}  # type: ignore[arg-type]
        if number == 0:
            before = found.best
            assert before.told == AS_GIVEN
        found.follow(who, 0.0)
    return found


@pytest.mark.parametrize("noise", [(0.0, 0.0), (0.03, 0.1)])
@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, AS_GIVEN),
        ({"late_s": 0.2}, "decides 0.2 s later"),
        ({"late_s": 0.3}, "decides 0.3 s later"),
        ({"period_s": 0.6}, "decides every 0.6 s, not every 0.4 s"),
        ({"period_s": 0.2}, "decides every 0.2 s, not every 0.4 s"),
    ],
)
def test_when_they_decide_is_told_apart(
    how: dict[str, float], told: str, noise: tuple[float, float]
) -> None:
    assert learned(6, noise=noise, **how).best.told == told


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_how_fast_they_follow_is_told_by_who_sees_exactly(share: float) -> None:
    found = learned(lag_s=share * LAG_S).best
    assert found.told == f"has a lag of {share * LAG_S:g} s, not 0.3 s"
    assert found.other_than(PERIOD_S, LAG_S) == (PERIOD_S, share * LAG_S)


def test_a_reaction_within_its_time_is_no_other_timing() -> None:
    assert learned(late_s=0.06).best.told == AS_GIVEN


def test_the_decisions_are_those_of_the_timing() -> None:
    rng, found = np.random.default_rng(0), Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    for _ in range(2):
        rhythm, tracks = found.follow({"ann": episode(rng, late_s=0.2)}, 0.0)
    assert rhythm.begin_s == pytest.approx(0.2) and rhythm.period_s == PERIOD_S
    assert tracks["ann"].moments[0].step == 0
    assert len(tracks["ann"].moments[0].now[0]) == len(found.model.log_weight)


def test_where_nobody_tells_when_an_episode_began_nothing_is_compared() -> None:
    rng, found = np.random.default_rng(0), Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    for _ in range(3):
        rhythm, _ = found.follow({"ann": episode(rng, period_s=0.6)}, 0.0, compare=False)
    assert found.best.told == AS_GIVEN and rhythm.period_s == PERIOD_S


def test_one_way_alone_needs_no_comparison() -> None:
    (given,) = timings(PERIOD_S, LAG_S, REACTION_S)[:1]
    found = Timings((given,))
    found.follow({"ann": episode(np.random.default_rng(0), period_s=0.6)}, 0.0)
    assert found.best is given and given.other_than(PERIOD_S, LAG_S) == (0.0, 0.0)


def test_an_episode_without_anybody_changes_nothing() -> None:
    found = Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    assert found.follow({}, 0.0)[1] == {}
    assert found.best.told == AS_GIVEN
