"""What is told wrongly does to the session what the kinds of faults say it does."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from bisirl_ros.session.clock import Now
from bisirl_ros.session.tracks import Tracks
from bisirl_ros.verify.robot import injected_tracker as it
from bisirl_ros.verify.robot.tracker import Spoil, as_they_are, somebody

ALIVE = (it.flood, it.reordered, it.two_as_one, it.elsewhere, it.crowd, it.too_near)
DEAD = (it.not_finite, it.ahead, it.somewhere())


def told(spoil: Spoil, since_s: float, to_s: float, tracks: Tracks) -> float:
    """Tell 20 times a second; the longest time without a good word [s]."""
    longest, step = 0.0, 0
    while (now_s := since_s + 0.05 * step) < to_s:
        now = Now(now_s, now_s)
        longest = max(longest, tracks.age_s(now))
        for report in spoil([somebody(0, now_s)]):
            tracks.hear(report, now)
        step += 1
    return longest


def begun() -> Tracks:
    """Somebody has been seen for a second."""
    tracks = Tracks(1.8, 0.5, lambda about, line: None)
    told(as_they_are, 10.0, 11.0, tracks)
    return tracks


@pytest.mark.parametrize("spoil", ALIVE)
def test_what_is_odd_is_no_silence(spoil: Spoil) -> None:
    """A track that starts anew elsewhere takes five reports to."""
    assert told(spoil, 11.0, 12.0, begun()) < 0.4


@pytest.mark.parametrize("spoil", DEAD)
def test_what_is_unusable_is_a_silence(spoil: Spoil) -> None:
    tracks = begun()
    told(spoil, 11.0, 12.0, tracks)
    assert tracks.silent(Now(12.0, 12.0))
    told(as_they_are, 12.0, 13.0, tracks)
    assert not tracks.silent(Now(13.0, 13.0))


def test_who_is_told_of_is_there() -> None:
    now, tracks = Now(12.0, 12.0), begun()
    told(it.crowd, 11.0, 12.0, tracks)
    assert len(tracks.present(now)) == it.CROWD
    near, tracks = it.NEAR_M, begun()
    told(it.too_near, 11.0, 12.0, tracks)
    place = tracks.present(now)["near"][:2]
    assert abs(place[0] - near[0]) < 0.05 and abs(place[1] - near[1]) < 0.05


def test_a_second_one_under_the_same_identity_is_counted() -> None:
    tracks = begun()
    told(it.two_as_one, 11.0, 12.0, tracks)
    assert tracks.refused["jump"] >= 19
