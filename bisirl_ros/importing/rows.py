"""A table's rows as tracks: who was where by which row, in metres and radians; bad rows refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout
from bisirl_ros.io.dialect import GAPS, UNITS, Table
from bisirl_ros.io.table import without_fillers
from bisirl_ros.io.units import ANGLES, LENGTHS


@dataclass(frozen=True)
class Track:
    """Where somebody was.

    line: of each row in the file, (N,); stamp: as it stands there, (N,)
    values: (N, 2) x, y [m], or the robot's (N, 3) x, y [m], yaw [rad]
    """

    name: str
    line: NDArray[np.int64]
    stamp: Array
    values: Array

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Track:
        """Some of the rows."""
        return Track(self.name, self.line[rows], self.stamp[rows], self.values[rows])


@dataclass
class Rows:
    """Of one table: people, maybe a robot, the lines left out, and how it was read, line by line.

    shared: whether rows of several people stand at the same time, each with the robot's pose
    """

    path: Path
    people: list[Track]
    robot: Track | None
    shared: bool
    skipped: set[int] = field(default_factory=set)
    told: list[str] = field(default_factory=list)


def read_rows(table: Table, layout: Layout, arguments: ImportArguments) -> Rows:
    """The rows that can be used.

    Raises InputError for a cell that is no number, half a position, a position without a time or,
    where there are several, without who: by its line, unless skip_bad leaves these rows out.
    """
    names, skipped = layout.numbers(), set[int]()
    if arguments.skip_bad:
        table, bad = table.readable(names)
        skipped |= set(bad)
    numbers = table.numbers(names)
    line = np.array([number for number, _ in table.rows], np.int64)
    told: list[str] = []
    blocks = [slice(1 + 2 * n, 3 + 2 * n) for n in range(len(layout.people))]
    robot_block = slice(1 + 2 * len(blocks), None)
    for block in (*blocks, slice(robot_block.start, robot_block.start + 2)):
        if names[block]:
            numbers[:, block], fillers = without_fillers(numbers[:, block])
            what = " and ".join(f"{value:g}" for value in fillers)
            told += [f"{', '.join(names[block])}: {what} read as no position"] * bool(fillers)
    told.insert(0, _in_si(table, layout, arguments, numbers))
    who = _who(table, layout)
    there = np.isfinite(numbers)
    timeless = there[:, 1:].any(-1) & ~there[:, 0]
    nobody = there[:, 1 : robot_block.start].any(-1) & np.array([not name for name in who], bool)
    _refuse(table, line, timeless, "no time", arguments, skipped)
    _refuse(table, line, nobody, "no id", arguments, skipped)
    for block in (*blocks, robot_block):
        none, some = np.isnan(numbers[:, block]).all(-1), ~there[:, block].all(-1)
        what = f"{', '.join(names[block])}: not all are finite numbers"
        half = np.asarray(some & ~none, bool)
        _refuse(table, line, half, what, arguments, skipped)
    numbers[np.isin(line, list(skipped))] = np.nan

    def track(name: str, block: slice, those: NDArray[np.bool_]) -> Track:
        here = those & np.isfinite(numbers[:, block]).all(-1)
        return Track(name, line[here], numbers[here, 0], numbers[here, block])

    every = np.ones(len(line), bool)
    if layout.who:
        everybody, names_of_all = np.array(who, object), dict.fromkeys(filter(None, who))
        people = [track(name, blocks[0], everybody == name) for name in names_of_all]
    else:
        people = [track(p[0], b, every) for p, b in zip(layout.people, blocks, strict=True)]
    robot = track("the robot", robot_block, every) if layout.robot else None
    people = [one for one in people if len(one.line)]
    return Rows(table.path, people, robot, len(people) > 1 and bool(layout.who), skipped, told)


def _who(table: Table, layout: Layout) -> list[str]:
    """Of whom each row is, "" where that is not told."""
    if not layout.who:
        return [layout.people[0][0]] * len(table.rows)
    cells = table.texts(layout.who)
    return ["" if cell.lower() in GAPS else _identity(cell) for cell in cells]


def _identity(cell: str) -> str:
    """Somebody's name: a number is a person's, and 1.0 the same as 1."""
    try:
        number = float(cell)
    except ValueError:
        return "_".join(cell.split())
    if not np.isfinite(number):
        return ""
    return f"person_{int(number)}" if number == int(number) else f"person_{cell}"


def _refuse(
    table: Table,
    line: NDArray[np.int64],
    bad: NDArray[np.bool_],
    what: str,
    arguments: ImportArguments,
    skipped: set[int],
) -> None:
    """Raises InputError at the first bad row, or adds all to those skipped."""
    if bad.any() and not arguments.skip_bad:
        raise InputError(
            f"{table.path}: line {line[bad][0]}: {what}; mend the line, or leave such rows out:"
            " --skip-bad"
        )
    skipped |= set(line[bad].tolist())


def _in_si(table: Table, layout: Layout, arguments: ImportArguments, numbers: Array) -> str:
    """Bring positions to metres and yaws to radians, in place; and say of which units."""
    names, by = layout.numbers(), dict[str, str]()
    yaw = len(names) - 1 if layout.robot else -1
    for column in range(1, len(names)):
        angle = column == yaw
        asked = arguments.angle_unit if angle else arguments.length_unit
        unit, kind = table.unit(names[column]), ANGLES if angle else LENGTHS
        if asked == "auto" and unit and unit not in kind:
            raise InputError(
                f"{table.path}: column '{names[column]}' is named in {unit}; known are"
                f" {', '.join(kind)}"
            )
        used = asked if asked != "auto" else unit or kind[0]
        why = "as told" if asked != "auto" else "as its name says" if unit else "taken as such"
        by.setdefault(f"{used} ({why})", "yaw" if angle else "positions")
        numbers[:, column] *= UNITS[used]
    return "units: " + ", ".join(f"{what} in {unit}" for unit, what in by.items())
