"""When people decide, and how their bodies follow, is learned from how they move."""

from __future__ import annotations

import math
from typing import Any

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


NOISY = (0.03, 0.1)


def episode(
    rng: np.random.Generator,
    period_s: float = PERIOD_S,
    lag_s: float = LAG_S,
    late_s: float = 0.0,
    noise: tuple[float, float] = (0.0, 0.0),
    spread: float = 0.4,
    rate_hz: float = 20.0,
    lost: tuple[tuple[float, float], ...] = (),
    renewed_s: float = math.inf,
    speed: float = 1.0,
) -> Seen:
    """Somebody who walks for EPISODE_S; lost: when nothing is reported [s]; renewed_s: how long a
    track is before it begins anew"""
    state = torch.tensor([0.0, 0.0, 0.0, speed]).double()
    target, runs = state[2:], [[]]  # type: ignore[var-annotated]
    per_decision, late = round(period_s / FINE_S), round(late_s / FINE_S)
    for tick in range(round(EPISODE_S / FINE_S) + 1):
        time_s = tick * FINE_S
        if tick % round(1.0 / rate_hz / FINE_S) == 0 and not any(a < time_s < b for a, b in lost):
            seen = state.numpy() + rng.normal(0.0, 1.0, 4) * np.repeat(noise, 2)
            place, velocity = (size**2 * np.eye(2) for size in noise)
            if time_s >= len(runs) * renewed_s:
                runs.append([])
            runs[-1].append(Report(time_s, seen[:2], place, seen[2:], velocity))
        if tick >= late and (tick - late) % per_decision == 0:
            habit = 0.8 * state[2:].numpy() + np.array([0.0, 0.2 * speed])
            target = torch.from_numpy(habit + spread * rng.normal(0.0, 1.0, 2))
        state = lagged(state, target, lag_s, FINE_S)
    return Seen(runs, onwards)


def onwards(_: float, place: Array) -> Array:
    """The velocity that is wanted everywhere."""
    return np.array([0.0, 1.0])


def learned(episodes: int = 3, people: int = 1, seed: int = 3, **how: Any) -> Timings:
    """From episodes of so many people each."""
    rng, found = np.random.default_rng(seed), Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    for number in range(episodes):
        who = {f"{p}": episode(rng, **how) for p in range(people)}
        if number == 0:
            assert found.best.told == AS_GIVEN
        found.follow(who, 0.0)
    return found


@pytest.mark.parametrize("noise", [(0.0, 0.0), NOISY])
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
    assert learned(8 if any(noise) else 3, noise=noise, **how).best.told == told


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_how_fast_they_follow_is_told_by_who_sees_exactly(share: float) -> None:
    found = learned(lag_s=share * LAG_S).best
    assert found.told == f"has a lag of {share * LAG_S:g} s, not 0.3 s"
    assert found.other_than(PERIOD_S, LAG_S) == (PERIOD_S, share * LAG_S)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [(0.0, 0.0), NOISY])
@pytest.mark.parametrize(
    "how",
    [
        {"spread": 0.0},
        {"spread": 0.0, "speed": 0.0},
        {"spread": 0.1},
        {"lost": ((1.0, 1.6), (3.0, 3.6))},
        {"rate_hz": 5.0},
        {"renewed_s": 0.5},
        {"renewed_s": 1.0},
        {"people": 3},
    ],
    ids=lambda how: ", ".join(map(str, how.items())),
)
def test_nobody_is_taken_for_another_because_little_is_seen(
    how: dict[str, Any], noise: tuple[float, float]
) -> None:
    """Who walks straight on or stands, tracks with gaps or begun anew, few reports, several."""
    assert learned(4, noise=noise, seed=0, **how).best.told == AS_GIVEN


def test_what_one_did_otherwise_can_be_learned_anew() -> None:
    rng, found = np.random.default_rng(0), Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    found.follow({"ann": episode(rng, period_s=0.6)}, 0.0)
    assert found.best.told != AS_GIVEN
    for _ in range(2):
        found.follow({"ben": episode(rng)}, 0.0)
    assert found.best.told == AS_GIVEN


def test_it_goes_on_from_a_checkpoint() -> None:
    known = learned(2, late_s=0.2)
    found = Timings(timings(PERIOD_S, LAG_S, REACTION_S))
    found.go_on(known.log)
    assert found.log == known.log and found.best.told == "decides 0.2 s later"
    for other in ({}, {"decides 0.2 s later": 3.0}):  # of another scenario, or from before
        anew = Timings(timings(PERIOD_S, LAG_S, REACTION_S))
        anew.go_on(other)
        assert anew.best.told == AS_GIVEN


@pytest.mark.parametrize("lag_s", [0.15, 0.6])
def test_noise_tells_nothing_of_how_fast_they_follow(lag_s: float) -> None:
    """Habits make up for it: by ten nats one in fourteen was given a slower body wrongly."""
    found = learned(3, lag_s=lag_s, noise=NOISY)
    lags = [log for told, log in found.log.items() if "lag" in told]
    assert "lag" not in found.best.told and lags == [found.log[AS_GIVEN]] * len(lags)


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
