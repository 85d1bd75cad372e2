"""Commands against their limits: what a gate lets through is within, more is not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bisirl_ros.control.gate import GateSettings, SafetyGate
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.verify.robot.commands import Limits, Sent, gap_s, rest_s, within, worst

PERIOD_S = 0.05
DRIVES = ("differential", "omni", "ackermann")
wishes = st.lists(st.tuples(*[st.floats(-2.0, 2.0)] * 3, st.booleans()), min_size=3, max_size=30)


def limits_of(drive: str = "differential") -> Limits:
    """Of a robot whose commands are due 20 times a second."""
    return Limits(Robot(drive=drive), GateSettings(), PERIOD_S)


def ramp(*speeds: float, dt_s: float = PERIOD_S) -> list[Sent]:
    """Commands straight ahead, one a period."""
    return [Sent(dt_s * i, (speed, 0.0, 0.0)) for i, speed in enumerate(speeds)]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(DRIVES), wishes, st.integers(0, 2**31))
def test_what_a_gate_sends_is_within_however_late_it_leaves(
    drive: str, wished: list[tuple[float, float, float, bool]], seed: int
) -> None:
    """Ticks on a grid, some late; each command leaves up to 4 ms after its tick."""
    rng, limits = np.random.default_rng(seed), limits_of(drive)
    gate, sent, last_s = SafetyGate(limits.body, limits.gate), [], None
    for i, (*twist, brake) in enumerate(wished):
        tick_s = PERIOD_S * i + rng.choice([0.0, 0.0, 0.03])
        dt_s = PERIOD_S if last_s is None else max(tick_s - last_s, PERIOD_S)
        vx, vy, wz = gate.admit(np.array(twist), dt_s, brake=brake).twist.tolist()
        sent.append(Sent(tick_s + rng.uniform(0.0, 0.004), (vx, vy, wz)))
        last_s = tick_s
    found = worst(sent, limits)
    assert found["drive"] == 0.0
    assert found["speed"] <= 1.0 + 1e-6 and found["turn"] <= 1.0 + 1e-6
    assert found["change"] <= 1.0 + 0.03 / PERIOD_S  # a late tick hides the one before it
    on_time = all(b.time_s - a.time_s > 0.9 * PERIOD_S for a, b in itertools.pairwise(sent))
    assert within(found) or not on_time


@pytest.mark.parametrize(
    ("speeds", "key"), [((0.0, 0.3), "change"), ((0.9, 0.5), "change"), ((1.0, 1.07), "speed")]
)
def test_more_than_is_allowed_is_beyond(speeds: tuple[float, ...], key: str) -> None:
    found = worst(ramp(*speeds), limits_of())
    assert found[key] > 1.0
    assert not within(found)


def test_what_a_drive_cannot_do_is_beyond() -> None:
    found = worst([Sent(0.0, (0.0, 0.2, 0.0))], limits_of())
    assert found["drive"] == pytest.approx(0.2)
    assert not within(found)
    assert within(worst([Sent(0.0, (0.0, 0.2, 0.0))], limits_of("omni")))


def test_a_robot_rests_from_the_first_stop_that_nothing_follows() -> None:
    commands = ramp(0.2, 0.0, 0.1, 0.0, 0.0)
    assert rest_s(commands, 0.0) == pytest.approx(3 * PERIOD_S)
    assert rest_s(commands, 3.5 * PERIOD_S) == pytest.approx(4 * PERIOD_S)
    assert rest_s(commands[:3], 0.0) is None
    assert rest_s([], 0.0) is None


def test_a_gap_counts_up_to_either_end() -> None:
    commands = ramp(0.1, 0.1, 0.1)
    assert gap_s(commands, 0.0, 0.1) == pytest.approx(PERIOD_S)
    assert gap_s(commands, 0.0, 1.0) == pytest.approx(0.9)
    assert gap_s([], 2.0, 5.0) == 3.0
