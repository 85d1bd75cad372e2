"""What stands around, of a map and a scan together, without the people who are tracked."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from bisirl_ros.control.around import nobody
from bisirl_ros.control.grid import Grid
from bisirl_ros.control.surroundings import ObstacleSettings, Surroundings
from bisirl_ros.core.arrays import Array

SCAN = ObstacleSettings(scan_topic="scan", scan_timeout_s=0.5, people_margin_m=0.3)


def wall_at(x: float) -> Grid:
    """Of cells of 0.1 m, 8 m long."""
    made = Grid.of(np.full(80, 100, np.int8), (80, 1), 0.1, (x, -4.0, 0.0))
    assert made is not None
    return made


def somebody(*places: tuple[float, float]) -> Array:
    return np.array([[*place, 0.0, 0.0] for place in places])


def test_nothing_is_known_of_at_first() -> None:
    around = Surroundings(ObstacleSettings(), 0.25)
    assert around.nearest(0.0, 0.0, nobody()) == (math.inf, (0.0, 0.0))
    assert around.each_way(0.0, 0.0, somebody((0.1, 0.0))).shape == (0, 3)


def test_the_nearer_of_map_and_scan() -> None:
    around = Surroundings(SCAN, 0.25)
    around.grid = wall_at(2.0)
    assert around.nearest(0.0, 0.0, nobody())[0] == pytest.approx(2.0)
    around.hear_scan(np.array([[0.0, -1.0]]), 0.0)
    assert around.nearest(0.0, 0.0, nobody()) == (1.0, (0.0, -1.0))
    gap, way = around.nearest(1.5, 0.0, nobody())
    assert (gap, *way) == pytest.approx((0.5, 1.0, 0.0), abs=1e-9)
    around.grid = None
    assert around.nearest(1.5, 0.0, nobody())[0] == pytest.approx(math.hypot(1.5, 1.0))


def test_what_is_out_of_reach_does_not_matter() -> None:
    around = Surroundings(ObstacleSettings(reach_m=3.0), 0.25)
    around.grid = wall_at(5.0)
    around.hear_scan(np.array([[0.0, 3.2]]), 0.0)
    assert around.nearest(0.0, 0.0, nobody())[0] == math.inf
    assert around.nearest(2.5, 0.0, nobody())[0] == pytest.approx(2.5)


def test_a_box_ahead_is_told_of_though_the_wall_beside_is_nearer() -> None:
    """A gate that knows of the nearest only, which is beside it, drives on into the box."""
    around = Surroundings(SCAN, 0.25)
    wall = np.column_stack([np.arange(-3.0, 3.0, 0.05), np.full(120, -0.4)])
    around.hear_scan(np.concatenate([wall, [[0.7, 0.0], [0.7, 0.1]]]), 0.0)
    gap, way = around.nearest(0.0, 0.0, nobody())
    assert (gap, way[1]) == pytest.approx((0.4, -1.0), abs=1e-3)
    ahead = [row for row in around.each_way(0.0, 0.0, nobody()) if row[1] > 0.99]
    assert ahead[0][0] == pytest.approx(0.7)


@pytest.mark.parametrize(("beside_m", "seen"), [(0.5, False), (0.6, True)])
def test_tracked_people_are_left_to_their_rule(beside_m: float, seen: bool) -> None:
    """Their body of 0.25 m and 0.3 m about it; a stranger whom nobody tracks stays in the way."""
    around = Surroundings(SCAN, 0.25)
    around.hear_scan(np.array([[1.0, beside_m]]), 0.0)
    assert (around.nearest(0.0, 0.0, somebody((1.0, 0.0)))[0] < math.inf) == seen
    assert around.nearest(0.0, 0.0, nobody())[0] < math.inf
    assert around.nearest(0.0, 0.0, somebody((-1.0, 0.0), (3.0, 0.0)))[0] < math.inf


def test_people_out_of_reach_still_shade_what_is_within() -> None:
    around = Surroundings(ObstacleSettings(reach_m=3.0), 0.25)
    around.hear_scan(np.array([[2.9, 0.0]]), 0.0)
    assert around.nearest(0.0, 0.0, somebody((3.2, 0.0)))[0] == math.inf


@pytest.mark.parametrize(("shows", "gap"), [(False, 1.0), (True, math.hypot(1.0, 0.55))])
def test_a_map_has_no_people_in_it_unless_that_is_said(shows: bool, gap: float) -> None:
    around = Surroundings(ObstacleSettings(map_shows_people=shows), 0.25)
    around.grid = wall_at(1.0)
    found = around.nearest(0.0, 0.0, somebody((1.0, 0.0)))[0]
    assert found == pytest.approx(gap, abs=0.06)


def test_a_scan_is_silent_before_it_is_heard_and_when_it_is_late() -> None:
    around = Surroundings(SCAN, 0.25)
    assert around.silent(100.0)
    around.hear_scan(np.zeros((0, 2)), 100.0)
    assert not around.silent(100.5)
    assert around.silent(100.6)
    assert around.scan_age_s(100.6) == pytest.approx(0.6)
    assert not Surroundings(ObstacleSettings(), 0.25).silent(100.0)


def test_nothing_of_it_needs_torch() -> None:
    code = "import sys, bisirl_ros.control.surroundings; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
