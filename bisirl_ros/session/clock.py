"""Two clocks: ROS time, which may pause and jump, and steady time, which does not."""

from __future__ import annotations

from dataclasses import dataclass

BACK_S = 0.5
AHEAD_S = 1.0
LONGEST_PERIOD_S = 0.25
FASTEST = 25.0
"""Simulated time runs no faster than so many times real time."""


@dataclass(frozen=True)
class Now:
    """ros_s: ROS time, of stamps; steady_s: of ages and timeouts [s]."""

    ros_s: float
    steady_s: float


class Pace:
    """How far commands may change, by the time since the last one.

    period_s: before the first command; time_scale: ROS seconds per steady second
    """

    def __init__(self, period_s: float, time_scale: float) -> None:
        self._period_s, self._time_scale = period_s, time_scale
        self._last_s: float | None = None

    def since_last(self, now: Now) -> float:
        """ROS seconds since the last call, LONGEST_PERIOD_S steady ones at most."""
        last_s, self._last_s = self._last_s, now.steady_s
        since_s = self._period_s if last_s is None else now.steady_s - last_s
        return self._time_scale * min(max(since_s, 0.0), LONGEST_PERIOD_S)


class JumpWatch:
    """Notices that ROS time jumped (a bag that loops, a computer whose clock is set)."""

    def __init__(self) -> None:
        self._last: Now | None = None

    def jump(self, now: Now) -> str | None:
        """How ROS time jumped since the last call, in words; None where it did not."""
        last, self._last = self._last, now
        if last is None or last.ros_s == 0.0:  # no time yet
            return None
        moved_s = now.ros_s - last.ros_s
        if moved_s < -BACK_S:
            return f"ROS time jumped back by {-moved_s:.1f} s"
        if moved_s > AHEAD_S + FASTEST * (now.steady_s - last.steady_s):
            return f"ROS time jumped ahead by {moved_s:.1f} s"
        return None
