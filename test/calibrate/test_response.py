"""The exact response: `Robot.step` in short steps, however the time is cut."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bisirl_ros.calibrate.response import HOLD_S, NO_LIMIT, Held, Law, advance, response
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room

SPEEDS = st.floats(-2.0, 2.0)
TIMES = st.floats(0.0, 3.0)
LAGS = st.floats(0.01, 2.0)
LIMITS = st.one_of(st.just(NO_LIMIT), st.floats(0.05, 20.0))


def one(value: float) -> Array:
    return np.array([value])


def law(lag_s: float = 0.2, limit: float = 1.0, dead: float = 0.0, top: float = NO_LIMIT) -> Law:
    return Law(one(lag_s), one(limit), one(dead), one(top))


@given(v=SPEEDS, command=SPEEDS, first=TIMES, then=TIMES, lag=LAGS, limit=LIMITS)
def test_time_can_be_cut_anywhere(
    v: float, command: float, first: float, then: float, lag: float, limit: float
) -> None:
    once = advance(one(v), one(command), one(first + then), one(lag), one(limit))
    half = advance(one(v), one(command), one(first), one(lag), one(limit))
    twice = advance(half, one(command), one(then), one(lag), one(limit))
    assert twice == pytest.approx(once, abs=1e-9)


@given(v=SPEEDS, command=SPEEDS, held=TIMES, lag=LAGS, limit=LIMITS)
def test_it_never_overshoots_nor_hurries(
    v: float, command: float, held: float, lag: float, limit: float
) -> None:
    after = float(advance(one(v), one(command), one(held), one(lag), one(limit))[0])
    assert min(v, command) - 1e-9 <= after <= max(v, command) + 1e-9
    assert abs(after - v) <= limit * held + 1e-9


def test_without_a_limit_it_is_the_first_order_lag() -> None:
    after = advance(one(0.2), one(0.9), one(0.4), one(0.2), one(NO_LIMIT))
    assert float(after[0]) == pytest.approx(0.9 - 0.7 * math.exp(-2.0))


@pytest.mark.parametrize(("lag_s", "limit"), [(0.2, 1.0), (0.05, 0.5), (0.5, 20.0)])
def test_it_is_the_robot_in_short_steps(lag_s: float, limit: float) -> None:
    robot, room, step_s = Robot(lag_s=lag_s, max_acceleration=limit), Room.of((), ()), 0.002
    held = Held.of(np.arange(0.0, 2.05, 0.1), np.repeat([0.8, -0.3, 0.5], 7))
    at = np.arange(1, 500) * step_s * 2
    exact = response(held, law(lag_s, limit), at, (one(0.0), one(0.0)))[:, 0]
    state = torch.zeros(1, 6, dtype=torch.float64)
    stepped = []
    for k in range(998):
        index = int(held.index(one((k + 0.5) * step_s))[0])
        command = torch.tensor([[held.command[index], 0.0, 0.0]], dtype=torch.float64)
        state = robot.step(state, command, step_s, room)
        stepped.append(float(state[0, 3]))
    assert exact == pytest.approx(np.array(stepped[1::2]), abs=0.01 * limit * step_s / lag_s + 1e-6)


def test_dead_time_shifts_the_response_and_the_top_speed_cuts_it() -> None:
    held = Held.of(np.arange(0.0, 5.0, 0.1), np.where(np.arange(50) < 25, 0.0, 1.0))
    at, still = np.linspace(0.5, 4.9, 200), (one(0.0), one(0.0))
    early = response(held, law(), at - 0.3, still)
    late = response(held, law(dead=0.3), at, still)
    assert late == pytest.approx(early)
    cut = response(held, law(top=0.4), at, still)
    assert float(cut.max()) == pytest.approx(0.4, abs=1e-3)
    both = Law(
        *(np.array([a[0], b[0]]) for a, b in zip(_of(law()), _of(law(top=0.4)), strict=True))
    )
    assert response(held, both, at, still)[:, 1:] == pytest.approx(cut)


def _of(one_law: Law) -> tuple[Array, ...]:
    return one_law.lag_s, one_law.limit, one_law.dead_time_s, one_law.top


def test_equal_commands_are_one_and_a_gap_begins_anew() -> None:
    time = np.concatenate([np.arange(0.0, 3.01, 0.1), np.arange(5.0, 8.01, 0.1)])
    command = np.where(time < 1.45, 0.0, 0.5)
    held = Held.of(time, command)
    assert held.time == pytest.approx([0.0, 1.5, 5.0])
    assert held.begins.tolist() == [True, False, True]
    assert held.held_s == pytest.approx([1.5, 1.5 + HOLD_S, 3.0 + HOLD_S])
    assert held.covers(np.array([-0.1, 0.0, 3.2, 3.4, 4.9, 5.0])).tolist() == [
        False, True, True, False, False, True,
    ]  # fmt: skip
    assert len(Held.of(np.arange(0.0, 30.0, 0.5), np.ones(60)).time) == 0


def test_after_a_gap_it_goes_on_from_what_was_seen() -> None:
    time = np.concatenate([np.arange(0.0, 3.01, 0.1), np.arange(5.0, 8.01, 0.1)])
    held = Held.of(time, np.full(len(time), 0.5))
    seen = (np.array([0.0, 4.9, 5.1]), np.array([0.0, 0.2, 0.2]))
    assert response(held, law(), np.array([5.0]), seen)[0, 0] == pytest.approx(0.2)
