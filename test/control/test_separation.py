"""The protective separation distance and its inverse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisirl_ros.control.separation import SeparationSettings, separation, speed_left

speeds, times, brakes = st.floats(0.0, 2.0), st.floats(0.0, 1.0), st.floats(0.2, 10.0)


def test_by_hand() -> None:
    """1 m/s, braking at 2 m/s^2 after 0.1 s: 0.1 + 0.25 m; a person at 1.6 m/s adds 1.6 x 0.6 m."""
    assert separation(1.0, 0.0, 0.1, 2.0) == pytest.approx(0.35)
    assert separation(1.0, 1.6, 0.1, 2.0) == pytest.approx(0.35 + 0.96)
    assert SeparationSettings(intrusion_m=0.85).least_m == pytest.approx(0.92)


@given(speeds, speeds, times, brakes)
def test_the_speed_left_is_the_speed_whose_distance_it_is(
    v_r: float, v_h: float, reaction_s: float, brake: float
) -> None:
    gap = separation(v_r, v_h, reaction_s, brake)
    assert speed_left(gap, v_h, reaction_s, brake) == pytest.approx(v_r, abs=1e-5)


@given(st.floats(-1.0, 5.0), speeds, times, brakes)
def test_more_room_never_leaves_less_speed_and_a_faster_person_never_more(
    gap: float, v_h: float, reaction_s: float, brake: float
) -> None:
    left = speed_left(gap, v_h, reaction_s, brake)
    assert left >= 0.0
    assert speed_left(gap + 0.1, v_h, reaction_s, brake) >= left
    assert speed_left(gap, v_h + 0.1, reaction_s, brake) <= left
