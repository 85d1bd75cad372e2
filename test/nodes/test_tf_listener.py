"""Poses in `global_frame`: with tf2_ros, with the package's own buffer, and without either.

The node stands in for one over DDS; so does, unless it is installed, `tf2_ros`.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from geometry_msgs.msg import Quaternion, TransformStamped
from rclpy.clock import ClockType, ROSClock
from rclpy.qos import DurabilityPolicy, ReliabilityPolicy
from rclpy.time import Time

from bisirl_ros.errors import InputError
from bisirl_ros.frames.buffer import FrameBuffer
from bisirl_ros.frames.transform import Transform
from bisirl_ros.inputs.frames import transform_of
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.nodes.conversions import quaternion_of, to_stamp
from bisirl_ros.nodes.tf_listener import tf_listener

OWN, TF2, INSTALLED = "own buffer over tf and tf_static", "tf2_ros", "tf2_ros as installed"
HERE = [INSTALLED] if importlib.util.find_spec("tf2_ros") else []
START_S = 1.7e9


class Node:
    """What the listener needs of a BisirlNode; its ROS time is set by the test."""

    def __init__(self) -> None:
        self.heard: dict[str, tuple[type, Callable[[Any], None], Any]] = {}
        self.said: list[tuple[str, str]] = []
        self._clock = ROSClock()
        self._clock._set_ros_time_is_active(True)
        self.goes(START_S)

    def listen(self, kind: type, topic: str, callback: Callable[[Any], None], qos: Any) -> None:
        """Keep what would be called."""
        self.heard[topic] = (kind, callback, qos)

    def complain(self, about: str, line: str) -> None:
        """Keep what is said, which is one line."""
        assert "\n" not in line
        self.said.append((about, line))

    def get_clock(self) -> ROSClock:
        """ROS time."""
        return self._clock

    def now_s(self) -> float:
        """ROS time [s]."""
        return float(self._clock.now().nanoseconds) * 1e-9

    def goes(self, time_s: float) -> None:
        """Set ROS time [s]."""
        time = Time(nanoseconds=round(1e9 * time_s), clock_type=ClockType.ROS_TIME)
        self._clock.set_ros_time_override(time)

    def sends(self, topic: str, *transforms: TransformStamped) -> None:
        """A message on `tf` or `tf_static`."""
        self.heard[topic][1](SimpleNamespace(transforms=list(transforms)))


class TransformError(Exception):
    """tf2's, for the stand-in."""


class StrictBuffer:
    """Stands in for tf2_ros.Buffer: what is known, and nothing beyond the newest stamp."""

    def __init__(self, cache_time: Any) -> None:
        self._frames = FrameBuffer(cache_time.nanoseconds * 1e-9, stale_s=0.0)
        self.clear = self._frames.clear

    def set_transform(self, message: TransformStamped, authority: str) -> None:
        """Like tf2, which logs what it refuses."""
        self._set(message, fixed=False)

    def set_transform_static(self, message: TransformStamped, authority: str) -> None:
        """Like tf2, which logs what it refuses."""
        self._set(message, fixed=True)

    def _set(self, message: TransformStamped, fixed: bool) -> None:
        frame, child, time = message.header.frame_id, message.child_frame_id, message.header.stamp
        self._frames.put(frame, child, transform_of(message), stamp_s(time), fixed)

    def lookup_transform(self, target: str, source: str, time: Time) -> TransformStamped:
        """At a time, or at 0 the newest."""
        time_s = float(time.nanoseconds) * 1e-9
        try:
            pose, newest_s = self._frames.latest(target, source)
            if time_s > 0.0:
                pose = self._frames.find(target, source, time_s)
        except InputError as error:
            raise TransformError(f"{error}\nsaid tf2") from error
        stamp = time_s or (0.0 if newest_s == math.inf else newest_s)
        return link(target, source, stamp, *pose.translation, pose.rotation)


def link(
    parent: str, child: str, time_s: float, x: float, y: float, z: float, turn: Any = (1, 0, 0, 0)
) -> TransformStamped:
    """A message; turn: w x y z."""
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id, message.header.stamp = parent, to_stamp(time_s)
    place = message.transform.translation
    place.x, place.y, place.z = float(x), float(y), float(z)
    w, i, j, k = map(float, turn)
    message.transform.rotation = Quaternion(w=w, x=i, y=j, z=k)
    return message


def install(monkeypatch: pytest.MonkeyPatch, *, tf2_msgs: bool, tf2_ros: bool) -> None:
    """Stand-ins in place of what is installed, or nothing."""
    message = SimpleNamespace(TFMessage=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "tf2_msgs", message if tf2_msgs else None)
    monkeypatch.setitem(sys.modules, "tf2_msgs.msg", message if tf2_msgs else None)
    stand_in = SimpleNamespace(Buffer=StrictBuffer, TransformException=TransformError)
    monkeypatch.setitem(sys.modules, "tf2_ros", stand_in if tf2_ros else None)


@pytest.fixture(params=[OWN, TF2, *HERE])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What poses are kept in, installed."""
    if request.param == INSTALLED:
        return TF2
    install(monkeypatch, tf2_msgs=True, tf2_ros=request.param == TF2)
    return str(request.param)


@pytest.fixture
def node() -> Node:
    """A node without DDS."""
    return Node()


def refusal(call: Callable[[], object]) -> str:
    """The one line by which a call is refused."""
    with pytest.raises(InputError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def robot(node: Node, *times_s: float) -> None:
    """A robot with a laser 0.5 m ahead of it, 1 m further at each of these times [s]."""
    node.sends("tf_static", link("base_link", "laser", 0.0, 0.5, 0.0, 0.25))
    for x, time_s in enumerate(times_s):
        node.sends("tf", link("odom", "base_link", time_s, x, 0.0, 0.0))


def x_of(pose: Transform) -> float:
    """Its x [m]."""
    return float(pose.translation[0])


# -- with transforms ----------------------------------------------------------------------------
def test_it_listens_to_relative_topics_that_latch_what_is_fixed(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom")
    assert listener.how == how
    assert set(node.heard) == {"tf", "tf_static"}
    for topic, (_, _, qos) in node.heard.items():
        assert qos.depth == 100
        assert qos.reliability == ReliabilityPolicy.RELIABLE
        latched = qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
        assert latched == (topic == "tf_static")


def test_between_two_stamps(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom")
    robot(node, START_S, START_S + 0.5)
    pose = listener.into_global("laser", START_S + 0.125)
    np.testing.assert_allclose(pose.translation, [0.75, 0.0, 0.25], atol=1e-5)
    assert x_of(listener.into_global("/base_link", START_S + 0.125)) == pytest.approx(
        0.25, abs=1e-5
    )
    assert node.said == []


def test_turned_frames(how: str, node: Node) -> None:
    listener = tf_listener(node, "map")
    turn = quaternion_of(math.pi / 2)
    node.sends("tf_static", link("map", "camera", 0.0, 1.0, 2.0, 0.0, (turn.w, 0, 0, turn.z)))
    pose = listener.into_global("camera", START_S)
    np.testing.assert_allclose(pose.apply(np.array([1.0, 0.0])), [1.0, 3.0], atol=1e-12)
    assert pose.yaw == pytest.approx(math.pi / 2)


def test_the_newest_stands_for_a_while(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom", stale_s=0.5)
    robot(node, START_S, START_S + 0.5)
    assert x_of(listener.into_global("laser", START_S + 0.9)) == 1.5
    line = refusal(lambda: listener.into_global("laser", START_S + 1.1))
    assert "use_sim_time" in line


def test_one_transform_is_enough_at_its_own_time(how: str, node: Node) -> None:
    """Though seconds as floats do not tell nanoseconds apart."""
    listener = tf_listener(node, "odom")
    for k in range(20):
        time_s = START_S + 0.0123456789 * k
        node.sends("tf", link("odom", f"body_{k}", time_s, 3.0, 0.0, 0.0))
        assert x_of(listener.into_global(f"body_{k}", stamp_s(to_stamp(time_s)))) == 3.0


def test_before_the_first_nothing_is_known(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom")
    robot(node, START_S, START_S + 0.5)
    assert "use_sim_time" in refusal(lambda: listener.into_global("laser", START_S - 0.1))


def test_no_stamp_asks_for_the_newest(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom", stale_s=0.5)
    robot(node, START_S, START_S + 0.5)
    node.goes(START_S + 0.9)
    assert x_of(listener.into_global("laser", 0.0)) == 1.5
    node.goes(START_S + 1.25)
    line = refusal(lambda: listener.into_global("laser", 0.0))
    assert "'laser' in 'odom' is 0.75 s old, at most 0.5 s" in line
    fixed = tf_listener(node, "base_link")
    robot(node)
    assert x_of(fixed.into_global("laser", 0.0)) == 0.5


def test_a_frame_that_nobody_publishes(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom")
    robot(node, START_S)
    for time_s in (0.0, START_S):
        assert "camera" in refusal(lambda t=time_s: listener.into_global("camera", t))


def test_what_moves_is_forgotten_when_time_jumps_back(how: str, node: Node) -> None:
    listener = tf_listener(node, "odom")
    robot(node, START_S)
    node.goes(START_S - 0.1)  # no jump, but two clocks
    assert x_of(listener.into_global("laser", START_S)) == 0.5
    node.goes(START_S - 100.0)
    refusal(lambda: listener.into_global("laser", START_S))
    node.sends("tf", link("odom", "base_link", START_S - 100.0, 7.0, 0.0, 0.0))
    assert x_of(listener.into_global("laser", START_S - 100.0)) == 7.5
    listener.clear()
    refusal(lambda: listener.into_global("laser", START_S - 100.0))


def test_what_is_left_over_from_before_time_jumped_back_does_not_last(how: str, node: Node) -> None:
    """One late message of the last loop of a bag would make all of this one look old."""
    listener = tf_listener(node, "odom")
    node.goes(START_S - 100.0)
    robot(node, START_S, START_S - 100.0)
    ((about, line),) = node.said
    assert about == "tf"
    assert "odom -> base_link: stamp is 100.00 s ahead" in line
    assert x_of(listener.into_global("laser", START_S - 100.0)) == 1.5


def test_where_there_is_no_time_yet_nothing_is_ahead(how: str, node: Node) -> None:
    node.goes(0.0)
    listener = tf_listener(node, "odom")
    robot(node, 100.0)
    assert x_of(listener.into_global("laser", 100.0)) == 0.5


@pytest.mark.parametrize("time_s", [-1.0, math.nan, math.inf])
def test_a_stamp_that_is_none(how: str, node: Node, time_s: float) -> None:
    listener = tf_listener(node, "odom")
    robot(node, START_S)
    assert "check what stamps it" in refusal(lambda: listener.into_global("laser", time_s))


# -- own buffer ---------------------------------------------------------------------------------
def test_one_bad_transform_does_not_keep_the_others_out(
    monkeypatch: pytest.MonkeyPatch, node: Node
) -> None:
    install(monkeypatch, tf2_msgs=True, tf2_ros=False)
    listener = tf_listener(node, "odom")
    node.sends(
        "tf",
        link("odom", "unset", START_S, 0.0, 0.0, 0.0, (0, 0, 0, 0)),
        link("odom", "lost", START_S, math.nan, 0.0, 0.0),
        link("odom", "", START_S, 0.0, 0.0, 0.0),
        link("odom", "odom", START_S, 0.0, 0.0, 0.0),
        link("odom", "base_link", START_S, 4.0, 0.0, 0.0),
        link("odom", "base_link", START_S - 11.0, 5.0, 0.0, 0.0),
    )
    assert x_of(listener.into_global("base_link", START_S)) == 4.0
    lines = [line for about, line in node.said if about == "tf"]
    expected = ("norm 0", "finite", "is empty", "in itself", "older than what is kept")
    assert [word in line for word, line in zip(expected, lines, strict=True)] == [True] * 5
    assert "odom -> unset" in lines[0]


def test_transforms_are_read_as_they_are_written() -> None:
    turn = np.array([0.5, -0.5, 0.5, 0.5])
    pose = transform_of(link("odom", "arm", START_S, 1.0, -2.0, 3.0, turn))
    np.testing.assert_allclose(pose.translation, [1.0, -2.0, 3.0])
    np.testing.assert_allclose(pose.rotation, turn)


# -- without transforms -------------------------------------------------------------------------
@pytest.mark.parametrize("tf2_ros", [False, True])
def test_without_messages_there_is_global_frame_alone(
    monkeypatch: pytest.MonkeyPatch, node: Node, tf2_ros: bool
) -> None:
    install(monkeypatch, tf2_msgs=False, tf2_ros=tf2_ros)
    listener = tf_listener(node, "odom")
    assert listener.how == "no tf2_msgs here: inputs have to be in global_frame"
    assert node.heard == {}
    assert_identity(listener.into_global("odom", START_S))
    line = refusal(lambda: listener.into_global("laser", START_S))
    assert line == f"frame_id 'laser', expected 'odom'; {listener.how}"
    node.goes(START_S - 100.0)
    listener.clear()


def test_global_frame_itself_needs_no_transform(how: str, node: Node) -> None:
    listener = tf_listener(node, "/map")
    for name in ("map", "/map"):
        for time_s in (0.0, START_S, math.nan):
            assert_identity(listener.into_global(name, time_s))


@pytest.mark.parametrize("name", ["", "/"])
def test_an_empty_frame_is_refused(how: str, node: Node, name: str) -> None:
    listener = tf_listener(node, "odom")
    assert "is empty; name the frame" in refusal(lambda: listener.into_global(name, START_S))
    refusal(lambda: tf_listener(node, name))


def assert_identity(pose: Transform) -> None:
    """Nothing moves."""
    assert pose.translation.tolist() == [0.0, 0.0, 0.0]
    assert pose.rotation.tolist() == [1.0, 0.0, 0.0, 0.0]
