"""Recordings of a person who walks beside a robot: the NavWareSet tables, 10 Hz, metres.

Two layouts: `timestamp,x,y,column,robot_x,robot_y,robot_yaw_rad` (one person), and
`timestamp,robot_x,robot_y,robot_yaw_rad,x1,y1,...,x5,y5` (up to five; empty cells where absent).
Timestamps are Unix nanoseconds; a person's position is rounded to 1 cm. The people were located
about once per second and lie on straight lines between, so that a velocity "now" is the mean of
the second it falls in, of which up to 1 s is yet to come: the tables' doing, not undone here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import read_table

ROBOT_COLUMNS = ("robot_x", "robot_y", "robot_yaw_rad")
WINDOW_S = 0.5
WALKING_SPEED = 0.3
PAUSE_S = 3.0
MIN_LENGTH_S = 3.0
MIN_SAMPLES = 10


@dataclass(frozen=True)
class Recording:
    """One walk of one person, and the robot meanwhile.

    name: the file's, without its extension; time_s: (N,) from 0, increasing [s]
    identity: who walks, "person_1" to "person_5"
    person: (N, 4) x, y [m], vx, vy [m/s]
    robot: (N, 6) x, y [m], yaw (unwrapped) [rad], vx, vy [m/s] in its own frame, turn rate [rad/s]
    goal: (2,) where the walk ends [m]: known only afterwards, so an assumption of who uses it
    dropped_rows: rows with the person left out for a cell that is not finite, or a time that does
    not increase
    """

    name: str
    identity: str
    time_s: Array
    person: Array
    robot: Array
    goal: Array
    dropped_rows: int = 0


def read_recording(path: Path | str, person: int = 1) -> Recording:
    """Read one table and keep the walk of `person` (1 .. 5).

    Velocities are slopes of a line fitted to the last WINDOW_S seconds: causal, so that no state
    holds what comes after it, at the price of a delay of WINDOW_S / 2. The person stands where
    slower than WALKING_SPEED [m/s]; a stand of more than PAUSE_S, at either end or between, is
    not part of a walk (who waits has not chosen to walk yet), and a shorter one is (they may give
    way). Of several walks the longest is kept.

    Raises InputError for a file that cannot be read, lacks columns, holds cells that are not
    numbers, or holds less than MIN_LENGTH_S of walking.
    """
    path = Path(path)
    time_s, walker, robot, dropped = _rows(path, person)
    # A window of two samples or less, after a gap or at the start, gives no velocity.
    velocity, enough = _slope(time_s, walker)
    walker = np.concatenate([walker, velocity], -1)
    robot = np.concatenate([robot, _twist(time_s, robot)], -1)
    time_s, walker, robot = time_s[enough], walker[enough], robot[enough]
    walk = _longest_walk(time_s, walker)
    time_s, walker, robot = time_s[walk], walker[walk], robot[walk]
    length_s = float(time_s[-1] - time_s[0]) if len(time_s) else 0.0
    if length_s < MIN_LENGTH_S or len(time_s) < MIN_SAMPLES:
        raise InputError(
            f"{path}: person {person} walks for {length_s:.1f} s in {len(time_s)} usable rows"
            f" ({dropped} dropped); at least {MIN_LENGTH_S} s are needed, use another recording"
        )
    return Recording(
        path.stem,
        f"person_{person}",
        time_s - time_s[0],
        walker,
        robot,
        walker[-1, :2].copy(),
        dropped,
    )


def _rows(path: Path, person: int) -> tuple[Array, Array, Array, int]:
    """Time (N,) [s], person (N, 2), robot (N, 3) of the rows that are usable, and the others."""
    lines = read_table(path)
    header = [name.strip() for name in lines[0]] if lines else []
    wanted = ("timestamp", *_person_columns(header, person, path), *ROBOT_COLUMNS)
    missing = [name for name in wanted if name not in header]
    if missing:
        raise InputError(
            f"{path}: column '{missing[0]}' is missing; is it a NavWareSet table of poses?"
        )
    columns = [header.index(name) for name in wanted]
    table = np.array(
        [
            [_number(row, column, header, f"{path}: line {number}") for column in columns]
            for number, row in enumerate(lines[1:], start=2)
            if row
        ]
    ).reshape(-1, len(columns))
    absent = np.isnan(table[:, 1:3]).all(-1)
    present = table[~absent]
    finite = present[np.isfinite(present).all(-1)]
    newest = np.maximum.accumulate(finite[:, 0]) if len(finite) else finite[:, 0]
    usable = finite[np.concatenate([[True], finite[1:, 0] > newest[:-1]])[: len(finite)]]
    if len(usable) < MIN_SAMPLES:
        raise InputError(
            f"{path}: {len(usable)} of {len(table)} rows hold person {person} and the robot at an"
            f" increasing time; at least {MIN_SAMPLES} are needed, use another recording"
        )
    time_s = (usable[:, 0] - usable[0, 0]) * 1e-9
    robot = usable[:, 3:].copy()
    robot[:, 2] = np.unwrap(robot[:, 2])
    return time_s, usable[:, 1:3], robot, len(present) - len(usable)


def _person_columns(header: list[str], person: int, path: Path) -> tuple[str, str]:
    if "x1" in header:
        return f"x{person}", f"y{person}"
    if person != 1:
        raise InputError(f"{path}: holds one person; ask for person 1 instead of {person}")
    return "x", "y"


def _number(row: list[str], column: int, header: list[str], where: str) -> float:
    if len(row) != len(header):
        raise InputError(
            f"{where}: {len(row)} cells where the header has {len(header)}; mend or remove the line"
        )
    cell = row[column].strip()
    try:
        return float(cell) if cell else math.nan
    except ValueError as error:
        raise InputError(
            f"{where}: {cell!r} in column '{header[column]}' is not a number; mend the line"
        ) from error


def _slope(time_s: Array, values: Array) -> tuple[Array, Array]:
    """Slope of the line through the last WINDOW_S of values (N, d): (N, d), and where it holds.

    It holds where the window has at least three samples over at least half its length, (N,) bool.
    """
    slope, enough = np.zeros_like(values), np.zeros(len(time_s), bool)
    first = np.searchsorted(time_s, time_s - WINDOW_S * 1.05)
    for i, start in enumerate(first):
        if i - start < 2 or time_s[i] - time_s[start] < 0.5 * WINDOW_S:
            continue
        t = time_s[start : i + 1] - time_s[start : i + 1].mean()
        slope[i], enough[i] = t @ values[start : i + 1] / (t @ t), True
    return slope, enough


def _twist(time_s: Array, pose: Array) -> Array:
    """vx, vy, wz (N, 3) in its own frame, of a robot that was at x, y, yaw (N, 3)."""
    rate, _ = _slope(time_s, pose)
    cos, sin = np.cos(pose[:, 2]), np.sin(pose[:, 2])
    ahead, left = rate[:, 0] * cos + rate[:, 1] * sin, rate[:, 1] * cos - rate[:, 0] * sin
    return np.stack([ahead, left, rate[:, 2]], -1)


def _longest_walk(time_s: Array, walker: Array) -> slice:
    """The longest stretch (in metres) without a stand of more than PAUSE_S, ends trimmed."""
    walking = np.flatnonzero(np.linalg.norm(walker[:, 2:], axis=-1) >= WALKING_SPEED)
    if len(walking) == 0:
        return slice(0, 0)
    breaks = np.flatnonzero(np.diff(time_s[walking]) > PAUSE_S)
    walks = np.split(walking, breaks + 1)
    step = np.linalg.norm(np.diff(walker[:, :2], axis=0), axis=-1)
    longest = max(walks, key=lambda walk: float(step[walk[0] : walk[-1]].sum()))
    return slice(int(longest[0]), int(longest[-1]) + 1)
