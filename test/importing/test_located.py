"""Located points are found again in what was drawn between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.core.arrays import Array
from bisirl_ros.importing.located import located_rows
from bisirl_ros.importing.recording import Recording


def located(seed: int, points: int, people: int) -> Array:
    """Points a second apart of people who walk and turn, (points, people, 2) [m]."""
    rng = np.random.default_rng(seed)
    speed, way = rng.uniform(0.5, 1.5, (points, people)), rng.uniform(-3.0, 3.0, people)
    way = way + np.cumsum(rng.uniform(0.1, 0.5, (points, people)), 0)
    steps = speed[..., None] * np.stack([np.cos(way), np.sin(way)], -1)
    return np.asarray(np.cumsum(steps, 0))


def drawn(knots_s: Array, places: Array, time_s: Array) -> Array:
    """Straight lines through places (K, P, 2) at some times."""
    flat = places.reshape(len(places), -1)
    lines = np.stack([np.interp(time_s, knots_s, column) for column in flat.T], -1)
    return lines.reshape(len(time_s), *places.shape[1:])


@given(
    seed=st.integers(0, 1000),
    points=st.integers(6, 20),
    people=st.integers(1, 5),
    decimals=st.sampled_from([2, 3, None]),
)
@settings(max_examples=15, deadline=None)
def test_points_a_second_apart_are_recovered(
    seed: int, points: int, people: int, decimals: int | None
) -> None:
    places = located(seed, points, people)
    time_s = 1.7e9 + 0.1 * np.arange(10 * (points - 1) + 1)
    rows = drawn(time_s[::10], places, time_s)
    shown = rows if decimals is None else np.round(rows, decimals)
    kept = located_rows(time_s, shown)
    if decimals is None:
        assert np.abs(rows[kept] - places).max() < 1e-6
    else:
        back = drawn(time_s[kept], rows[kept], time_s)
        assert np.abs(back - rows)[kept[0] : kept[-1]].max() < 2.0 * 10.0**-decimals
        assert points - 2 <= len(kept) <= 1.4 * points


@pytest.mark.parametrize("by_row", [True, False])
def test_uneven_stamps_do_not_hide_them(by_row: bool) -> None:
    places = located(3, 15, 1)
    rows = np.arange(141.0)
    time_s = 0.1 * rows + np.random.default_rng(1).uniform(-0.01, 0.01, 141)
    clock = rows if by_row else time_s
    np.testing.assert_array_equal(
        located_rows(time_s, drawn(clock[::10], places, clock)), rows[::10]
    )


def test_who_stands_or_walks_straight_on_is_located_as_often() -> None:
    places = located(5, 20, 1)
    places[8:14] = places[8]
    time_s = 0.1 * np.arange(191)
    kept = located_rows(time_s, np.round(drawn(time_s[::10], places, time_s), 2))
    assert np.diff(kept).max() <= 11


def test_twice_a_second_where_people_meet() -> None:
    knots = np.array([0, 10, 20, 30, 35, 40, 45, 50, 55, 60, 70, 80, 90])
    places = located(7, len(knots), 3)
    time_s = 0.1 * np.arange(91)
    kept = located_rows(time_s, drawn(time_s[knots], places, time_s))
    np.testing.assert_array_equal(kept, knots)


def test_who_is_absent_for_a_while() -> None:
    places = located(9, 20, 3)
    time_s = 0.1 * np.arange(191)
    rows = np.round(drawn(time_s[::10], places, time_s), 2)
    rows[50:90, 1] = np.nan
    rows[:, 2] = np.nan
    kept = located_rows(time_s, rows)
    assert np.isin(np.arange(10, 190, 10), kept).mean() > 0.8
    assert len(kept) < 25


@pytest.mark.parametrize("kind", ["smooth", "smooth, rounded", "noisy", "straight", "still"])
def test_rows_that_were_all_observed_are_all_kept(kind: str) -> None:
    time_s = 0.1 * np.arange(200)
    walk = np.stack([0.6 * np.sin(0.8 * time_s), 1.1 * time_s], -1)
    if kind == "smooth, rounded":
        walk = np.round(walk, 2)
    elif kind == "noisy":
        walk = np.round(walk + np.random.default_rng(2).normal(0.0, 0.03, walk.shape), 3)
    elif kind == "straight":
        walk = np.stack([time_s, 0.5 * time_s], -1)
    elif kind == "still":
        walk = np.zeros_like(walk)
    np.testing.assert_array_equal(located_rows(time_s, walk[:, None]), np.arange(200))


def test_a_table_keeps_its_located_points_and_says_so(
    text: Callable[..., str], read: Callable[..., Recording]
) -> None:
    places = located(11, 15, 1)
    time_s = 0.1 * np.arange(141)
    rows: list[list[Any]] = [
        [round(1.7e18) + k * 10**8, repr(float(x)), repr(float(y)), 1, 0.0, 0.01 * k, 1.57]
        for k, (x, y) in enumerate(drawn(time_s[::10], places, time_s)[:, 0])
    ]
    person = read(text(rows)).people["person_1"]
    np.testing.assert_allclose(person, np.c_[time_s[::10], places[:, 0]], atol=1e-6)
    recording = read(text(rows))
    assert any("of which only these are kept" in line for line in recording.told)
    assert "located 15 of 141 times, 1 s apart (median)" in recording.found
    assert recording.robot is not None and len(recording.robot) == 141
    assert len(read(text(rows), rows="all").people["person_1"]) == 141
    as_csv = read(text(rows), "csv", columns="id=column")
    assert len(as_csv.people["person_1"]) == 141
    assert any("--rows located keeps these points only" in line for line in as_csv.told)
