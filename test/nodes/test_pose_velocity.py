"""Velocity from positions."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.nodes.pose_velocity import LEAST_SPAN_S, PoseVelocity


def walk(tracker: PoseVelocity, rate_hz: float, noise_m: float = 0.0) -> list[Array | None]:
    """States of a walk at (1.2, -0.4) m/s for two seconds."""
    rng = np.random.default_rng(0)
    states = []
    for i in range(round(2 * rate_hz)):
        time_s = 10.0 + i / rate_hz
        x, y = rng.normal(0.0, noise_m, 2) + np.array([1.2, -0.4]) * time_s
        states.append(tracker.push(time_s, float(x), float(y)))
    return states


@pytest.mark.parametrize("rate_hz", [3.0, 8.0, 20.0, 100.0])
def test_a_straight_walk_has_its_velocity_as_soon_as_it_can_be_told(rate_hz: float) -> None:
    states = walk(PoseVelocity(0.5), rate_hz)
    too_early = [state for state in states if state is None]
    assert len(too_early) == int(np.ceil(LEAST_SPAN_S * rate_hz - 1e-6))
    known = [state for state in states if state is not None]
    for state in known:
        np.testing.assert_allclose(state[2:], [1.2, -0.4], atol=1e-6)


def test_nothing_is_said_of_one_position() -> None:
    assert PoseVelocity().push(3.0, 1.0, 2.0) is None


def test_noise_is_averaged() -> None:
    """1 cm at 20 Hz: single differences would be off by 0.28 m/s."""
    states = [s for s in walk(PoseVelocity(), 20.0, noise_m=0.01)[6:] if s is not None]
    velocity = np.array(states)[:, 2:]
    assert np.abs(velocity.mean(0) - [1.2, -0.4]).max() < 0.03
    assert velocity.std(0).max() < 0.1


@pytest.mark.parametrize("step_s", [0.0, -10.0])
def test_a_repeated_or_earlier_time_starts_anew(step_s: float) -> None:
    tracker = PoseVelocity()
    walk(tracker, 20.0)
    assert tracker.push(11.95 + step_s, 50.0, 50.0) is None
    state = tracker.push(12.1 + step_s, 50.0, 50.15)
    assert state is not None
    np.testing.assert_allclose(state[2:], [0.0, 1.0], atol=1e-9)


def test_a_gap_longer_than_is_allowed_starts_anew() -> None:
    tracker = PoseVelocity(0.5)
    walk(tracker, 20.0)
    assert tracker.push(14.0, 0.0, 0.0) is None
    assert tracker.push(14.2, 0.2, 0.0) is not None
