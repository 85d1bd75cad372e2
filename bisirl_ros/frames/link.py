"""One child frame in its parent over time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import Transform

MOST_KEPT = 2000
"""Poses of one link, the newest: ten seconds at 200 Hz."""


class Link:
    """Poses of `child` in `parent`, in the order of their stamps; where `fixed`, one at all times.

    was: the parent until now, where it changed
    """

    def __init__(self, parent: str, child: str, fixed: bool, was: str = "") -> None:
        self.parent, self.child, self.fixed = parent, child, fixed
        self._was = was
        self._stamps: list[float] = []
        self._poses: list[Transform] = []

    def __str__(self) -> str:
        return f"{self.parent} -> {self.child}"

    @property
    def newest_s(self) -> float:
        """Its newest stamp [s]."""
        return self._stamps[-1]

    @property
    def oldest_s(self) -> float:
        """The oldest stamp that is kept [s]."""
        return self._stamps[0]

    def put(self, pose: Transform, stamp_s: float, keep_s: float) -> None:
        """Insert by stamp, replacing a pose of the same; forget those keep_s before the newest."""
        stamps, poses = self._stamps, self._poses
        if self.fixed:
            stamps.clear()
            poses.clear()
        at = bisect_left(stamps, stamp_s)
        if at < len(stamps) and stamps[at] == stamp_s:
            poses[at] = pose
            return
        stamps.insert(at, stamp_s)
        poses.insert(at, pose)
        gone = max(bisect_left(stamps, stamps[-1] - keep_s), len(stamps) - MOST_KEPT)
        del stamps[:gone], poses[:gone]

    def at(self, time_s: float, stale_s: float) -> Transform:
        """Pose at time_s [s]: between stamps, or the newest for at most stale_s.

        Raises InputError for a time before the oldest, or more than stale_s after the newest.
        """
        stamps, poses = self._stamps, self._poses
        if self.fixed:
            return poses[0]
        late_s = time_s - stamps[-1]
        if late_s > stale_s:
            raise InputError(
                f"tf: {self}: its newest is {late_s:.2f} s older than what it is asked for, at"
                f" most {stale_s:g} s; check what publishes it, clocks and use_sim_time"
            )
        if late_s >= 0.0:
            return poses[-1]
        if time_s < stamps[0]:
            check = f"whether it is in {self._was}, too" if self._was else "clocks and use_sim_time"
            raise InputError(
                f"tf: {self}: asked for {stamps[0] - time_s:.2f} s before the oldest that is kept;"
                f" check {check}"
            )
        after = bisect_right(stamps, time_s)
        begin_s, end_s = stamps[after - 1], stamps[after]
        return poses[after - 1].towards(poses[after], (time_s - begin_s) / (end_s - begin_s))
