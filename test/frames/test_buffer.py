"""Transforms over time: chains, and what is between stamps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from bisirl_ros.core.arrays import Array
from bisirl_ros.frames.buffer import FrameBuffer
from bisirl_ros.frames.transform import IDENTITY, Transform

from .poses import HERE, KEEP_S, STALE_S, along_x, assert_same, few, refusal

STAMPS = np.array([100.0, 100.5, 101.25, 103.0])


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
