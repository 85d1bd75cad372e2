"""Discs at constant velocity: when they meet."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.metrics.social import min_time_to_collision_s, time_to_collision_s

from .runs import driven, straight

ROBOT = straight((0.0, 0.0), (1.0, 0.0), 4)
"""One second at 1 m/s."""


def test_head_on_by_hand() -> None:
    """10 m apart and closing at 2 m/s: 8 m after the second, of which 0.5 m are radii."""
    person = straight((10.0, 0.0), (-1.0, 0.0), 4)
    assert min_time_to_collision_s(driven(ROBOT, [person])) == pytest.approx((8.0 - 0.5) / 2.0)


def test_head_on_with_an_offset_by_hand() -> None:
    """0.3 m to the side: discs of 0.25 m touch 0.4 m apart along the way (3-4-5)."""
    person = straight((10.0, 0.3), (-1.0, 0.0), 4)
    assert min_time_to_collision_s(driven(ROBOT, [person])) == pytest.approx((8.0 - 0.4) / 2.0)


@pytest.mark.parametrize(
    ("start", "velocity"),
    [((10.0, 0.6), (-1.0, 0.0)), ((10.0, 0.0), (1.5, 0.0)), ((10.0, 0.0), (1.0, 0.0))],
)
def test_who_passes_leaves_or_keeps_the_distance_never_collides(
    start: tuple[float, float], velocity: tuple[float, float]
) -> None:
    assert min_time_to_collision_s(driven(ROBOT, [straight(start, velocity, 4)])) == math.inf


def test_the_least_of_all_people_and_moments_counts() -> None:
    """Who stands is 4 m ahead in the end, closing at 1 m/s; who comes at 3 m/s turns away after
    two steps, 6 m ahead."""
    stands = straight((5.0, 0.0), (0.0, 0.0), 4)
    turns = np.array([[8.0, 0.0], [7.25, 0.0], [6.5, 0.0], [6.5, 4.0], [6.5, 8.0]])
    both = driven(ROBOT, [stands, turns])
    closing_mps = 1.0 + 0.75 / 0.25
    assert min_time_to_collision_s(both) == pytest.approx((6.0 - 0.5) / closing_mps)
    alone = replace(both, present=np.array([[True, False]] * 5))
    assert min_time_to_collision_s(alone) == pytest.approx((4.0 - 0.5) / 1.0)


def test_who_was_not_there_a_moment_ago_has_no_velocity() -> None:
    person = straight((10.0, 0.0), (-1.0, 0.0), 4)
    run = driven(ROBOT, [person])
    flickers = replace(run, present=np.array([[True], [False], [True], [False], [True]]))
    assert min_time_to_collision_s(flickers) == math.inf
    onto = replace(flickers, people=run.people - [9.0, 0.0])  # appears on top of the robot
    assert min_time_to_collision_s(onto) == 0.0


def test_in_contact_there_is_no_time_left() -> None:
    offset, away = np.array([0.3, 0.4]), np.array([1.0, 1.0])
    assert time_to_collision_s(offset, away, 0.6) == 0.0
    assert time_to_collision_s(offset, np.zeros(2), 0.6) == 0.0
    assert time_to_collision_s(offset, np.zeros(2), 0.4) == math.inf
