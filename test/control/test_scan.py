"""Where beams end, and which are left out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisirl_ros.control.offsets import nearest
from bisirl_ros.control.scan import MOST_BEAMS, Beams, hits
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

NAN, INF = math.nan, math.inf
QUARTER = Beams(0.0, math.pi / 8, 0.1, 10.0)
"""Beams at 0, 22.5, 45, ... degrees."""
RING = Beams(-math.pi, math.tau / 360, 0.1, 10.0)


def scan(*ranges: float) -> Array:
    return np.array(ranges, np.float32)


def far_of(points: Array) -> list[float]:
    return np.hypot(points[:, 0], points[:, 1]).tolist()


def test_by_hand() -> None:
    points = hits(scan(2.0, 2.0, INF, INF, 3.0, 3.0), QUARTER)
    angles = np.array([0.0, 1.0, 4.0, 5.0]) * math.pi / 8
    expected = np.array([[2.0], [2.0], [3.0], [3.0]]) * np.column_stack(
        [np.cos(angles), np.sin(angles)]
    )
    np.testing.assert_allclose(points, expected, atol=1e-6)


@pytest.mark.parametrize("nothing", [NAN, INF, 0.0, 0.09, 10.1, -1.0])
def test_what_is_no_return_is_nothing(nothing: float) -> None:
    assert far_of(hits(scan(nothing, nothing, 2.0, 2.0, nothing), QUARTER)) == pytest.approx(
        [2.0, 2.0]
    )
    assert len(hits(scan(nothing, nothing), QUARTER)) == 0


def test_too_near_to_be_measured_is_as_near_as_can_be_told() -> None:
    assert far_of(hits(scan(-INF, -INF, INF, 2.0, 2.0), QUARTER)) == pytest.approx(
        [0.1, 0.1, 2.0, 2.0]
    )


def test_no_beams_and_no_limit() -> None:
    assert hits(scan(), QUARTER).shape == (0, 2)
    endless = Beams(0.0, 0.1, 0.1, INF)
    assert far_of(hits(scan(INF, 50.0, 50.0, INF), endless)) == pytest.approx([50.0, 50.0])


@pytest.mark.parametrize(
    ("least", "kept"),
    [(1, [0.5, 1.0, 1.0, 2.0, 2.0, 2.0]), (2, [1.0, 1.0, 2.0, 2.0, 2.0]), (3, [2.0] * 3), (4, [])],
)
def test_fewer_neighbours_than_asked_for_are_dust(least: int, kept: list[float]) -> None:
    ranges = scan(0.5, INF, 1.0, 1.0, 2.0, 2.0, 2.0)
    assert far_of(hits(ranges, QUARTER, least)) == pytest.approx(kept)


def test_a_stray_beam_before_a_wall_is_dust_but_not_the_wall() -> None:
    ranges = np.full(360, 3.0)
    ranges[180] = 0.4
    assert nearest(hits(ranges, RING))[0] == pytest.approx(3.0)
    assert nearest(hits(ranges, RING, least=1))[0] == pytest.approx(0.4)


def test_a_ring_has_no_end_and_half_a_ring_has_two() -> None:
    ranges = np.full(360, INF)
    ranges[[0, -1]] = 1.0
    assert len(hits(ranges, RING)) == 2
    half = Beams(-math.pi / 2, math.pi / 360, 0.1, 10.0)
    assert len(hits(ranges, half)) == 0


@given(st.floats(0.3, 5.0), st.floats(-3.0, 3.0), st.integers(2, 720), st.booleans())
def test_a_wall_is_as_far_as_it_is(gap: float, way: float, count: int, backwards: bool) -> None:
    """Never nearer than it is; and hardly further, however the beams go round."""
    step = math.tau / count
    beams = Beams(-math.pi, -step if backwards else step, 0.05, 100.0)
    angles = beams.angle_min + beams.angle_increment * np.arange(count)
    towards = np.cos(angles - way)
    ranges = np.where(towards > 1e-3, gap / np.maximum(towards, 1e-3), INF)
    points = hits(ranges, beams, least=1)
    assert (points @ [math.cos(way), math.sin(way)] == pytest.approx(gap)) or not len(points)
    found, there = nearest(points)
    assert found >= gap - 1e-9
    if count >= 90:
        assert found <= gap / math.cos(step)
        assert there[0] * math.cos(way) + there[1] * math.sin(way) >= math.cos(step) - 1e-9


@pytest.mark.parametrize(
    "beams",
    [
        (NAN, 0.1, 0.1, 10.0),
        (0.0, INF, 0.1, 10.0),
        (0.0, 0.1, NAN, 10.0),
        (0.0, 0.1, -0.1, 10.0),
        (0.0, 0.1, 10.0, 0.1),
    ],
)
def test_what_no_laser_says_is_refused(beams: tuple[float, float, float, float]) -> None:
    with pytest.raises(InputError, match="scan: "):
        Beams(*beams)


def test_beams_that_all_go_one_way_or_are_too_many_are_refused() -> None:
    with pytest.raises(InputError, match="angle_increment is 0"):
        hits(scan(1.0, 1.0), Beams(0.0, 0.0, 0.1, 10.0))
    with pytest.raises(InputError, match="at most"):
        hits(np.ones(MOST_BEAMS + 1), QUARTER)
