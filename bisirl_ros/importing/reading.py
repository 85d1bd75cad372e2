"""A table of a kind as a recording: read, put in order, in SI, judged, located points kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.csv_table import read_csv
from bisirl_ros.importing.eth_ucy import read_eth_ucy
from bisirl_ros.importing.layout import Layout
from bisirl_ros.importing.navwareset import read_navwareset
from bisirl_ros.importing.observed import observed
from bisirl_ros.importing.order import put_in_order
from bisirl_ros.importing.plausible import judge, pace
from bisirl_ros.importing.recording import Recording
from bisirl_ros.importing.rows import Rows, read_rows
from bisirl_ros.importing.times import Clock
from bisirl_ros.io.dialect import DELIMITERS, Table

READERS: Final[dict[str, Callable[[Path, ImportArguments], tuple[Table, Layout]]]] = {
    "navwareset": read_navwareset,
    "eth_ucy": read_eth_ucy,
    "csv": read_csv,
}
LEAST_POSITIONS: Final = 3
GAP: Final = 2.5
"""So many times the usual spacing is a gap."""
MOST_NAMED: Final = 5


def read_recording(path: Path, kind: str, arguments: ImportArguments) -> Recording:
    """All people of one table, and the robot.

    Raises InputError for a file that cannot be read as such a table, holds rows that are refused
    (see `rows`, `order`), numbers that are in no unit people walk in, or nobody in LEAST_POSITIONS.
    """
    table, layout = READERS[kind](path, arguments)
    rows = read_rows(table, layout, arguments)
    put_in_order(rows, arguments)
    most = max((len(one.line) for one in rows.people), default=0)
    if most < LEAST_POSITIONS:
        raise InputError(
            f"{path}: nobody is in more than {most} of {len(table.rows)} rows; at least"
            f" {LEAST_POSITIONS} positions of somebody are needed: use another file"
        )
    clock = Clock(table, layout, arguments, rows)

    def stamped(stamp: Array, values: Array) -> Array:
        return np.concatenate([clock.seconds(stamp)[:, None], values], -1)

    people = {one.name: stamped(one.stamp, one.values) for one in rows.people}
    robot = rows.robot
    poses = stamped(robot.stamp, robot.values) if robot is not None and len(robot.line) else None
    read = Recording(path.stem, arguments.frame, clock.begin_ns, people, poses)
    try:
        unusual = judge(read, layout, arguments)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    seen = observed(people, kind, arguments)
    told = (
        *_columns(table, layout, arguments),
        *(note for note in table.notes if not note.startswith("columns are parted")),
        *clock.told,
        *rows.told,
        *seen.told,
    )
    found = (
        *_who(seen.people, poses),
        *_left_out(rows),
        *seen.found,
        *unusual,
        *pace(seen.people, layout),
        *_gaps(people, poses),
    )
    return replace(read, people=seen.people, told=told, found=found)


def _columns(table: Table, layout: Layout, arguments: ImportArguments) -> list[str]:
    """Columns, delimiter and frame."""
    first, last = (", ".join(layout.people[place][1:]) for place in (0, -1))
    places = first if len(layout.people) == 1 else f"{first} to {last}"
    who = f", who by {layout.who}" if layout.who else ""
    robot = f", the robot's {', '.join(layout.robot)}" if layout.robot else ""
    return [
        f"columns, parted by {DELIMITERS[table.delimiter]}: time {layout.stamp}, positions"
        f" {places}{who}{robot}",
        f"frame: all poses are in {arguments.frame}",
    ]


def _who(people: dict[str, Array], robot: Array | None) -> list[str]:
    """Who is there, how long and at which rate."""
    stamps = np.unique(np.concatenate([track[:, 0] for track in people.values()]))
    rate = f"at {1.0 / float(np.median(np.diff(stamps))):.3g} times a second"
    also = "no robot"
    if robot is not None and len(robot) > 1:
        also = f"a robot at {1.0 / float(np.median(np.diff(robot[:, 0]))):.3g}"
    names = ", ".join(people) if len(people) <= MOST_NAMED else f"{len(people)} people"
    return [f"{names} {rate}, and {also}, for {np.ptp(stamps):.1f} s"]


def _left_out(rows: Rows) -> list[str]:
    if not rows.skipped:
        return []
    lines = sorted(rows.skipped)
    which = ", ".join(map(str, lines[:MOST_NAMED])) + ", ..." * (len(lines) > MOST_NAMED)
    return [f"{len(lines)} bad rows are left out: lines {which}"]


def _gaps(people: dict[str, Array], robot: Array | None) -> list[str]:
    """How often, and for how long at most, somebody is away between two rows."""
    steps = [np.diff(track[:, 0]) for track in people.values() if len(track) > 1]
    told = []
    for what, apart in (
        ("people", steps),
        ("robot", [] if robot is None else [np.diff(robot[:, 0])]),
    ):
        apart_s = np.concatenate([*apart, np.zeros(0)])
        gaps = apart_s[apart_s > GAP * np.median(apart_s)] if len(apart_s) else apart_s
        if len(gaps):
            told.append(f"{what}: {len(gaps)} gaps, of {gaps.max():.1f} s at most, stay gaps")
    return told
