"""Windows of 8 and 12 steps, and constant velocity on them."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.real_people.windows import constant_velocity, resampled, windows_of

from .walkers import straight, track


def test_who_walks_straight_on_is_foretold() -> None:
    windows = windows_of(straight(0.4 * np.arange(25), (1.0, -0.5), (2.0, 1.0)), 0.4)
    assert windows.shape == (6, 20, 2)
    assert constant_velocity(windows) == pytest.approx((0.0, 0.0, 6), abs=1e-12)


def test_who_turns_is_missed_by_the_turn() -> None:
    """0.4 m a step along x until the 8th position, then along y: off by 0.4 sqrt(2) k."""
    step = np.arange(20)
    places = np.stack([0.4 * np.minimum(step, 7), 0.4 * np.maximum(step - 7, 0)], -1)
    found = constant_velocity(windows_of(track(0.4 * step, places), 0.4))
    assert found.final_m == pytest.approx(0.4 * np.sqrt(2.0) * 12)
    assert found.mean_m == pytest.approx(0.4 * np.sqrt(2.0) * 6.5)
    assert found.windows == 1


def test_the_last_step_is_kept_and_not_the_first() -> None:
    places = np.zeros((20, 2))
    places[:7, 0] = np.arange(7) - 6.0
    assert constant_velocity(places[None]).mean_m == 0.0


@pytest.mark.parametrize(("missing", "count"), [((), 21), ((5,), 15), ((20,), 1), ((10, 30), 0)])
def test_no_window_spans_a_gap(missing: tuple[int, ...], count: int) -> None:
    walk = straight(0.4 * np.arange(40), (1.0, 0.0), (0.0, 0.0))
    walk = np.delete(walk, list(missing), 0)
    windows = windows_of(walk, 0.4)
    assert len(windows) == count
    assert np.diff(windows[..., 0], axis=-1) == pytest.approx(0.4)


def test_too_short_a_walk_has_none() -> None:
    assert windows_of(straight(0.4 * np.arange(19), (1.0, 0.0), (0.0, 0.0)), 0.4).shape[0] == 0


def test_lines_between_points() -> None:
    found = resampled(track([1.0, 2.0, 2.4], [[0, 0], [1, 2], [1, 3]]))
    np.testing.assert_allclose(
        found, [[1.0, 0, 0], [1.4, 0.4, 0.8], [1.8, 0.8, 1.6], [2.2, 1, 2.5]]
    )
