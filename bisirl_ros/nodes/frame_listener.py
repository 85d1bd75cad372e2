"""Where the frame of a message is in `global_frame`: by tf2 where it is installed."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any, Protocol

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time

from bisirl_ros.errors import InputError
from bisirl_ros.frames.buffer import FrameBuffer, frame_name
from bisirl_ros.frames.transform import IDENTITY, Transform
from bisirl_ros.nodes.conversions import stamp_s
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.clock import BACK_S

TF = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
TF_STATIC = QoSProfile(
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""As tf2_ros listens; each publisher of `tf_static` keeps its last message for who comes late."""
AHEAD_S = 5.0
"""Localisation stamps a second ahead; what is further is left over from before time jumped back."""
MOST_NAMES = 1000


class Frames(Protocol):
    """What tells poses; both raise InputError where they cannot."""

    def put(self, message: TransformStamped, fixed: bool) -> None:
        """Take in a transform; fixed: for all times."""

    def find(self, target: str, source: str, time_s: float) -> Transform:
        """Pose of `source` in `target` at time_s [s]."""

    def latest(self, target: str, source: str) -> tuple[Transform, float]:
        """The newest pose, and its time [s]; inf where nothing moves."""

    def clear(self) -> None:
        """Forget what moves."""


class FrameListener:
    """Listens to `tf` and `tf_static`, and tells poses in global_frame.

    keep_s: how far back [s]; stale_s: how old [s] the newest transform may be, which then stands
    how: what it works with, for one line at start; names: of the frames heard of that have a parent
    The topics are relative, as all of this package: launch files remap /tf to tf. tf2_ros's own
    listener is passed by, because that of Jazzy knows no others than /tf and /tf_static.
    Whatever moves is forgotten when ROS time jumps back, as in tf2. Raises InputError where
    global_frame is empty.
    """

    def __init__(
        self, node: BisirlNode, global_frame: str, keep_s: float = 10.0, stale_s: float = 0.5
    ) -> None:
        self._node, self._global_frame = node, frame_name(global_frame)
        self._stale_s, self._ahead_s = stale_s, min(AHEAD_S, keep_s)
        self.names: set[str] = set()
        self.how, kind, self._frames = _installed(keep_s, stale_s)
        if self._frames is None:
            return
        for topic, fixed, qos in (("tf", False, TF), ("tf_static", True, TF_STATIC)):
            node.listen(kind, topic, functools.partial(self._hear, topic, fixed, self._frames), qos)
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-BACK_S))
        self._jumps = node.get_clock().create_jump_callback(
            threshold, post_callback=lambda jump: self.clear()
        )

    def into_global(self, frame_id: str, stamp_s: float) -> Transform:
        """Pose of a message's frame in global_frame at the message's stamp [s]; 0: the newest.

        In global_frame itself nothing is asked for. Raises InputError for an empty frame_id, a
        stamp that is negative or not finite, a frame that is not connected or not known at that
        time, and any other frame where there is no tf.
        """
        frame = frame_name(frame_id)
        if frame == self._global_frame:
            return IDENTITY
        if self._frames is None:
            raise InputError(f"frame_id '{frame}', expected '{self._global_frame}'; {self.how}")
        if not 0.0 <= stamp_s < math.inf:
            raise InputError(f"frame_id '{frame}': stamp is {stamp_s} s; check what stamps it")
        if stamp_s > 0.0:
            return self._frames.find(self._global_frame, frame, stamp_s)
        pose, newest_s = self._frames.latest(self._global_frame, frame)
        age_s = self._node.now_s() - newest_s
        if age_s > self._stale_s:
            raise InputError(
                f"tf: '{frame}' in '{self._global_frame}' is {age_s:.2f} s old, at most"
                f" {self._stale_s:g} s; check what publishes it, clocks and use_sim_time"
            )
        return pose

    @property
    def works(self) -> bool:
        """Whether anything but global_frame can be told of."""
        return self._frames is not None

    def newest(self, frame_id: str) -> tuple[float, float, float] | None:
        """x, y [m] of a frame in global_frame by the newest transform, and its stamp [s], inf where
        nothing moves; None, with a line, where there is none."""
        try:
            if self._frames is None:
                raise InputError(self.how)
            pose, time_s = self._frames.latest(self._global_frame, frame_name(frame_id))
        except InputError as error:
            self._node.complain(f"tf {frame_id}", str(error))
            return None
        return float(pose.translation[0]), float(pose.translation[1]), time_s

    def clear(self) -> None:
        """Forget what moves, because time jumped; what is fixed stays."""
        self.names.clear()
        if self._frames is not None:
            self._frames.clear()

    def _hear(self, topic: str, fixed: bool, frames: Frames, message: Any) -> None:
        """Take in each transform of a tf2_msgs/TFMessage; say which are refused."""
        now_s = self._node.now_s()
        for one in message.transforms:
            ahead_s = stamp_s(one.header.stamp) - now_s
            try:
                if not fixed and now_s > 0.0 and ahead_s > self._ahead_s:
                    raise InputError(
                        f"tf: {one.header.frame_id} -> {one.child_frame_id}: stamp is"
                        f" {ahead_s:.2f} s ahead; check clocks and use_sim_time"
                    )
                frames.put(one, fixed)
                if len(self.names) < MOST_NAMES:
                    self.names.add(frame_name(one.child_frame_id))
            except InputError as error:
                self._node.complain(topic, str(error))


class OwnFrames:
    """A `FrameBuffer` that takes messages."""

    def __init__(self, keep_s: float, stale_s: float) -> None:
        self._buffer = FrameBuffer(keep_s, stale_s)
        self.find, self.latest = self._buffer.find, self._buffer.latest
        self.clear = self._buffer.clear

    def put(self, message: TransformStamped, fixed: bool) -> None:
        """Take in a transform; raises InputError where it is refused."""
        parent, child = message.header.frame_id, message.child_frame_id
        before = self._buffer.refused["old"]
        try:
            transform = transform_of(message)
        except InputError as error:
            raise InputError(f"tf: {parent} -> {child}: {error}") from error
        self._buffer.put(parent, child, transform, stamp_s(message.header.stamp), fixed)
        if self._buffer.refused["old"] > before:
            raise InputError(
                f"tf: {parent} -> {child}: older than what is kept (refused so far: {before + 1});"
                " check for two publishers, clocks and use_sim_time"
            )


class Tf2Frames:
    """A `tf2_ros.Buffer`. It extrapolates nothing: where one link is not there yet, all are read
    at the newest time that they share, if that is at most stale_s [s] before."""

    def __init__(self, tf2_ros: Any, keep_s: float, stale_s: float) -> None:
        self._buffer = tf2_ros.Buffer(cache_time=Duration(seconds=keep_s))
        self._refusal, self._stale_s = tf2_ros.TransformException, stale_s
        self.clear = self._buffer.clear

    def put(self, message: TransformStamped, fixed: bool) -> None:
        """Take in a transform; tf2 itself says which it refuses."""
        put = self._buffer.set_transform_static if fixed else self._buffer.set_transform
        put(message, "unknown")

    def find(self, target: str, source: str, time_s: float) -> Transform:
        """Pose of `source` in `target` at time_s [s]; raises InputError with what tf2 says."""
        try:
            return transform_of(
                self._look_up(target, source, Time(nanoseconds=round(1e9 * time_s)))
            )
        except self._refusal as error:
            why = error
        pose, newest_s = self.latest(target, source)
        if not 0.0 <= time_s - newest_s <= self._stale_s:
            raise _told(why) from why
        return pose

    def latest(self, target: str, source: str) -> tuple[Transform, float]:
        """The newest pose, and its time [s]; inf where nothing moves."""
        try:
            message = self._look_up(target, source, Time())
        except self._refusal as error:
            raise _told(error) from error
        return transform_of(message), stamp_s(message.header.stamp) or math.inf

    def _look_up(self, target: str, source: str, time: Time) -> TransformStamped:
        return self._buffer.lookup_transform(target, source, time)


def transform_of(message: TransformStamped) -> Transform:
    """Pose of child_frame_id in header.frame_id; raises InputError where it is none."""
    place, turn = message.transform.translation, message.transform.rotation
    return Transform(
        np.array([place.x, place.y, place.z]), np.array([turn.w, turn.x, turn.y, turn.z])
    )


def _installed(keep_s: float, stale_s: float) -> tuple[str, Any, Frames | None]:
    """What is here, in words; the type of the messages on `tf`; what reads them."""
    try:
        kind = importlib.import_module("tf2_msgs.msg").TFMessage
    except ImportError:
        return "no tf2_msgs here: inputs have to be in global_frame", None, None
    try:
        tf2_ros = importlib.import_module("tf2_ros")
    except ImportError:
        how = "own buffer over tf and tf_static"
        return how, kind, OwnFrames(keep_s, stale_s)
    return "tf2_ros", kind, Tf2Frames(tf2_ros, keep_s, stale_s)


def _told(error: Exception) -> InputError:
    """What tf2 says, in one line."""
    return InputError(f"tf: {' '.join(str(error).split())}; check clocks and use_sim_time")
