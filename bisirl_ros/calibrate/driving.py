"""A drive as it was recorded: what was commanded, and how the robot moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

COLUMNS = ("vx", "vy", "wz")
MIN_COMMANDS = 20
MIN_SAMPLES = 50
MIN_LENGTH_S = 5.0
WINDOW_S = 0.1


@dataclass(frozen=True)
class Driving:
    """Commands and velocities; their clocks may differ by less than a second.

    command_time: (N,) increasing [s]; command: (N, 3) vx, vy [m/s], wz [rad/s]
    time: (M,) increasing [s]; velocity: (M, 3) in the robot's frame
    window_s: (M,) each velocity is the mean over so long around its time; 0: of that moment
    """

    command_time: Array
    command: Array
    time: Array
    velocity: Array
    window_s: Array

    @property
    def length_s(self) -> float:
        """How long commands and velocities overlap [s]."""
        first = max(float(self.command_time[0]), float(self.time[0]))
        return min(float(self.command_time[-1]), float(self.time[-1])) - first

    @staticmethod
    def of(command_time: Array, command: Array, time: Array, velocity: Array) -> Driving:
        """From velocities (M, 3) as they are reported, in any order.

        Rows that are not finite, and all but one of equal times, are left out.
        Raises InputError where less is left than a fit takes.
        """
        return _checked(*_clean(command_time, command), *_clean(time, velocity), 0.0)

    @staticmethod
    def from_poses(command_time: Array, command: Array, time: Array, pose: Array) -> Driving:
        """From poses (M, 3) x, y [m], yaw [rad]: mean velocities over WINDOW_S or what is there.

        Raises InputError as `of`.
        """
        time, pose = _clean(time, pose)
        kept = [0] if len(time) else []
        for i in range(1, len(time)):
            if time[i] - time[kept[-1]] >= 0.999 * WINDOW_S:
                kept.append(i)
        time, pose = time[kept], pose[kept]
        window_s = np.diff(time)
        yaw = np.unwrap(pose[:, 2])
        moved, turned = np.diff(pose[:, :2], axis=0), np.diff(yaw)
        heading = yaw[:-1] + 0.5 * turned
        cos, sin = np.cos(heading), np.sin(heading)
        ahead, left = moved[:, 0] * cos + moved[:, 1] * sin, moved[:, 1] * cos - moved[:, 0] * sin
        velocity = np.stack([ahead, left, turned], -1) / window_s[:, None]
        return _checked(
            *_clean(command_time, command), time[:-1] + 0.5 * window_s, velocity, window_s
        )


def _clean(time: Array, values: Array) -> tuple[Array, Array]:
    finite = np.isfinite(time) & np.isfinite(values).all(-1)
    once, first = np.unique(time[finite], return_index=True)
    return once, values[finite][first]


def _checked(
    command_time: Array, command: Array, time: Array, velocity: Array, window_s: Array | float
) -> Driving:
    for what, count, least in (
        ("commands", len(command_time), MIN_COMMANDS),
        ("velocities", len(time), MIN_SAMPLES),
    ):
        if count < least:
            raise InputError(
                f"driving: {count} {what}; at least {least} are needed, drive for about a minute"
            )
    driving = Driving(
        command_time, command, time, velocity, np.broadcast_to(window_s, time.shape).astype(float)
    )
    if driving.length_s < MIN_LENGTH_S:
        raise InputError(
            f"driving: commands and odometry overlap for {max(0.0, driving.length_s):.1f} s; at"
            f" least {MIN_LENGTH_S:g} s are needed, record both at once for about a minute"
        )
    return driving
