"""Recordings of a person who walks beside a robot: the NavWareSet tables, and what is like them.

Two layouts: `timestamp,x,y,column,robot_x,robot_y,robot_yaw_rad` (one person), and
`timestamp,robot_x,robot_y,robot_yaw_rad,x1,y1,...,x5,y5` (up to five; empty cells where absent),
in any dialect that `io.dialect` reads; metres and radians, or the unit that a name ends in
(`x_mm`); timestamps in s, ms, us or ns. NavWareSet's people were located about once per second and
lie on straight lines between, so that a velocity "now" is the mean of the second it falls in, of
which up to 1 s is yet to come: the tables' doing, not undone here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.io.table import MIN_SAMPLES, read_rows
from bisirl_ros.io.units import MARGIN_M, WALKING_SPEED, leaps

WINDOW_S, WINDOW_ROWS = 0.5, 2.5
PAUSE_S = 3.0
MIN_LENGTH_S = 3.0
BRISK_SPEED = 2.2
EXCURSION_S, BACK_SPEED = 2.0, 2.5
"""So long somebody else may be taken for the person [s], who walks so fast meanwhile [m/s]."""

Indices = NDArray[np.int64]


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
    notes: how the file was read where that could be otherwise, and what was left out; for people
    """

    name: str
    identity: str
    time_s: Array
    person: Array
    robot: Array
    goal: Array
    dropped_rows: int = 0
    notes: tuple[str, ...] = ()


def read_recording(path: Path | str, person: int = 1) -> Recording:
    """Read one table and keep the walk of `person` (1 .. 5).

    Velocities are slopes of a line fitted to the last WINDOW_S, or WINDOW_ROWS rows where these
    take longer: causal, so that no state holds what comes after it, at the price of a delay of half
    the window. The person stands where slower than WALKING_SPEED [m/s]; a stand of more than
    PAUSE_S, at either end or between, is not part of a walk (who waits has not chosen to walk yet),
    and a shorter one is (they may give way). Of several walks the longest is kept.

    Raises InputError for a file that cannot be read, lacks columns, holds cells that are not
    numbers, numbers that are in no unit a person walks in, or less than MIN_LENGTH_S of walking.
    """
    path = Path(path)
    rows = read_rows(path, person)
    kept, begins = _without_excursions(rows.values[:, 0], rows.values[:, 1:3])
    values = rows.values[kept]
    time_s, walker, robot = values[:, 0], values[:, 1:3], values[:, 3:].copy()
    # A window of two samples or less, after a gap or at the start, gives no velocity.
    velocity, enough = _slope(time_s, walker, begins)
    walker = np.concatenate([walker, velocity], -1)
    robot = np.concatenate([robot, _twist(time_s, robot)], -1)
    time_s, walker, robot, begins = (v[enough] for v in (time_s, walker, robot, begins))
    walks = _walks(time_s, walker, begins)
    slow = "" if walks else _slow(walker)
    walk = max(walks, key=lambda one: _length_m(walker[one]), default=slice(0, 0))
    time_s, walker, robot = time_s[walk], walker[walk], robot[walk]
    length_s = float(np.ptp(time_s)) if walks else 0.0
    if length_s < MIN_LENGTH_S or len(time_s) < MIN_SAMPLES:
        raise InputError(
            f"{path}: person {person} walks for {length_s:.1f} s in {len(time_s)} usable rows"
            f" ({rows.dropped} dropped); at least {MIN_LENGTH_S} s are needed, use another"
            f" recording{slow}"
        )
    notes = (*rows.notes, *_notes(time_s, walker, len(walks), len(rows.values) - len(kept)))
    time_s, goal = time_s - time_s[0], walker[-1, :2].copy()
    name = f"person_{person}"
    return Recording(path.stem, name, time_s, walker, robot, goal, rows.dropped, notes)


def _without_excursions(time_s: Array, place: Array) -> tuple[Indices, Indices]:
    """Rows (N,) of a track (M, 2), and where in them the stretch without a leap begins: (N,).

    What lies between a leap that no person makes and one back within EXCURSION_S is left out, where
    it is less than what it parts: a tracker's error, or somebody else.
    """
    pieces = np.split(np.arange(len(place)), np.flatnonzero(leaps(time_s, place)) + 1)
    kept = pieces[:1]
    for piece in pieces[1:]:
        last = np.array([before[-1] for before in kept])
        away_s = time_s[piece[0]] - time_s[last]
        away_m = np.linalg.norm(place[piece[0]] - place[last], axis=-1)
        sizes = np.array([len(before) for before in kept])
        between = sizes[::-1].cumsum()[::-1] - sizes
        back = (away_s <= EXCURSION_S) & (away_m <= BACK_SPEED * away_s + MARGIN_M)
        back &= between <= sizes + len(piece)
        if back.any():
            last_one = int(np.flatnonzero(back)[-1])
            kept[last_one:] = [np.concatenate([kept[last_one], piece])]
        else:
            kept.append(piece)
    lengths = [len(piece) for piece in kept]
    return np.concatenate(kept), np.repeat(np.cumsum([0, *lengths[:-1]]), lengths)


def _slope(time_s: Array, values: Array, begins: Indices | None = None) -> tuple[Array, Array]:
    """Slope of the line through the last window of values (N, d): (N, d), and where it holds.

    The window is WINDOW_S or WINDOW_ROWS long, and reaches back to row begins (N,) at most. It
    holds where the window has at least three samples over at least half its length, (N,) bool.
    """
    window_s = max(WINDOW_S, WINDOW_ROWS * float(np.median(np.diff(time_s))))
    slope, enough = np.zeros_like(values), np.zeros(len(time_s), bool)
    first = np.searchsorted(time_s, time_s - window_s * 1.05)
    for i, start in enumerate(first if begins is None else np.maximum(first, begins)):
        if i - start < 2 or time_s[i] - time_s[start] < 0.5 * window_s:
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


def _walks(time_s: Array, walker: Array, begins: Indices) -> list[slice]:
    """The stretches without a leap or a stand of more than PAUSE_S, ends trimmed."""
    walking = np.flatnonzero(np.linalg.norm(walker[:, 2:], axis=-1) >= WALKING_SPEED)
    if len(walking) == 0:
        return []
    breaks = (np.diff(time_s[walking]) > PAUSE_S) | (np.diff(begins[walking]) > 0)
    walks = np.split(walking, np.flatnonzero(breaks) + 1)
    return [slice(int(walk[0]), int(walk[-1]) + 1) for walk in walks]


def _length_m(walker: Array) -> float:
    """How far somebody walks whose states are (N, 4)."""
    return float(np.linalg.norm(np.diff(walker[:, :2], axis=0), axis=-1).sum())


def _slow(walker: Array) -> str:
    """What to look at where nobody ever walks."""
    fastest = float(np.linalg.norm(walker[:, 2:], axis=-1).max(initial=0.0))
    return (
        f"; they are never faster than {fastest:.3f} m/s: where they did walk, check the units of"
        " position and timestamp"
    )


def _notes(time_s: Array, walker: Array, walks: int, astray: int) -> list[str]:
    """What was left out around a walk (N, 4), and what is unusual in it."""
    notes = []
    if astray:
        notes.append(f"{astray} rows between a leap and one back are left out")
    if walks > 1:
        notes.append(f"the longest of {walks} walks is kept")
    step_s = float(np.median(np.diff(time_s)))
    if WINDOW_ROWS * step_s > 1.05 * WINDOW_S:
        notes.append(f"{1.0 / step_s:.1f} rows per second: velocities over {WINDOW_ROWS} rows")
    speed = float(np.median(np.linalg.norm(walker[:, 2:], axis=-1)))
    if speed > BRISK_SPEED:
        notes.append(f"they move at {speed:.1f} m/s, faster than people walk: is it in metres?")
    return notes
