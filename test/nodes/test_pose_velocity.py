"""Velocity from positions."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.nodes.pose_velocity import WINDOW_S, PoseVelocity


def feed(tracker: PoseVelocity, times: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Push all samples; the last state."""
    state = np.full(4, np.nan)
    for sample in zip(times.tolist(), x.tolist(), y.tolist(), strict=True):
        state = tracker.push(*sample)
    return state


def test_one_position_has_no_velocity() -> None:
    np.testing.assert_array_equal(PoseVelocity().push(5.0, 1.0, 2.0), [1.0, 2.0, 0.0, 0.0])


@pytest.mark.parametrize("rate_hz", [8.0, 20.0, 100.0])
def test_a_straight_walk_has_its_velocity_from_the_second_position_on(rate_hz: float) -> None:
    tracker = PoseVelocity()
    for i in range(50):
        t = 1e6 + i / rate_hz
        x, y = 0.7 * i / rate_hz, 1.0 - 1.1 * i / rate_hz
        state = tracker.push(t, x, y)
        np.testing.assert_array_equal(state[:2], [x, y])
        if i:
            np.testing.assert_allclose(state[2:], [0.7, -1.1], atol=1e-5)


def test_it_lags_by_half_the_window() -> None:
    times = np.arange(0.0, 2.0, 0.01)
    vx = feed(PoseVelocity(), times, 0.5 * times**2, 0.0 * times)[2]
    assert vx == pytest.approx(times[-1] - WINDOW_S / 2, abs=0.011)


def test_it_is_causal_and_forgets_what_is_older_than_the_window() -> None:
    times = np.arange(0.0, 1.0, 0.05)
    walked = np.where(times < 0.5, 0.0, times - 0.5)
    assert feed(PoseVelocity(), times[:10], walked[:10], walked[:10])[2] == 0.0
    state = feed(PoseVelocity(), times, walked, walked)
    np.testing.assert_allclose(state[2:], 1.0)


def test_noise_is_averaged() -> None:
    rng = np.random.default_rng(0)
    times = np.arange(0.0, 30.0, 0.02)
    x = 1.2 * times + 0.01 * rng.standard_normal(len(times))
    tracker, ends, raw = PoseVelocity(), [], np.diff(x) / 0.02
    for t, value in zip(times.tolist(), x.tolist(), strict=True):
        ends.append(tracker.push(t, value, 0.0)[2])
    assert np.std(ends[50:]) < 0.2 * np.std(raw)
    assert np.mean(ends[50:]) == pytest.approx(1.2, abs=0.01)


@pytest.mark.parametrize("later_s", [0.0, -10.0])
def test_a_repeated_or_earlier_time_starts_anew(later_s: float) -> None:
    tracker = PoseVelocity()
    tracker.push(5.0, 0.0, 0.0)
    tracker.push(5.1, 0.1, 0.0)
    np.testing.assert_array_equal(tracker.push(5.1 + later_s, 9.0, 9.0), [9.0, 9.0, 0.0, 0.0])
    np.testing.assert_allclose(tracker.push(5.2 + later_s, 9.2, 9.0)[2:], [2.0, 0.0], atol=1e-9)


def test_a_gap_longer_than_the_window_starts_anew() -> None:
    tracker = PoseVelocity()
    tracker.push(0.0, 0.0, 0.0)
    np.testing.assert_array_equal(tracker.push(1.0, 5.0, 5.0), [5.0, 5.0, 0.0, 0.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_position_that_is_not_finite_is_passed_on_and_forgotten(bad: float) -> None:
    tracker = PoseVelocity()
    tracker.push(0.0, 0.0, 0.0)
    assert not np.isfinite(tracker.push(0.1, bad, 0.0)).all()
    np.testing.assert_allclose(tracker.push(0.2, 0.2, 0.0)[2:], [1.0, 0.0], atol=1e-9)
