"""Transforms over `tf` and `tf_static`: by tf2 where it is installed."""

from __future__ import annotations

import functools
import importlib
import math
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.clock import JumpThreshold
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.time import Time

from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import Transform
from bisirl_ros.inputs.frames import (
    KEEP_S,
    STALE_S,
    FrameListener,
    Frames,
    OwnFrames,
    transform_of,
)
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.clock import BACK_S

TF = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
TF_STATIC = QoSProfile(
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""As tf2_ros listens; each publisher of `tf_static` keeps its last message for who comes late."""


def tf_listener(
    node: BisirlNode, global_frame: str, keep_s: float = KEEP_S, stale_s: float = STALE_S
) -> FrameListener:
    """One that hears what the node hears.

    The topics are relative, as all of this package: launch files remap /tf to tf. tf2_ros's own
    listener is passed by, because that of Jazzy knows no others than /tf and /tf_static.
    Whatever moves is forgotten when ROS time jumps back, as in tf2. Raises InputError where
    global_frame is empty.
    """
    how, kind, frames = _installed(keep_s, stale_s)
    listener = FrameListener(node, global_frame, frames, how, keep_s, stale_s)
    if frames is None:
        return listener
    for topic, fixed, qos in (("tf", False, TF), ("tf_static", True, TF_STATIC)):
        node.listen(kind, topic, functools.partial(listener.hear, topic, fixed), qos)
    threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-BACK_S))
    listener.kept = node.get_clock().create_jump_callback(
        threshold, post_callback=lambda jump: listener.clear()
    )
    return listener


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
