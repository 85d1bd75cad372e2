"""Identities for detections that come without any."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.people.identities import Identities
from bisirl_ros.tracking.people.settings import IdentitySettings

DT_S = 0.1
Frames = list[Array]


def told(frames: Frames, **of: float) -> tuple[Identities, list[list[str]]]:
    """The identities of each frame's detections, in the frame's order; "" for nobody's."""
    tracker, names = Identities(IdentitySettings(**of), 1.6), []
    for k, places in enumerate(frames):
        found = {one.detection: one.identity for one in tracker.take(DT_S * k, places)}
        names.append([found.get(i, "") for i in range(len(places))])
    return tracker, names


def walkers(count: int, starts: Array, velocities: Array, noise: float = 0.0) -> Frames:
    """Frames of people who walk straight on."""
    rng = np.random.default_rng(0)
    return [
        starts + DT_S * k * velocities + rng.normal(0.0, noise, starts.shape) for k in range(count)
    ]


def test_somebody_gets_an_identity_after_a_few_frames_and_keeps_it() -> None:
    frames = walkers(40, np.array([[0.0, 0.0]]), np.array([[1.2, 0.3]]), 0.03)
    _, names = told(frames, born_after=3)
    assert [n[0] for n in names[:2]] == ["", ""]
    assert {n[0] for n in names[2:]} == {"person_1"}


def test_two_who_cross_keep_who_they_are() -> None:
    """They meet within a hand's breadth; only how they move tells them apart."""
    starts, velocities = np.array([[-2.0, 0.0], [0.05, -2.0]]), np.array([[1.0, 0.0], [0.0, 1.0]])
    _, names = told(walkers(41, starts, velocities, 0.02))
    assert {n[0] for n in names[3:]} != {n[1] for n in names[3:]}
    assert all(len({n[i] for n in names[3:]}) == 1 for i in (0, 1))


@pytest.mark.parametrize(("away", "same"), [(10, True), (40, False)])
def test_who_is_hidden_for_a_while_is_who_they_were_and_after_long_is_not(
    away: int, same: bool
) -> None:
    frames = walkers(100, np.array([[0.0, 0.0]]), np.array([[0.8, 0.0]]))
    for k in range(30, 30 + away):
        frames[k] = np.zeros((0, 2))
    _, names = told(frames, forget_s=2.0)
    assert (names[-1][0] == names[20][0]) is same
    assert names[-1][0] != ""


def test_one_false_detection_is_nobody() -> None:
    frames = walkers(30, np.array([[0.0, 0.0]]), np.array([[0.5, 0.0]]))
    frames[10] = np.vstack([frames[10], [[5.0, 5.0]]])
    _, names = told(frames)
    assert names[10][1] == ""
    assert {name for n in names[3:] for name in n if name} == {"person_1"}


def test_somebody_detected_twice_is_one() -> None:
    frames = walkers(60, np.array([[0.0, 0.0]]), np.array([[0.7, 0.0]]), 0.01)
    frames = [np.vstack([f, f + np.array([0.05, 0.05])]) for f in frames]
    _, names = told(frames)
    assert {name for n in names for name in n if name} == {"person_1"}


def test_nonsense_is_refused_and_counted_and_nothing_is_lost() -> None:
    frames = walkers(20, np.array([[0.0, 0.0]]), np.array([[0.7, 0.0]]))
    tracker, names = told(frames)
    assert tracker.take(DT_S * 5, frames[5]) == []
    assert tracker.refused["stamp"] == 1
    assert tracker.take(np.nan, frames[5]) == []
    found = tracker.take(DT_S * 20, np.array([[np.nan, 0.0], [1.4, 0.0], [1e9, 0.0]]))
    assert [(one.detection, one.identity) for one in found] == [(1, names[-1][0])]
    assert tracker.refused["not_finite"] == 2 and tracker.refused["absurd"] == 1


def test_time_that_jumps_far_costs_no_more_and_nobody_is_who_they_were() -> None:
    frames = walkers(10, np.array([[0.0, 0.0]]), np.array([[0.7, 0.0]]))
    tracker, _ = told(frames)
    began = time.perf_counter()
    for k in range(5):
        found = tracker.take(1e8 + DT_S * k, np.array([[0.0, 0.07 * k]]))
    assert time.perf_counter() - began < 2.0
    assert [one.identity for one in found] == ["person_2"]


def test_a_hall_full_of_detections_has_an_end() -> None:
    places = np.random.default_rng(0).uniform(-50.0, 50.0, (500, 2))
    tracker, names = told([places] * 4)
    assert len({name for name in names[-1] if name}) <= 200
    assert tracker.refused["crowd"] > 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 6))
def test_nobody_is_twice_in_a_frame_and_the_order_means_nothing(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    starts, velocities = rng.uniform(-3, 3, (count, 2)), rng.uniform(-1, 1, (count, 2))
    frames = walkers(12, starts, velocities, 0.02)
    _, names = told(frames)
    for frame in names:
        given_out = [name for name in frame if name]
        assert len(given_out) == len(set(given_out))
    orders = [rng.permutation(count) for _ in frames]
    _, again = told([frame[order] for frame, order in zip(frames, orders, strict=True)])
    for frame, other, order in zip(names, again, orders, strict=True):
        assert [frame[i] for i in order] == other
