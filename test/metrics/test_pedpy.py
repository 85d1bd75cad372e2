"""Against PedPy, an analysis library for pedestrian trajectories (Juelich).

PedPy 1.5 has speed, acceleration, and the distance between neighbours: people whose Voronoi cells
touch, so that whoever is nearest is one. It has no jerk, time to collision, contacts or path
length; these are compared with what its figures make of them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.metrics.social import (
    INTIMATE_M,
    PERSONAL_M,
    SOCIAL_M,
    jerk_rms,
    min_time_to_collision_s,
    path_length_m,
    social_metrics,
    time_in_spaces_s,
)
from bisirl_ros.metrics.trajectory import Trajectory

from .runs import driven, random_run, straight

pedpy = pytest.importorskip("pedpy")
pd = pytest.importorskip("pandas")

DT_S = 0.25
WAYS = {
    "straight": straight((0.0, 0.0), (0.8, 0.6), 20),
    "circle": 2.0 * np.stack([f(np.linspace(0.0, 5.0, 40)) for f in (np.cos, np.sin)], axis=-1),
    "random": np.cumsum(np.random.default_rng(0).normal(0.0, 0.1, (40, 2)), axis=0),
}


def table(bodies: dict[int, Array], rate_hz: float, there: dict[int, Array] | None = None) -> Any:
    """PedPy's form of bodies (T, 2) [m] by their number, at the samples (T,) where they are."""
    rows = [
        pd.DataFrame({"id": i, "frame": np.arange(len(xy)), "x": xy[:, 0], "y": xy[:, 1]})[
            slice(None) if there is None else there[i]
        ]
        for i, xy in bodies.items()
    ]
    return pedpy.TrajectoryData(data=pd.concat(rows, ignore_index=True), frame_rate=rate_hz)


def with_halves(way: Array) -> Array:
    """The way and the middle of each step: (2 N - 1, 2) [m]."""
    halves = np.empty((2 * len(way) - 1, 2))
    halves[::2], halves[1::2] = way, (way[1:] + way[:-1]) / 2.0
    return halves


def nearest_m(run: Trajectory) -> Array:
    """PedPy's distance from the robot to the nearest of its neighbours: (T,) [m], or infinite."""
    bodies = {0: run.robot[:, :2]} | {i + 1: xy for i, xy in enumerate(run.people.swapaxes(0, 1))}
    there = {0: np.ones(len(run.robot), dtype=bool)}
    there |= {i + 1: here for i, here in enumerate(run.present.T)}
    data = table(bodies, 1.0 / run.dt_s, there)
    room = pedpy.WalkableArea([(-99.0, -99.0), (99.0, -99.0), (99.0, 99.0), (-99.0, 99.0)])
    cells = pedpy.compute_individual_voronoi_polygons(traj_data=data, walkable_area=room)
    pairs = pedpy.compute_neighbor_distance(
        traj_data=data, neighborhood=pedpy.compute_neighbors(cells, as_list=False)
    )
    least = pairs[pairs.id == 0].groupby("frame").distance.min()
    return np.asarray(least.reindex(range(len(run.robot)), fill_value=math.inf))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_path_length_is_speed_summed_over_time(way: Array) -> None:
    """PedPy's difference is central, over two frames: with frames of half a step, in the middle of
    each it is the step over its time."""
    speed = pedpy.compute_individual_speed(
        traj_data=table({1: with_halves(way)}, 2.0 / DT_S),
        frame_step=1,
        speed_calculation=pedpy.SpeedCalculation.BORDER_EXCLUDE,
    )
    in_the_middle = speed[speed.frame % 2 == 1].speed
    assert len(in_the_middle) == len(way) - 1
    assert path_length_m(way) == pytest.approx(float(in_the_middle.sum() * DT_S))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_speeds_at_the_samples_cut_corners(way: Array) -> None:
    """At a sample PedPy's speed is that of the chord of two steps: no longer than both, and as long
    where the way is straight. The first and the last step count half."""
    speed = pedpy.compute_individual_speed(traj_data=table({1: way}, 1.0 / DT_S), frame_step=1)
    ends = path_length_m(way[:2]) + path_length_m(way[-2:])
    by_chords, by_steps = float(speed.speed.sum() * DT_S), path_length_m(way) - ends / 2.0
    is_straight = way is WAYS["straight"]
    assert by_chords == pytest.approx(by_steps) if is_straight else by_chords < by_steps


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_jerk_is_what_acceleration_changes_by(way: Array) -> None:
    """PedPy's acceleration is the second difference of the last three samples, unlike its speed
    (1.5.1; its manual describes a central one, over five)."""
    found = pedpy.compute_individual_acceleration(
        traj_data=table({1: way}, 1.0 / DT_S), frame_step=1, compute_acceleration_components=True
    )
    assert len(found) == len(way) - 2
    jerk = np.diff(found[["a_x", "a_y"]].to_numpy(), axis=0) / DT_S
    expected = math.sqrt(float(np.square(jerk).sum(-1).mean()))
    assert jerk_rms(way, DT_S) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_nearest_person_is_the_nearest_neighbour(seed: int) -> None:
    """People come and go. PedPy measures between centres; the surfaces are both radii nearer."""
    run = replace(random_run(seed, 4), person_radius_m=0.25)
    nearest = nearest_m(run)
    np.testing.assert_allclose(nearest, run.apart_m.min(-1), atol=1e-9)
    least = float(nearest.min()) - run.robot_radius_m - 0.25
    assert social_metrics(run).min_distance_m == pytest.approx(least)
    edges = (0.0, INTIMATE_M, PERSONAL_M, SOCIAL_M)
    steps, _ = np.histogram(nearest[1:], bins=edges)  # what happens to a step is told at its end
    assert time_in_spaces_s(run) == pytest.approx(tuple(steps * run.dt_s))


@pytest.mark.parametrize(
    ("start", "velocity", "meets"),
    [
        ((10.0, 0.1), (-1.0, 0.0), True),
        ((10.0, 0.3), (-1.0, 0.0), True),
        ((6.0, 5.2), (-0.2, -1.0), True),
        ((10.0, 0.6), (-1.0, 0.0), False),
        ((4.0, 0.0), (1.5, 0.0), False),
    ],
)
def test_time_to_collision_is_when_the_distance_falls_to_the_radii(
    start: tuple[float, float], velocity: tuple[float, float], meets: bool
) -> None:
    """PedPy does not foresee: all walk on as in the first step, through each other, and its
    distances tell when they touched (never at the same place, where there are no cells)."""
    reach_m, steps = 0.5, 60
    whole = driven(straight((0.0, 0.0), (1.0, 0.0), steps), [straight(start, velocity, steps)])
    first = driven(whole.robot[:2, :2], whole.people[:2].swapaxes(0, 1))
    left_s = min_time_to_collision_s(first)
    touched = nearest_m(whole) <= reach_m
    assert touched.any() == math.isfinite(left_s) == meets
    if meets:
        at_s = DT_S * float(touched.argmax() - 1)  # since the first step's end
        assert at_s - DT_S < left_s <= at_s
