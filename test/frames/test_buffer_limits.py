"""What a buffer of transforms refuses, and how much it keeps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisirl_ros.errors import InputError
from bisirl_ros.frames.buffer import MOST_FRAMES, FrameBuffer
from bisirl_ros.frames.link import MOST_KEPT

from .poses import HERE, KEEP_S, STALE_S, along_x, assert_same, few, refusal


def test_frames_that_are_not_connected_are_told_with_their_roots() -> None:
    buffer = FrameBuffer()
    assert "known: no frame" in refusal(lambda: buffer.find("odom", "laser", 1.0))
    buffer.put("base_link", "laser", HERE, 0.0, fixed=True)
    buffer.put("map", "odom", HERE, 1.0)
    for call in (buffer.latest, lambda a, b: buffer.find(a, b, 1.0)):
        line = refusal(lambda call=call: call("odom", "laser"))
        for words in (
            "'laser' (below 'base_link')",
            "'odom' (below 'map')",
            "known: base_link, laser, map, odom",
        ):
            assert words in line


def test_many_known_frames_are_not_all_told() -> None:
    buffer = FrameBuffer()
    for k in range(99):
        buffer.put("base_link", f"wheel_{k:02}", HERE, 0.0, fixed=True)
    line = refusal(lambda: buffer.find("odom", "base_link", 1.0))
    assert "80 more" in line
    assert len(line) < 500


@few
@given(st.integers(2, 6))
def test_a_loop_is_refused(length: int) -> None:
    buffer = FrameBuffer()
    for k in range(length - 1):
        buffer.put(f"f{k}", f"f{k + 1}", HERE, 1.0)
    line = refusal(lambda: buffer.put(f"f{length - 1}", "f0", HERE, 1.0))
    assert f"f{length - 1} -> f0 closes a loop with f0 -> f1" in line
    assert_same(buffer.find("f0", "f1", 1.0), HERE)


def test_a_loop_with_what_fell_silent_is_none() -> None:
    """Odometry that is published the other way round after a restart."""
    buffer = FrameBuffer(KEEP_S, STALE_S)
    buffer.put("odom", "base_link", HERE, 1.0)
    refusal(lambda: buffer.put("base_link", "odom", HERE, 11.0))
    refusal(lambda: buffer.put("base_link", "odom", HERE, 99.0, fixed=True))
    buffer.put("base_link", "odom", HERE, 11.5)
    assert_same(buffer.find("base_link", "odom", 11.5), HERE)


@pytest.mark.parametrize(
    ("parent", "child", "stamp_s", "words"),
    [
        ("", "base_link", 1.0, "is empty"),
        ("odom", "/", 1.0, "'/' is empty"),
        ("odom", "/odom", 1.0, "a frame in itself"),
        ("odom", "base_link", math.nan, "stamp is nan"),
        ("odom", "base_link", math.inf, "stamp is inf"),
    ],
)
def test_what_no_tree_can_hold_is_refused(
    parent: str, child: str, stamp_s: float, words: str
) -> None:
    buffer = FrameBuffer()
    for fixed in (False, True):
        assert words in refusal(lambda f=fixed: buffer.put(parent, child, HERE, stamp_s, f))
    assert "not connected" in refusal(lambda: buffer.find("odom", "base_link", 1.0))


def test_a_question_without_a_frame_or_a_time_is_refused() -> None:
    buffer = FrameBuffer()
    buffer.put("odom", "base_link", HERE, 1.0)
    assert "is empty" in refusal(lambda: buffer.find("odom", "", 1.0))
    assert "is empty" in refusal(lambda: buffer.latest("", "odom"))
    assert "time nan" in refusal(lambda: buffer.find("odom", "base_link", math.nan))


@pytest.mark.parametrize(("keep_s", "stale_s"), [(0.0, 0.1), (math.inf, 0.1), (1.0, -0.1)])
def test_times_that_make_no_buffer_are_refused(keep_s: float, stale_s: float) -> None:
    assert "give finite times" in refusal(lambda: FrameBuffer(keep_s, stale_s))


# -- bounds -------------------------------------------------------------------------------------
def test_a_fast_link_keeps_so_many_poses() -> None:
    buffer = FrameBuffer(keep_s=1e6)
    for k in range(MOST_KEPT + 5):
        buffer.put("odom", "base_link", HERE, float(k))
    assert_same(buffer.find("odom", "base_link", 5.0), HERE)
    assert "0.50 s before the oldest" in refusal(lambda: buffer.find("odom", "base_link", 4.5))


def test_of_too_many_frames_the_longest_silent_goes() -> None:
    buffer = FrameBuffer()
    buffer.put("map", "odom", HERE, 0.0, fixed=True)
    for k in range(MOST_FRAMES):
        buffer.put("odom", f"body_{k}", HERE, 100.0 + k)
    assert "not connected" in refusal(lambda: buffer.find("odom", "body_0", 100.0))
    assert_same(buffer.find("odom", "body_1", 101.0), HERE)
    assert_same(buffer.find("map", "odom", 0.0), HERE)


def test_too_many_fixed_frames_are_refused() -> None:
    buffer = FrameBuffer()
    for k in range(MOST_FRAMES):
        buffer.put("odom", f"marker_{k}", HERE, 0.0, fixed=True)
    line = refusal(lambda: buffer.put("odom", "one_more", HERE, 0.0, fixed=True))
    assert "more than 1000 fixed frames" in line
    buffer.put("odom", "marker_0", along_x(1.0), 0.0, fixed=True)


class Counted(float):
    """A time that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: float) -> bool:
        Counted.compared += 1
        return float(self) < other

    def __gt__(self, other: float) -> bool:
        Counted.compared += 1
        return float(self) > other


@pytest.mark.parametrize("time_s", [0.0, 0.0015, 0.9995, 1.2, 1e9, -1e9])
def test_no_time_is_searched_for_long(time_s: float) -> None:
    """As many comparisons as a number of poses has binary digits, near or far."""
    buffer = FrameBuffer()
    for k in range(1000):
        buffer.put("odom", "base_link", HERE, 0.001 * k)
    Counted.compared = 0
    try:
        buffer.find("odom", "base_link", Counted(time_s))
    except InputError:
        assert abs(time_s) == 1e9
    assert Counted.compared <= 12


def test_a_stamp_far_ahead_forgets_the_rest_at_once() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    for k in range(1000):
        buffer.put("odom", "base_link", HERE, 0.001 * k)
    buffer.put("odom", "base_link", along_x(1.0), 1e9)
    assert_same(buffer.find("odom", "base_link", 1e9), along_x(1.0))
    assert "before the oldest" in refusal(lambda: buffer.find("odom", "base_link", 0.5))
