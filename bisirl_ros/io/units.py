"""In which units a table of tracks is: told by its numbers, or named where no person does that."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.io.dialect import UNITS

LENGTHS, ANGLES = ("m", "cm", "mm"), ("rad", "deg")
TIMES = ("s", "ms", "us", "ns")
UNIX_S = (1e9, 4.2e9)
"""Unix time of the years 2001 to 2103 [s]."""
SPACING_S = (0.002, 2.0)
"""Between two rows, where that alone tells the unit [s]: one unit to the next is no more."""
WIDE_SPACING_S = (1e-4, 3.0)
"""The same where their size tells it too."""
WALKING_SPEED = 0.3
FASTEST, MARGIN_M = 6.0, 0.3
"""Nobody runs faster [m/s]; a tracker's error on top [m]."""
USUAL_SPEED, SPAN_S = 1.2, 0.5
ROOM_M = (0.5, 200.0)
FULL_TURN = 2.0 * math.pi
SIDEWAYS = 0.5
LEAST_STEP_M = 0.02


def unit_of_stamps(stamps: Array) -> tuple[str, str]:
    """The unit of increasing stamps (N,), and by what it is told; "" where nothing tells it."""
    middle, step = float(np.median(stamps)), float(np.median(np.diff(stamps)))
    for unit in TIMES:
        since_1970, apart = middle * UNITS[unit], step * UNITS[unit]
        if _within(since_1970, UNIX_S) and _within(apart, WIDE_SPACING_S):
            return unit, "by their size"
    for unit in TIMES:
        if _within(step * UNITS[unit], SPACING_S):
            return unit, "by their spacing"
    return "", ""


def implausible(time_s: Array, place: Array, x: str, y: str) -> str:
    """Why a track (N, 2) cannot be in metres and seconds, and what to do; "" where it can.

    x, y: names of its columns
    """
    step = np.linalg.norm(np.diff(place, axis=0), axis=-1)
    moving = step >= WALKING_SPEED * np.diff(time_s)
    leaping = moving.any() and leaps(time_s, place)[moving].mean() > 0.5
    usual = _usual_speed(time_s, place, 1 if leaping else _rows_in(time_s, SPAN_S))
    if not leaping and usual <= FASTEST:
        return ""
    size = float(np.ptp(place, axis=0).max())
    what = f"{x}, {y} move at {usual:,.0f} m/s within {size:,.1f} m"
    back = np.linalg.norm(place[2:] - place[:-2], axis=-1)
    if np.median(back) < 0.25 * np.median(step):
        return f"{what}, to and fro: two people in one column? give each a column of their own"
    for unit, name in (("cm", "centimetres"), ("mm", "millimetres")):
        scale = UNITS[unit]
        if usual * scale < 3.0 * USUAL_SPEED and _within(size * scale, ROOM_M):
            return (
                f"{what}: {name} in place of metres? convert them, or name the columns"
                f" {x}_{unit}, {y}_{unit}"
            )
    return (
        f"{what}: is timestamp in another unit? name the column timestamp_s, _ms, _us or _ns; or"
        " are there several people in one column? part them"
    )


def in_degrees(yaw: Array, place: Array, name: str) -> str:
    """Why a robot's headings (N,) [rad] are degrees, and what to do; "" where they may be radians.

    Beyond a full turn they are radians that count on only if they turn as the robot's way does.
    place: (N, 2) [m]; name: of the column
    """
    most = float(np.abs(yaw).max())
    if most <= FULL_TURN:
        return ""
    radians, degrees = (abs(_off_heading(angle, place)) for angle in (yaw, np.radians(yaw)))
    if radians > 0.9 and radians > degrees + 0.05:
        return ""
    return (
        f"{name} reaches {most:.1f}, beyond 2 pi: degrees in place of radians? name the column"
        " robot_yaw_deg, or write radians within -pi .. pi"
    )


def sideways(yaw: Array, place: Array, name: str) -> str:
    """A note where a robot moves neither ahead nor back along its heading (N,) [rad], else ""."""
    angle = float(np.angle(_off_heading(yaw, place)))
    off = abs(math.remainder(angle, math.pi))
    if off < SIDEWAYS:
        return ""
    return (
        f"the robot moves {math.degrees(off):.0f} degrees off {name}: does it drive sideways, or is"
        " that in degrees?"
    )


def leaps(time_s: Array, place: Array) -> NDArray[np.bool_]:
    """Which steps of a track (N, 2) [m] nobody makes: (N - 1,) bool."""
    step = np.linalg.norm(np.diff(place, axis=0), axis=-1)
    return np.asarray(step > FASTEST * np.diff(time_s) + MARGIN_M)


def _rows_in(time_s: Array, span_s: float) -> int:
    """About how many steps of increasing times (N,) last span_s [s]."""
    rows = round(span_s / float(np.median(np.diff(time_s))))
    return min(max(1, rows), len(time_s) - 1)


def _usual_speed(time_s: Array, place: Array, rows: int) -> float:
    """Median speed over so many rows of a track (N, 2), where it moves; 0 where it never does."""
    far = np.linalg.norm(place[rows:] - place[:-rows], axis=-1)
    speed = far / (time_s[rows:] - time_s[:-rows])
    moving = speed[speed >= WALKING_SPEED]
    return float(np.median(moving)) if len(moving) else 0.0


def _off_heading(yaw: Array, place: Array) -> complex:
    """Mean of exp(i angle) between heading (N,) and way (N, 2); 0 where nothing moves."""
    step = place[2:] - place[:-2]
    moving = np.linalg.norm(step, axis=-1) > LEAST_STEP_M
    if not moving.any():
        return 0.0
    way = np.arctan2(step[moving, 1], step[moving, 0])
    return complex(np.exp(1j * (way - yaw[1:-1][moving])).mean())


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value < bounds[1]
