"""Gatekeeper of a pose stream: what is not finite, in another frame or old is refused, counted."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.session.lateness import Lateness

LARGEST = 1e6
"""No body is a thousand kilometres away, and none is that fast."""


class StateInput:
    """The newest good state of one body, and how long ago it came.

    name: for messages; frame: the only frame accepted; timeout_s: how old a state may be;
    complain: is told what about, and a line, per refused message (throttle it)
    """

    def __init__(
        self, name: str, frame: str, timeout_s: float, complain: Callable[[str, str], None]
    ) -> None:
        self._name, self._frame, self.timeout_s = name, frame, timeout_s
        self._complain = complain
        self.state: Array | None = None
        self.stamp_s = -np.inf
        self._heard_s = -np.inf
        self.heard = 0
        self.lateness = Lateness()
        self.refused: collections.Counter[str] = collections.Counter()

    def accept(
        self, state: Array, frame: str, stamp_s: float, ros_s: float, steady_s: float
    ) -> bool:
        """Take a state in, or refuse it; ros_s, steady_s: now on either clock [s]."""
        odd = self.lateness.hear(ros_s, stamp_s)
        if odd:
            self._complain(f"{self._name} clock", f"{self._name}: {odd}")
        why = self._fault(state, frame, stamp_s, ros_s)
        if why:
            kind, advice = why
            self.refused[kind] += 1
            count = sum(self.refused.values())
            self._complain(
                f"{self._name} {kind}", f"{self._name}: {advice} (refused so far: {count})"
            )
            return False
        self.state, self.stamp_s, self._heard_s = state, stamp_s, steady_s
        self.heard += 1
        return True

    def at(self, ros_s: float) -> Array | None:
        """The newest state (6,), carried on by its own twist until ros_s [s]; None without one."""
        if self.state is None or ros_s <= self.stamp_s:
            return self.state
        x, y, yaw, vx, vy, wz = self.state.tolist()
        age_s = min(ros_s - self.stamp_s, self.timeout_s)
        heading = yaw + 0.5 * wz * age_s
        cos, sin = math.cos(heading), math.sin(heading)
        x, y = x + age_s * (cos * vx - sin * vy), y + age_s * (sin * vx + cos * vy)
        return np.array([x, y, yaw + wz * age_s, vx, vy, wz])

    def fresh(self, steady_s: float) -> bool:
        """Whether a good state came within the timeout, on the steady clock."""
        return self.age_s(steady_s) <= self.timeout_s

    def age_s(self, steady_s: float) -> float:
        """Since a good state came, on the steady clock; inf where none did [s]."""
        return steady_s - self._heard_s

    def forget(self) -> None:
        """Start anew, for instance after ROS time jumped back."""
        self.state, self.stamp_s, self._heard_s = None, -np.inf, -np.inf
        self.lateness.forget()

    def _fault(
        self, state: Array, frame: str, stamp_s: float, ros_s: float
    ) -> tuple[str, str] | None:
        if frame != self._frame:
            return "frame", f"frame_id '{frame}', expected '{self._frame}'; set global_frame or fix"
        if not np.isfinite(state).all():
            return "not_finite", "a value is not finite; check the tracker"
        if np.abs(state).max() > LARGEST:
            return "absurd", f"a value is beyond {LARGEST:g}; check units and the tracker"
        if stamp_s - ros_s > self.timeout_s and ros_s > 0.0:
            return "ahead", f"stamp is {stamp_s - ros_s:.2f} s ahead; check clocks and use_sim_time"
        if ros_s - stamp_s > self.timeout_s:
            return "old", f"stamp is {ros_s - stamp_s:.2f} s old; check clocks and use_sim_time"
        if stamp_s <= self.stamp_s:
            return "not_newer", "stamp is not newer than the last; check for two publishers"
        return None
