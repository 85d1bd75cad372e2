"""The gate between policy and wheels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bisirl_ros.control.gate import Limits, SafetyGate

LIMITS = Limits(1.0, 1.2, 1.5, 4.0)


def test_whatever_is_wanted_limits_hold() -> None:
    gate, rng, last = SafetyGate(LIMITS), np.random.default_rng(0), (0.0, 0.0)
    wild = [math.nan, math.inf, -math.inf, 1e9, -1e9, 0.3]
    for _ in range(500):
        speed, turn = gate.admit(float(rng.choice(wild)), float(rng.choice(wild)), 0.05)
        assert abs(speed) <= 1.0 and abs(turn) <= 1.2
        assert abs(speed - last[0]) <= 1.5 * 0.05 + 1e-12
        assert abs(turn - last[1]) <= 4.0 * 0.05 + 1e-12
        last = (speed, turn)
    assert gate.not_finite > 100


def test_a_wish_that_is_not_finite_ramps_to_a_stop() -> None:
    gate = SafetyGate(LIMITS)
    for _ in range(40):
        gate.admit(1.0, 0.0, 0.05)
    speeds = [gate.admit(math.nan, 0.0, 0.05)[0] for _ in range(20)]
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] == pytest.approx(1.0 - 0.075)
    assert speeds[-1] == 0.0
