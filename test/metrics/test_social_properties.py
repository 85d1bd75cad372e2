"""What no figure may depend on, and what every figure must keep to."""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.outcome import min_distance_m
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.metrics.social import (
    SocialMetrics,
    social_metrics,
    time_to_collision_s,
)
from bisirl_ros.metrics.trajectory import Trajectory

from .runs import random_run

few = settings(max_examples=60, deadline=None, database=None, derandomize=True)
runs = st.builds(random_run, st.integers(0, 2**32 - 1), st.integers(0, 3))


def same(found: SocialMetrics, expected: SocialMetrics, **changed: float) -> None:
    wanted = {**asdict(expected), **changed}
    assert asdict(found) == pytest.approx(wanted, rel=1e-6, abs=1e-9, nan_ok=True)


def moved(run: Trajectory, angle: float, shift: tuple[float, float]) -> Trajectory:
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    xy = run.robot[:, :2] @ turn + shift
    return replace(
        run,
        robot=np.column_stack([xy, run.robot[:, 2] + angle]),
        people=run.people @ turn + shift,
        goal=run.goal @ turn + shift,
    )


@few
@given(runs, st.floats(-math.pi, math.pi), st.tuples(st.floats(-9, 9), st.floats(-9, 9)))
def test_the_frame_does_not_matter(
    run: Trajectory, angle: float, shift: tuple[float, float]
) -> None:
    same(social_metrics(moved(run, angle, shift)), social_metrics(run))


@few
@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_people_and_who_is_absent_do_not_matter(run: Trajectory, rng: object) -> None:
    count = run.people.shape[1]
    order = list(range(count))
    rng.shuffle(order)  # type: ignore[attr-defined]
    nobody = np.full((len(run.robot), 1, 2), math.nan)
    other = replace(
        run,
        people=np.concatenate([run.people[:, order], nobody], 1),
        present=np.column_stack([run.present[:, order], np.zeros(len(nobody), dtype=bool)]),
        person_radius_m=np.append(np.broadcast_to(run.person_radius_m, count)[order], 5.0),
    )
    same(social_metrics(other), social_metrics(run))


@few
@given(runs)
def test_a_clock_of_half_the_rate_doubles_times_and_divides_jerk_by_eight(run: Trajectory) -> None:
    slow = replace(run, dt_s=2 * run.dt_s, time_limit_s=2 * run.time_limit_s)
    before = social_metrics(run)
    times = ("duration_s", "time_to_goal_s", "intimate_s", "personal_s", "social_s", "min_ttc_s")
    changed = {name: 2 * getattr(before, name) for name in times}
    same(social_metrics(slow), before, **changed, jerk_rms_m_s3=before.jerk_rms_m_s3 / 8)


@few
@given(runs)
def test_figures_keep_to_their_ranges(run: Trajectory) -> None:
    found = social_metrics(run)
    assert found.success + found.collision + found.timeout <= 1
    assert found.collision == (found.collisions > 0) == (found.min_distance_m < 0)
    assert 0.0 <= found.spl <= 1.0 and (found.spl > 0.0) == found.success
    assert found.intimate_s + found.personal_s + found.social_s <= found.duration_s + 1e-9
    assert found.path_length_m >= float(np.linalg.norm(run.way[-1] - run.way[0])) - 1e-9
    assert found.min_ttc_s >= 0.0
    assert (found.min_ttc_s == 0.0) == found.collision


@few
@given(runs)
def test_distances_are_those_of_the_one_rule_for_contact(run: Trajectory) -> None:
    """As `crowd.outcome` has them, for people of one size."""
    run = replace(run, person_radius_m=0.3)
    steps, count = run.present.shape
    still = torch.zeros(steps, count, 2)
    situation = Situation(
        torch.nn.functional.pad(torch.from_numpy(run.robot), (0, 3)),
        torch.cat([torch.from_numpy(run.people), still], -1),
        torch.from_numpy(run.present),
        Aims(torch.zeros(steps, 1, 2), still[..., None, :], still[..., :1]),
        Room.of(),
    )
    least = float(min_distance_m(situation).min())
    assert social_metrics(run).min_distance_m == pytest.approx(least - 0.5)


@few
@given(
    st.tuples(*[st.floats(-20, 20)] * 2),
    st.tuples(*[st.floats(-3, 3)] * 2),
    st.floats(0.01, 2.0),
)
def test_at_the_time_to_collision_the_discs_touch_and_not_before(
    offset: tuple[float, float], velocity: tuple[float, float], reach_m: float
) -> None:
    q, v = np.array(offset), np.array(velocity)
    time_s = float(time_to_collision_s(q, v, reach_m))

    def apart_m(t: float) -> float:
        return float(np.linalg.norm(q + t * v))

    if time_s == 0.0:
        assert apart_m(0.0) <= reach_m * (1 + 1e-9)
    elif time_s < 1e6:
        assert apart_m(time_s) == pytest.approx(reach_m, abs=1e-6)
        assert all(apart_m(time_s * part) > reach_m - 1e-9 for part in (0.0, 0.5, 0.99))
    elif math.isinf(time_s):
        closest = max(0.0, -float(q @ v) / max(float(v @ v), 1e-300))
        assert apart_m(min(closest, 1e6)) >= reach_m - 1e-6
