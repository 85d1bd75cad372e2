"""Where the frame of a message is in `global_frame`."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.frames.buffer import FrameBuffer, frame_name
from bisirl_ros.frames.transform import IDENTITY, Transform
from bisirl_ros.inputs.host import Host
from bisirl_ros.messages.robot import stamp_s

KEEP_S, STALE_S = 10.0, 0.5
AHEAD_S = 5.0
"""Localisation stamps a second ahead; what is further is left over from before time jumped back."""
MOST_NAMES = 1000


class Frames(Protocol):
    """What tells poses; both raise InputError where they cannot."""

    def put(self, message: Any, fixed: bool) -> None:
        """Take in a transform; fixed: for all times."""

    def find(self, target: str, source: str, time_s: float) -> Transform:
        """Pose of `source` in `target` at time_s [s]."""

    def latest(self, target: str, source: str) -> tuple[Transform, float]:
        """The newest pose, and its time [s]; inf where nothing moves."""

    def clear(self) -> None:
        """Forget what moves."""


class FrameListener:
    """Hears of transforms (`hear`), and tells poses in global_frame.

    frames: what keeps them, None without; how: what that is, for one line at start
    keep_s: how far back [s]; stale_s: how old [s] the newest transform may be, which then stands
    names: of the frames heard of that have a parent; kept: what has to live as long as this
    Raises InputError where global_frame is empty.
    """

    def __init__(
        self,
        host: Host,
        global_frame: str,
        frames: Frames | None,
        how: str,
        keep_s: float = KEEP_S,
        stale_s: float = STALE_S,
    ) -> None:
        self._host, self._global_frame = host, frame_name(global_frame)
        self._stale_s, self._ahead_s = stale_s, min(AHEAD_S, keep_s)
        self.names: set[str] = set()
        self.how, self._frames = how, frames
        self.kept: Any = None

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
        age_s = self._host.now_s() - newest_s
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
            self._host.complain(f"tf {frame_id}", str(error))
            return None
        return float(pose.translation[0]), float(pose.translation[1]), time_s

    def clear(self) -> None:
        """Forget what moves, because time jumped; what is fixed stays."""
        self.names.clear()
        if self._frames is not None:
            self._frames.clear()

    def hear(self, topic: str, fixed: bool, message: Any) -> None:
        """Take in each transform of a tf2_msgs/TFMessage; say which are refused.

        fixed: they hold for all times
        """
        if self._frames is None:
            return
        now_s = self._host.now_s()
        for one in message.transforms:
            ahead_s = stamp_s(one.header.stamp) - now_s
            try:
                if not fixed and now_s > 0.0 and ahead_s > self._ahead_s:
                    raise InputError(
                        f"tf: {one.header.frame_id} -> {one.child_frame_id}: stamp is"
                        f" {ahead_s:.2f} s ahead; check clocks and use_sim_time"
                    )
                self._frames.put(one, fixed)
                if len(self.names) < MOST_NAMES:
                    self.names.add(frame_name(one.child_frame_id))
            except InputError as error:
                self._host.complain(topic, str(error))


class OwnFrames:
    """A `FrameBuffer` that takes messages."""

    def __init__(self, keep_s: float, stale_s: float) -> None:
        self._buffer = FrameBuffer(keep_s, stale_s)
        self.find, self.latest = self._buffer.find, self._buffer.latest
        self.clear = self._buffer.clear

    def put(self, message: Any, fixed: bool) -> None:
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


def transform_of(message: Any) -> Transform:
    """Pose of child_frame_id in header.frame_id; raises InputError where it is none."""
    place, turn = message.transform.translation, message.transform.rotation
    return Transform(
        np.array([place.x, place.y, place.z]), np.array([turn.w, turn.x, turn.y, turn.z])
    )
