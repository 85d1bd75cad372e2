"""A map's nearest occupied cell, against what its cells' points are at."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bisirl_ros.control.grid import MOST_CELLS, Grid
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))
cells = hnp.arrays(np.int8, sizes, elements=st.integers(-1, 100))
poses = st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-7, 7))
coordinates = st.floats(-6.0, 6.0)


def grid(
    values: object, size_m: float = 1.0, origin: tuple = (0.0, 0.0, 0.0), **more: object
) -> Grid:
    """A grid of rows of values, the first at the bottom."""
    table = np.array(values, np.int8)
    made = Grid.of(table.ravel(), table.shape, size_m, origin, **more)
    assert made is not None
    return made


def brute(values: Array, size_m: float, origin: tuple, x: float, y: float, parts: int) -> Array:
    """Distances to a lattice of points on every occupied cell, edges and corners included."""
    rows, columns = np.nonzero(values >= 65)
    step = np.linspace(0.0, 1.0, parts)
    u, v = (a.ravel() for a in np.meshgrid(step, step))
    local = size_m * np.stack([columns[:, None] + u, rows[:, None] + v], -1).reshape(-1, 2)
    at_x, at_y, yaw = origin
    cos, sin = math.cos(yaw), math.sin(yaw)
    points = local @ np.array([[cos, sin], [-sin, cos]]) + [at_x, at_y]
    return np.hypot(points[:, 0] - x, points[:, 1] - y)


def test_by_hand() -> None:
    """One occupied cell, from 2 to 3 in x and from 1 to 2 in y."""
    one = grid([[0, 0, 0], [0, 0, 100]])
    assert one.nearest(0.5, 1.5) == (1.5, (1.0, 0.0))
    assert one.nearest(2.2, 0.25) == (0.75, (0.0, 1.0))
    gap, way = one.nearest(-1.0, -3.0)
    assert gap == 5.0
    assert way == pytest.approx((0.6, 0.8))
    gap, way = one.nearest(2.5, 1.8)
    assert 0.0 <= gap < 1e-6
    assert way == pytest.approx((0.0, -1.0))


def test_rows_go_along_y_and_the_origin_turns() -> None:
    turned = grid([[0, 0, 100]], size_m=0.5, origin=(1.0, 1.0, math.pi / 2))
    gap, way = turned.nearest(0.75, 1.0)  # the cell is from 2.0 to 2.5 in y
    assert gap == pytest.approx(1.0)
    assert way == pytest.approx((0.0, 1.0))


@settings(max_examples=150, deadline=None)
@given(cells, st.floats(0.05, 1.5), poses, coordinates, coordinates)
def test_never_more_than_the_gap_to_any_point_of_an_occupied_cell(
    values: Array, size_m: float, origin: tuple, x: float, y: float
) -> None:
    gap, way = grid(values, size_m, origin).nearest(x, y)
    if not (values >= 65).any():
        assert gap == math.inf
        return
    far, parts = brute(values, size_m, origin, x, y, parts=9), 8
    assert gap <= far.min() + 1e-6
    assert gap >= far.min() - size_m / parts - 1e-9
    assert math.hypot(*way) == pytest.approx(1.0)
    end = (x + gap * way[0], y + gap * way[1])
    assert brute(values, size_m, origin, *end, parts=9).min() <= size_m / parts + 1e-6


@settings(max_examples=60, deadline=None)
@given(cells, poses, coordinates, coordinates, st.floats(0.1, 8.0))
def test_what_is_beyond_reach_is_left_out_and_nothing_else(
    values: Array, origin: tuple, x: float, y: float, reach_m: float
) -> None:
    whole = grid(values, 0.4, origin).seen_from(x, y)
    assume((np.abs(np.hypot(whole[:, 0], whole[:, 1]) - reach_m) > 1e-6).all())
    near = whole[np.hypot(whole[:, 0], whole[:, 1]) < reach_m]
    found = grid(values, 0.4, origin).seen_from(x, y, reach_m)
    np.testing.assert_allclose(found, near, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(cells, poses, poses, coordinates, coordinates)
def test_a_map_whose_frame_moves_moves_with_it(
    values: Array, origin: tuple, pose: tuple, x: float, y: float
) -> None:
    here, (at_x, at_y, yaw) = grid(values, 0.3, origin), pose
    cos, sin = math.cos(yaw), math.sin(yaw)
    moved = (at_x + cos * x - sin * y, at_y + sin * x + cos * y)
    gap, _ = here.placed(*pose).nearest(*moved)
    assert gap == pytest.approx(here.nearest(x, y)[0], abs=1e-9)


def test_what_counts_as_occupied() -> None:
    row = [[-1, 64, 65, 99, 100]]

    def gap_at_the_left(**more: object) -> float:
        return grid(row, **more).nearest(-1.0, 0.5)[0]

    assert gap_at_the_left() == 3.0
    assert gap_at_the_left(occupied_from=99) == 4.0
    assert gap_at_the_left(occupied_from=100) == 5.0
    assert gap_at_the_left(unknown_is_free=False) == 1.0
    assert grid([[-1, 0], [64, 0]]).nearest(0.5, 0.5)[0] == math.inf


def test_a_map_without_cells_is_withdrawn() -> None:
    assert Grid.of(np.zeros(0, np.int8), (0, 0), 0.05, (0.0, 0.0, 0.0)) is None


@pytest.mark.parametrize(
    ("count", "shape", "size_m", "origin", "said"),
    [
        (5, (2, 3), 0.05, (0.0, 0.0, 0.0), "5 cells, 3 x 2 = 6 were announced"),
        (6, (0, 0), 0.05, (0.0, 0.0, 0.0), "6 cells, 0 x 0 = 0 were announced"),
        (MOST_CELLS + 1, (1, MOST_CELLS + 1), 0.05, (0.0, 0.0, 0.0), "at most 4000 x 4000"),
        (6, (2, 3), 0.0, (0.0, 0.0, 0.0), "resolution is 0.0 m"),
        (6, (2, 3), math.nan, (0.0, 0.0, 0.0), "resolution is nan m"),
        (6, (2, 3), 0.05, (0.0, math.nan, 0.0), "not a pose"),
        (6, (2, 3), 0.05, (0.0, 0.0, math.inf), "not a pose"),
    ],
)
def test_what_is_no_map_is_refused_in_one_line(
    count: int, shape: tuple[int, int], size_m: float, origin: tuple, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        Grid.of(np.zeros(count, np.int8), shape, size_m, origin)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_large_map_holds_nothing_up() -> None:
    values = np.zeros(2000 * 2000, np.int8)
    values[::97] = 100
    began = time.perf_counter()
    made = Grid.of(values, (2000, 2000), 0.05, (0.0, 0.0, 0.0))
    assert made is not None
    assert made.nearest(50.0, 50.0, 4.0)[0] < 1.0
    assert time.perf_counter() - began < 0.5
