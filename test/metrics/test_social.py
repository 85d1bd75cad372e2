"""The figures of social navigation, on drives worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.metrics.social import (
    collisions,
    discomfort,
    jerk_rms,
    path_length_m,
    social_metrics,
    spl,
    summarise,
    time_in_spaces_s,
)

from .runs import beside, driven, straight

TO_5_M = straight((0.0, 0.0), (1.0, 0.0), 20)
"""At 1 m/s from 0 to 5 m, 20 steps of 0.25 s."""

# The way


def test_a_straight_drive() -> None:
    found = social_metrics(driven(TO_5_M))
    assert found.success and not found.collision and not found.timeout
    assert found.time_to_goal_s == found.duration_s == 5.0
    assert found.path_length_m == 5.0
    assert found.spl == 1.0
    assert found.jerk_rms_m_s3 == 0.0


def test_the_way_ends_within_tolerance() -> None:
    """Arrived at 4.5 m, 18 steps: shorter than the 5 m to the goal itself, which is still SPL 1."""
    found = social_metrics(driven(TO_5_M, goal_tolerance_m=0.5))
    assert (found.time_to_goal_s, found.path_length_m, found.spl) == (4.5, 4.5, 1.0)


def test_a_detour_has_the_ratio_of_the_lengths() -> None:
    """Two sides of 5 m of a triangle instead of its base of 6 m."""
    up = straight((0.0, 0.0), (0.6, 0.8), 20)
    down = straight((3.0, 4.0), (0.6, -0.8), 20)
    detour = driven(np.vstack([up, down[1:]]))
    assert path_length_m(detour.way) == pytest.approx(10.0)
    assert spl(detour) == pytest.approx(6.0 / 10.0)
    assert spl(replace(detour, shortest_m=8.0)) == pytest.approx(8.0 / 10.0)


def test_what_the_robot_does_after_arriving_is_not_its_way() -> None:
    zigzag = np.vstack([TO_5_M, [[4.0, 1.0], [5.0, -1.0], [3.0, 0.0]]])
    found = social_metrics(driven(zigzag, goal=np.array([5.0, 0.0])))
    assert (found.time_to_goal_s, found.path_length_m, found.spl) == (5.0, 5.0, 1.0)
    assert found.jerk_rms_m_s3 == 0.0
    assert found.duration_s == 5.75


def test_who_starts_at_the_goal_has_driven_best() -> None:
    found = social_metrics(driven(np.zeros((3, 2))))
    assert (found.success, found.time_to_goal_s, found.spl) == (True, 0.0, 1.0)


def test_jerk_of_a_cubic_is_its_third_derivative() -> None:
    """(t^3 / 2, 2 t^3 / 3) has jerk (3, 4), of length 5."""
    t = 0.25 * np.arange(30)[:, None]
    cubic = np.hstack([t**3 / 2, 2 * t**3 / 3])
    assert jerk_rms(cubic, 0.25) == pytest.approx(5.0)
    assert jerk_rms(cubic + 3 * t**2 - t, 0.25) == pytest.approx(5.0)


def test_jerk_is_a_root_mean_square() -> None:
    """One step of speed by 1 m/s in the middle: third differences 0.25 m x (1, -1) / 0.25^3."""
    way = np.array([[0.0, 0], [0.25, 0], [0.5, 0], [1.0, 0], [1.5, 0], [2.0, 0]])
    assert jerk_rms(way, 0.25) == pytest.approx(16.0 * math.sqrt(2 / 3))
    assert math.isnan(jerk_rms(way[:3], 0.25))
    assert jerk_rms(way[:4], 0.25) == pytest.approx(16.0)


# How it ended

FAR = straight((0.0, 50.0), (0.0, 0.0), 20)
IN_THE_WAY = straight((2.5, 0.25), (0.0, 0.0), 20)


@pytest.mark.parametrize(
    ("person", "other", "expected"),
    [
        (FAR, {}, "success"),
        (FAR, {"time_limit_s": 5.0}, "success"),
        (FAR, {"time_limit_s": 4.9}, "timeout"),  # at the goal, but too late
        (FAR, {"goal": np.array([9.0, 0.0])}, None),  # cut off
        (FAR, {"goal": np.array([9.0, 0.0]), "time_limit_s": 5.0}, "timeout"),
        (IN_THE_WAY, {}, "collision"),
        (IN_THE_WAY, {"goal": np.array([9.0, 0.0]), "time_limit_s": 5.0}, "collision"),
    ],
)
def test_an_episode_ends_in_one_way(person: Any, other: Any, expected: str | None) -> None:
    found = social_metrics(driven(TO_5_M, [person], **other))
    ends = [name for name in ("success", "collision", "timeout") if getattr(found, name)]
    assert ends == ([expected] if expected else [])
    assert math.isnan(found.time_to_goal_s) == (expected != "success")
    assert (found.spl > 0.0) == (expected == "success")


def test_bumping_into_somebody_after_arriving_is_no_success() -> None:
    stays = np.vstack([TO_5_M, np.tile(TO_5_M[-1], (4, 1))])
    person = straight((5.0, 6.0), (0.0, -1.0), 24)  # ends 0 m from the robot's centre
    found = social_metrics(driven(stays, [person]))
    assert (found.success, found.collision, found.spl) == (False, True, 0.0)


# Contacts and distances


@pytest.mark.parametrize(
    ("apart_m", "expected"),
    [
        ([2.0, 1.0, 0.5, 1.0], 0),  # surfaces that touch do not overlap
        ([2.0, 0.4, 1.0, 2.0], 1),
        ([2.0, 0.4, 0.3, 0.4], 1),
        ([0.4, 0.3, 1.0, 2.0], 1),
        ([0.4, 1.0, 0.4, 1.0], 2),
    ],
)
def test_a_contact_lasts_until_the_surfaces_part(apart_m: list[float], expected: int) -> None:
    found = social_metrics(beside(apart_m))
    assert (found.collisions, found.collision) == (expected, expected > 0)
    assert found.min_distance_m == min(apart_m) - 0.5


def test_contacts_count_person_by_person() -> None:
    near, still = [[0.4, 0.0]] * 4, np.zeros((4, 2))
    both = driven(still, [near, near])
    assert collisions(both) == 2
    one_leaves = both.present.copy()
    one_leaves[1, 0] = False
    assert collisions(replace(both, present=one_leaves)) == 3
    assert collisions(replace(both, present=np.zeros((4, 2), dtype=bool))) == 0
    small = replace(both, person_radius_m=np.array([0.1, 0.25]))
    assert collisions(small) == 1


def test_time_in_the_spaces_is_by_centre_distance_and_leaves_the_first_sample_out() -> None:
    assert time_in_spaces_s(beside([0.1, 5.0, 3.5, 1.0, 1.1, 0.4])) == (0.25, 0.5, 0.25)
    assert time_in_spaces_s(beside([0.1, 0.45, 1.2, 3.6, 9.0])) == (0.0, 0.25, 0.25)


def test_the_nearest_person_is_who_counts() -> None:
    still = np.zeros((3, 2))
    two = driven(still, [[[1.0, 0.0]] * 3, [[0.0, 3.0]] * 3])
    assert time_in_spaces_s(two) == (0.0, 0.5, 0.0)
    first_away = replace(two, present=np.array([[False, True]] * 3))
    assert time_in_spaces_s(first_away) == (0.0, 0.0, 0.5)
    assert social_metrics(two).min_distance_m == 0.5
    assert social_metrics(first_away).min_distance_m == 2.5


def test_discomfort_is_between_surfaces() -> None:
    """Gaps of 0.1, 0.19, 0.21 and -0.05 m after the first sample, which belongs to no step."""
    share, distance_m = discomfort(beside([0.5, 0.6, 0.69, 0.71, 0.45]))
    assert share == 3 / 4
    assert distance_m == pytest.approx((0.1 + 0.19 - 0.05) / 3)
    share, distance_m = discomfort(beside([0.5, 0.8, 3.0]))
    assert share == 0.0 and math.isnan(distance_m)


def test_alone_nothing_is_near() -> None:
    found = social_metrics(driven(TO_5_M))
    assert found.min_distance_m == found.min_ttc_s == math.inf
    assert (found.intimate_s, found.personal_s, found.social_s) == (0.0, 0.0, 0.0)
    assert found.discomfort_share == 0.0 and math.isnan(found.discomfort_distance_m)


# Many episodes


def test_rates_and_means() -> None:
    """5 s and 10 s to the goal; a collision; a timeout. Only the collision was on a course."""
    slow = driven(straight((0.0, 0.0), (0.5, 0.0), 40))
    late = driven(TO_5_M, time_limit_s=4.0)
    runs = [driven(TO_5_M), slow, driven(TO_5_M, [IN_THE_WAY]), late]
    found = summarise([social_metrics(run) for run in runs])
    assert found.episodes == 4
    assert (found.success_rate, found.collision_rate, found.timeout_rate) == (0.5, 0.25, 0.25)
    assert (found.mean["time_to_goal_s"], found.defined["time_to_goal_s"]) == (7.5, 2)
    assert (found.mean["spl"], found.defined["spl"]) == (0.5, 4)
    assert (found.mean["min_ttc_s"], found.defined["min_ttc_s"]) == (0.0, 1)
    assert found.mean["min_distance_m"] == -0.25
    assert found.mean["collisions"] == 0.25


def test_what_no_episode_defines_is_not_a_number() -> None:
    found = summarise([social_metrics(driven(TO_5_M, time_limit_s=1.0))])
    for name in ("time_to_goal_s", "min_distance_m", "min_ttc_s", "discomfort_distance_m"):
        assert math.isnan(found.mean[name]) and found.defined[name] == 0
    with pytest.raises(InputError, match="no episodes"):
        summarise([])


# Bad input


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"robot": np.zeros((21, 2))}, r"robot has shape \(21, 2\); it must be \(21, 3\)"),
        ({"people": np.zeros((20, 1, 2))}, r"people has shape \(20, 1, 2\); it must be \(21"),
        ({"people": np.zeros((21, 2))}, r"people has shape \(21, 2\)"),
        ({"present": np.ones((21, 2))}, r"present has shape \(21, 2\); it must be \(21, 1\)"),
        ({"goal": np.zeros(3)}, r"goal has shape \(3,\)"),
        ({"people": np.full((21, 1, 2), math.nan)}, "people: every number must be finite"),
        ({"goal": np.array([math.inf, 0.0])}, "goal: every number"),
        ({"person_radius_m": np.ones(2)}, r"person_radius_m has shape \(2,\)"),
        ({"person_radius_m": -0.1}, "person_radius_m = -0.1"),
        ({"dt_s": 0.0}, "dt_s = 0.0: must be positive"),
        ({"time_limit_s": math.nan}, "time_limit_s = nan"),
        ({"shortest_m": -1.0}, "shortest_m = -1.0"),
    ],
)
def test_bad_input_is_named(other: dict[str, Any], message: str) -> None:
    run = driven(TO_5_M, [FAR])
    with pytest.raises(InputError, match=message):
        replace(run, **other)


def test_one_sample_is_no_drive() -> None:
    with pytest.raises(InputError, match="robot has 1 samples"):
        driven(TO_5_M[:1])


def test_nobody_need_have_a_place_while_absent() -> None:
    run = driven(TO_5_M, [FAR])
    gone = replace(run, people=np.full((21, 1, 2), math.nan), present=np.zeros((21, 1), dtype=bool))
    assert social_metrics(gone).min_distance_m == math.inf
