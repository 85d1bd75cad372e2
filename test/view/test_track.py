"""Where somebody was: cut where they were away, and in no more samples than there is room for."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.view.track import GAP_S, NOBODY, PERIOD_S, Track, on_recorders_clock


def walk(time_s: list[float], x: list[float]) -> Track:
    xs = np.array(x)
    return Track.of("a", np.array(time_s), {"x": xs, "y": 0.0 * xs})


def test_a_gap_and_a_jump_begin_a_new_piece() -> None:
    time = [0.0, 0.1, 0.2, 0.3 + GAP_S, 0.4 + GAP_S, 0.5 + GAP_S]
    assert walk(time, [0.0, 0.1, 0.2, 0.3, 5.0, 5.1]).pieces == (0, 3, 4)


def test_samples_are_put_in_order_once_each() -> None:
    track = walk([0.2, 0.0, 0.1, 0.1], [2.0, 0.0, 1.0, 9.0])
    assert track.time_s.tolist() == [0.0, 0.1, 0.2]
    assert track.columns["x"].tolist() == [0.0, 1.0, 2.0]


def test_thinned_keeps_pieces_the_last_sample_and_the_values() -> None:
    time = np.arange(0.0, 20.0, 0.01)
    x = np.where(time < 7.777, time, time + 50.0)
    track = Track.of("a", time, {"x": x, "y": 0.0 * x}).thinned(100_000)
    assert np.diff(track.time_s).min() > 0.0
    assert len(track) == pytest.approx(20.0 / PERIOD_S, abs=3)
    assert track.time_s[-1] == time[-1]
    assert len(track.pieces) == 2
    first_after = track.pieces[1]
    assert track.time_s[first_after] == pytest.approx(7.78)
    assert track.columns["x"][first_after] == pytest.approx(57.78)


@pytest.mark.parametrize("most", [10, 50])
def test_thinned_to_about_so_many(most: int) -> None:
    time = np.arange(0.0, 100.0, 0.05)
    track = Track.of("a", time, {"x": 0.1 * time, "y": time * 0.0}).thinned(most)
    assert most / 2 < len(track) <= most + 2


def test_nobody_stays_nobody() -> None:
    assert len(NOBODY.thinned(10)) == 0


def test_stamps_tell_when_it_was_the_quickest_message_how_clocks_differ() -> None:
    rng = np.random.default_rng(0)
    true = np.arange(0.0, 5.0, 0.1)
    came = true + 0.02 + rng.uniform(0.0, 0.05, len(true))
    found = on_recorders_clock(came, true - 300.0)
    assert np.allclose(np.diff(found), 0.1)
    assert found[0] == pytest.approx(0.02, abs=0.01)


@pytest.mark.parametrize("stamp", [np.zeros(50), 2.0 * np.arange(50), np.full(50, np.nan)])
def test_stamps_of_another_rate_do_not(stamp: np.ndarray) -> None:
    came = 0.1 * np.arange(50)
    assert on_recorders_clock(came, stamp) is came
