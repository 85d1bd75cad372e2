"""A table's rows that can be used: a person and a robot, at increasing times, in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import UNITS, Table, read_numbers
from bisirl_ros.io.units import (
    ANGLES,
    LENGTHS,
    TIMES,
    WALKING_SPEED,
    implausible,
    in_degrees,
    sideways,
    unit_of_stamps,
)

STAMP = "timestamp"
PEOPLE = tuple((f"x{n}", f"y{n}") for n in ("", *range(1, 6)))
ROBOT = ("robot_x", "robot_y")
YAW = ("robot_yaw_rad", "robot_yaw")
KNOWN = frozenset((STAMP, *ROBOT, *YAW, *(name for xy in PEOPLE for name in xy)))
MIN_SAMPLES = 10
MOST_SPACING_S = 0.6
MOST_APART_M = 100.0
FILLERS = (99.0, 999.0, 9999.0, 99999.0, 999999.0, 32767.0, 32768.0, 65535.0)
LARGEST = 1e9
"""No position is that far away, in whatever unit."""
ALONE = 1.0


@dataclass(frozen=True)
class Rows:
    """The rows with a person and a robot.

    values: (N, 6) time from 0, increasing [s], the person's x, y [m], the robot's x, y [m] and yaw,
    unwrapped [rad]
    dropped: rows with the person left out for a cell that is not finite, or a time that does not
    increase; notes: how the table was read, for people
    """

    values: Array
    dropped: int
    notes: tuple[str, ...]


def read_rows(path: Path, person: int) -> Rows:
    """The usable rows of `person` (1 .. 5).

    Raises InputError for a file that cannot be read, lacks columns, holds less than MIN_SAMPLES
    rows, fewer than one in MOST_SPACING_S, or numbers that are in no unit a person walks in.
    """
    table = read_numbers(path, KNOWN)
    columns = _columns(table, person)
    numbers, notes = _without_fillers(table.numbers(columns), columns)
    present = numbers[~np.isnan(numbers[:, 1:3]).all(-1)]
    finite = present[np.isfinite(present).all(-1)]
    newest = np.maximum.accumulate(finite[:, 0]) if len(finite) else finite[:, 0]
    usable = finite[np.concatenate([[True], finite[1:, 0] > newest[:-1]])[: len(finite)]]
    if len(usable) < MIN_SAMPLES:
        raise InputError(
            f"{path}: {len(usable)} of {len(numbers)} rows hold person {person} and the robot at an"
            f" increasing time; at least {MIN_SAMPLES} are needed, {_advice(finite[:, 0])}"
        )
    broken, late = len(present) - len(finite), len(finite) - len(usable)
    notes += [f"{broken} rows with a cell that is not finite are left out"] * bool(broken)
    notes += [f"{late} rows at a time that was there before are left out"] * bool(late)
    usable[:, 1:5] *= [_factor(table, name, LENGTHS) for name in columns[1:5]]
    usable[:, 5] *= _factor(table, columns[5], ANGLES)
    usable[:, 0], told = _seconds(table, usable[:, 0])
    again = held(usable[:, 0], usable[:, 1:3])
    if again.any():
        told.append(f"{again.sum()} rows that repeat a position while walking are left out")
        usable = usable[~again]
    _refuse_pace(path, usable[:, 0], late + int(again.sum()))
    _refuse_units(table, columns, usable)
    told += [note] if (note := sideways(usable[:, 5], usable[:, 3:5], columns[5])) else []
    usable[:, 5] = np.unwrap(usable[:, 5])
    return Rows(usable, broken + late, (*table.notes, *notes, *told))


def _advice(stamps: Array) -> str:
    """What to do where too few of some stamps (N,) increase."""
    if len(stamps) < MIN_SAMPLES:
        return "use another recording"
    if len(np.unique(stamps)) < MIN_SAMPLES:
        return "but many share a timestamp: export its last digits, which spreadsheets drop"
    return "sort the rows by timestamp"


def _columns(table: Table, person: int) -> tuple[str, ...]:
    """Names of the columns of the time, the person's x, y, the robot's x, y and yaw."""
    several = "x1" in table.names
    if person != 1 and not several:
        raise InputError(f"{table.path}: holds one person; ask for person 1 instead of {person}")
    xy = (f"x{person}", f"y{person}") if several else PEOPLE[0]
    yaw = next((name for name in YAW if name in table.names), YAW[0])
    return STAMP, *xy, *ROBOT, yaw


def _without_fillers(numbers: Array, columns: tuple[str, ...]) -> tuple[Array, list[str]]:
    """Gaps for the numbers that stand for one in person's and robot's x, y; and notes of it."""
    notes = []
    for pair in (slice(1, 3), slice(3, 5)):
        numbers[:, pair], found = without_fillers(numbers[:, pair])
        if found:
            what = " and ".join(f"{value:g}" for value in found)
            notes.append(f"{', '.join(columns[pair])}: {what} read as no position")
    return numbers, notes


def without_fillers(places: Array) -> tuple[Array, list[float]]:
    """Positions (N, 2) with NaN where a number stands for none, and these numbers.

    Numbers such as -999 that lie beyond ten times all others in their column, what is beyond
    LARGEST, and 0, 0 where nobody comes near it.
    """
    found: set[float] = set()
    filled = places.copy()
    for column in filled.T:
        size = np.abs(column)
        filler = np.isin(size, FILLERS) | (np.isfinite(size) & (size >= LARGEST))
        others = size[np.isfinite(size) & ~filler]
        filler &= size > 10.0 * others.max(initial=0.0)
        found |= set(column[filler].tolist())
        column[filler] = np.nan
    zero = (filled == 0.0).all(-1)
    near = np.linalg.norm(filled[~zero & np.isfinite(filled).all(-1)], axis=-1)
    if zero.any() and near.min(initial=np.inf) > ALONE and len(near):
        found.add(0.0)
        filled[zero] = np.nan
    return filled, sorted(found)


def held(time_s: Array, place: Array) -> NDArray[np.bool_]:
    """Which rows (N,) repeat a position (N, 2) that a tracker has not found anew; else none.

    Positions are held where most of those at which somebody walks stand there several times.
    """
    same = np.concatenate([[False], (place[1:] == place[:-1]).all(-1)])
    new = np.flatnonzero(~same)
    if len(new) < 3:
        return np.zeros(len(place), bool)
    moved = np.linalg.norm(np.diff(place[new], axis=0), axis=-1)
    walked = moved >= WALKING_SPEED * np.diff(time_s[new])
    repeated = np.diff(new) > 1
    if not walked.any() or repeated[walked].mean() <= 0.5:
        return np.zeros(len(place), bool)
    return same


def _seconds(table: Table, stamps: Array) -> tuple[Array, list[str]]:
    """Times from 0 (N,) of increasing stamps, and notes of their unit."""
    named = table.unit(STAMP)
    unit, by = (named, "") if named else unit_of_stamps(stamps)
    if not unit:
        step = float(np.median(np.diff(stamps)))
        raise InputError(
            f"{table.path}: timestamp grows by {step:g} from row to row, which is no pace in s, ms,"
            " us or ns; write seconds, or name the column timestamp_s, _ms, _us or _ns"
        )
    notes = [f"timestamps are in {unit}, {by}"] if by and unit != "ns" else []
    return (stamps - stamps[0]) * (_factor(table, STAMP, TIMES) if named else UNITS[unit]), notes


def _factor(table: Table, name: str, kind: tuple[str, ...]) -> float:
    """What a column is multiplied by; raises InputError for a unit of another kind."""
    unit = table.unit(name)
    if unit and unit not in kind:
        raise InputError(
            f"{table.path}: column '{name}' is named in {unit}; known are {', '.join(kind)}"
        )
    return UNITS.get(unit, 1.0)


def _refuse_pace(path: Path, time_s: Array, left_out: int) -> None:
    """Raises InputError where rows are too few per second."""
    step_s = float(np.median(np.diff(time_s)))
    if step_s > MOST_SPACING_S:
        more = f" ({left_out} more repeat a time or a position)" if left_out else ""
        raise InputError(
            f"{path}: positions come every {step_s:.3g} s{more}; at least two per second are"
            " needed: is the timestamp a frame's number, or cut to whole seconds?"
        )


def _refuse_units(table: Table, columns: tuple[str, ...], values: Array) -> None:
    """Raises InputError where person or robot do what neither does in metres and seconds."""
    time_s, person, robot, yaw = values[:, 0], values[:, 1:3], values[:, 3:5], values[:, 5]
    why = implausible(time_s, person, *columns[1:3]) or implausible(time_s, robot, *ROBOT)
    apart_m = float(np.linalg.norm(person - robot, axis=-1).min())
    if not why and apart_m > MOST_APART_M:
        why = (
            f"{', '.join(columns[1:3])} and {', '.join(ROBOT)} are never nearer than"
            f" {apart_m:,.0f} m: give both in metres and in one frame"
        )
    if not why and table.unit(columns[5]) != "deg":
        why = in_degrees(yaw, robot, columns[5])
    if why:
        raise InputError(f"{table.path}: {why}")
