"""Transforms over time: chains, what is between stamps, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.frames.buffer import MOST_FRAMES, FrameBuffer
from bisirl_ros.frames.link import MOST_KEPT
from bisirl_ros.frames.transform import IDENTITY, Transform

few = settings(max_examples=30, deadline=None, database=None, derandomize=True)
KEEP_S, STALE_S = 10.0, 0.5
STAMPS = np.array([100.0, 100.5, 101.25, 103.0])
HERE = Transform.planar(1.0, 2.0, 0.3)


def along_x(x: float) -> Transform:
    """So far ahead [m]."""
    return Transform.planar(x, 0.0, 0.0)


def assert_same(a: Transform, b: Transform) -> None:
    """As matrices: a quaternion has two signs."""
    np.testing.assert_allclose(a.translation, b.translation, atol=1e-9)
    np.testing.assert_allclose(a.matrix, b.matrix, atol=1e-9)


def refusal(call: Callable[[], object]) -> str:
    """The one line by which a call is refused."""
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@dataclass
class Tree:
    """A random tree of frames "0" to "n-1", in a buffer and as arrays; 0 is the root.

    parents: (n,); fixed: (n,); places (n, S, 3) and turns (n, S, 4) x y z w at STAMPS
    """

    parents: list[int]
    fixed: list[bool]
    seed: int
    buffer: FrameBuffer = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        count = len(self.parents)
        self.places = rng.normal(0.0, 3.0, (count, len(STAMPS), 3))
        self.turns = np.stack([Rotation.random(len(STAMPS), rng).as_quat() for _ in range(count)])
        self.buffer = FrameBuffer(KEEP_S, STALE_S)
        order = [(child, k) for child in range(1, count) for k in range(len(STAMPS))]
        for child, k in rng.permutation(order).tolist():
            pose = Transform(self.places[child, k], np.roll(self.turns[child, k], 1))
            if not self.fixed[child]:
                self.buffer.put(str(self.parents[child]), str(child), pose, STAMPS[k])
            elif k == 0:
                self.buffer.put(str(self.parents[child]), str(child), pose, 0.0, fixed=True)

    def in_root(self, frame: int, time_s: float) -> Array:
        """Its pose in the root (4, 4), by products of matrices."""
        pose = np.eye(4)
        while frame != 0:
            link = np.eye(4)
            if self.fixed[frame]:
                link[:3, :3] = Rotation.from_quat(self.turns[frame, 0]).as_matrix()
                link[:3, 3] = self.places[frame, 0]
            else:
                turns = Slerp(STAMPS, Rotation.from_quat(self.turns[frame]))
                link[:3, :3] = turns(time_s).as_matrix()
                link[:3, 3] = [np.interp(time_s, STAMPS, column) for column in self.places[frame].T]
            pose, frame = link @ pose, self.parents[frame]
        return pose


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Of two to seven frames."""
    count = draw(st.integers(2, 7))
    parents = [0] + [draw(st.integers(0, child - 1)) for child in range(1, count)]
    fixed = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Tree(parents, fixed, draw(st.integers(0, 2**32 - 1)))


times = st.floats(STAMPS[0], STAMPS[-1]) | st.sampled_from(STAMPS.tolist())


@few
@given(trees(), times, st.data())
def test_chains_are_products_of_matrices(tree: Tree, time_s: float, data: st.DataObject) -> None:
    frames = st.integers(0, len(tree.parents) - 1)
    target, source = data.draw(frames), data.draw(frames)
    found = tree.buffer.find(str(target), str(source), time_s)
    expected = np.linalg.inv(tree.in_root(target, time_s)) @ tree.in_root(source, time_s)
    np.testing.assert_allclose(found.matrix, expected[:3, :3], atol=1e-7)
    np.testing.assert_allclose(found.translation, expected[:3, 3], atol=1e-7)


@few
@given(trees(), times, st.data())
def test_ways_add_up_and_lead_back(tree: Tree, time_s: float, data: st.DataObject) -> None:
    names = st.integers(0, len(tree.parents) - 1).map(str)
    a, b, c = data.draw(names), data.draw(names), data.draw(names)
    find = tree.buffer.find
    assert_same(find(a, c, time_s), find(a, b, time_s).compose(find(b, c, time_s)))
    assert_same(find(a, b, time_s), find(b, a, time_s).inverse())
    assert_same(find(a, a, time_s), IDENTITY)


@few
@given(st.floats(-1.0, 1.0), st.floats(-2.0, 2.0), st.floats(0.0, 1.0))
def test_constant_speeds_are_exact_between_stamps(speed: float, rate: float, share: float) -> None:
    """A robot that drives straight on while it turns."""
    buffer = FrameBuffer()
    for stamp_s in (50.0, 51.0):
        ahead = stamp_s - 50.0
        buffer.put("odom", "base_link", Transform.planar(speed * ahead, 0.0, rate * ahead), stamp_s)
    found = buffer.find("odom", "base_link", 50.0 + share)
    assert_same(found, Transform.planar(speed * share, 0.0, rate * share))


@few
@given(st.permutations(range(6)))
def test_the_order_in_which_they_come_does_not_matter(order: list[int]) -> None:
    buffer = FrameBuffer()
    for k in order:
        buffer.put("odom", "base_link", along_x(float(k * k)), 100.0 + k)
    for k in range(5):
        expected = along_x(k * k + 0.25 * (2 * k + 1))
        assert_same(buffer.find("odom", "base_link", 100.25 + k), expected)


def test_a_second_pose_of_the_same_stamp_replaces_the_first() -> None:
    buffer = FrameBuffer()
    for x in (0.0, 1.0, 2.0):
        buffer.put("odom", "base_link", along_x(x), 10.0)
        buffer.put("odom", "base_link", along_x(x), 11.0)
    assert_same(buffer.find("odom", "base_link", 10.5), along_x(2.0))


def test_leading_slashes_are_left_out() -> None:
    buffer = FrameBuffer()
    buffer.put("/odom", "base_link", HERE, 10.0)
    assert_same(buffer.find("odom", "/base_link", 10.0), HERE)


# -- ages ---------------------------------------------------------------------------------------
def test_the_newest_stands_for_a_while_and_no_longer() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    buffer.put("odom", "base_link", along_x(1.0), 9.0)
    buffer.put("odom", "base_link", along_x(2.0), 10.0)
    assert_same(buffer.find("odom", "base_link", 10.5), along_x(2.0))
    line = refusal(lambda: buffer.find("base_link", "odom", 10.75))
    for words in ("odom -> base_link", "0.75 s older", "at most 0.5 s", "use_sim_time"):
        assert words in line


def test_only_the_link_that_is_late_stands_still() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    buffer.put("map", "odom", along_x(10.0), 10.0)
    for stamp_s in (10.0, 10.25):
        buffer.put("odom", "base_link", along_x(stamp_s), stamp_s)
    assert_same(buffer.find("map", "base_link", 10.125), along_x(20.125))


def test_before_the_oldest_nothing_is_known() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    for stamp_s in np.arange(0.0, 31.0):
        buffer.put("odom", "base_link", along_x(stamp_s), stamp_s)
    assert_same(buffer.find("odom", "base_link", 20.0), along_x(20.0))
    line = refusal(lambda: buffer.find("odom", "base_link", 19.5))
    assert "odom -> base_link: asked for 0.50 s before the oldest" in line
    assert "use_sim_time" in line


def test_what_is_fixed_holds_at_all_times() -> None:
    buffer = FrameBuffer()
    buffer.put("base_link", "laser", along_x(1.0), 5.0, fixed=True)
    for time_s in (-1e9, 0.0, 5.0, 1e12):
        assert_same(buffer.find("base_link", "laser", time_s), along_x(1.0))
    buffer.put("base_link", "laser", along_x(2.0), 4.0, fixed=True)
    assert_same(buffer.find("base_link", "laser", 5.0), along_x(2.0))


def test_a_link_may_begin_to_move_and_be_fixed_again() -> None:
    buffer = FrameBuffer()
    buffer.put("base_link", "arm", along_x(1.0), 0.0, fixed=True)
    buffer.put("base_link", "arm", along_x(2.0), 50.0)
    refusal(lambda: buffer.find("base_link", "arm", 40.0))
    buffer.put("base_link", "arm", along_x(3.0), 0.0, fixed=True)
    assert_same(buffer.find("base_link", "arm", 40.0), along_x(3.0))


def test_old_data_are_refused_and_counted_until_the_buffer_is_cleared() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    buffer.put("odom", "base_link", along_x(1.0), 100.0)
    buffer.put("base_link", "laser", along_x(1.0), 100.0, fixed=True)
    buffer.put("odom", "base_link", along_x(2.0), 90.0)  # as old as what is kept
    buffer.put("odom", "base_link", along_x(3.0), 89.0)
    assert buffer.refused["old"] == 1
    assert_same(buffer.find("odom", "base_link", 90.0), along_x(2.0))
    buffer.clear()
    assert "not connected" in refusal(lambda: buffer.find("odom", "laser", 100.0))
    assert_same(buffer.find("base_link", "laser", 0.0), along_x(1.0))
    buffer.put("odom", "base_link", along_x(3.0), 1.0)
    assert_same(buffer.find("odom", "laser", 1.0), along_x(4.0))
    assert buffer.refused["old"] == 1


# -- the newest ---------------------------------------------------------------------------------
def test_the_newest_is_of_the_time_that_all_links_know() -> None:
    buffer = FrameBuffer()
    buffer.put("base_link", "laser", along_x(0.5), 0.0, fixed=True)
    buffer.put("map", "odom", along_x(10.0), 20.0)
    for stamp_s in (19.0, 20.5, 22.0):
        buffer.put("odom", "base_link", along_x(stamp_s), stamp_s)
    pose, stamp_s = buffer.latest("map", "laser")
    assert stamp_s == 20.0
    assert_same(pose, along_x(30.5))
    assert buffer.latest("odom", "laser")[1] == 22.0


def test_the_newest_of_what_does_not_move_is_of_any_time() -> None:
    buffer = FrameBuffer()
    buffer.put("base_link", "laser", HERE, 0.0, fixed=True)
    pose, stamp_s = buffer.latest("laser", "base_link")
    assert stamp_s == math.inf
    assert_same(pose, HERE.inverse())
    assert buffer.latest("nobody", "/nobody") == (IDENTITY, math.inf)


def test_there_is_no_newest_where_a_link_fell_silent_long_ago() -> None:
    buffer = FrameBuffer(KEEP_S, STALE_S)
    buffer.put("map", "odom", HERE, 0.0)
    for stamp_s in np.arange(0.0, 25.0):
        buffer.put("odom", "base_link", HERE, stamp_s)
    line = refusal(lambda: buffer.latest("map", "base_link"))
    assert "map -> odom: its newest is 14.00 s older than what is kept of odom -> base_link" in line


# -- the tree -----------------------------------------------------------------------------------
def test_a_child_that_changes_its_parent_forgets_its_old_chain() -> None:
    buffer = FrameBuffer()
    for stamp_s in (10.0, 11.0):
        buffer.put("odom", "base_link", along_x(1.0), stamp_s)
    buffer.put("map", "base_link", along_x(2.0), 12.0)
    assert_same(buffer.find("map", "base_link", 12.0), along_x(2.0))
    assert "not connected" in refusal(lambda: buffer.find("odom", "base_link", 11.0))
    line = refusal(lambda: buffer.find("map", "base_link", 11.0))
    assert "check whether it is in odom, too" in line
    buffer.put("odom", "base_link", along_x(3.0), 11.5)
    assert buffer.refused["old"] == 1
    assert_same(buffer.find("map", "base_link", 12.0), along_x(2.0))


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
