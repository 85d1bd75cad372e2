"""Stamps that increase: rows put in order, left out, or refused by their line."""

from __future__ import annotations

import numpy as np

from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.rows import Rows, Track


def put_in_order(rows: Rows, arguments: ImportArguments) -> None:
    """Stamps of everybody, and of the robot, increase from here on.

    With `sort`, rows are put in order, and one that is there twice counts once; with `skip_bad`,
    rows that go back in time, or tell another position at the same time, are left out.
    Raises InputError at the first such row otherwise.
    """
    again = set[int]()
    rows.people = [_ordered(rows, one, arguments, again) for one in rows.people]
    if rows.robot is not None:
        robot = rows.robot
        if rows.shared:
            robot = _once(robot)
        rows.robot = _ordered(rows, robot, arguments, again)
    if again:
        rows.told.append(f"{len(again)} rows that are there twice count once")


def _once(robot: Track) -> Track:
    """Without the repetitions of its pose at a time, in order."""
    order = np.lexsort((robot.line, robot.stamp))
    robot = robot.at(order)
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(robot.stamp) != 0.0) | (np.diff(robot.values, axis=0) != 0.0).any(-1)
    return robot.at(new)


def _ordered(rows: Rows, track: Track, arguments: ImportArguments, again: set[int]) -> Track:
    if arguments.sort:
        track = track.at(np.argsort(track.stamp, kind="stable"))
    if (np.diff(track.stamp) > 0.0).all():
        return track
    kept: list[int] = []
    for row, stamp in enumerate(track.stamp.tolist()):
        last = kept[-1] if kept else row
        if not kept or stamp > track.stamp[last]:
            kept.append(row)
            continue
        line, twice = int(track.line[row]), stamp == track.stamp[last]
        if arguments.sort and twice and (track.values[row] == track.values[last]).all():
            again.add(line)
        elif arguments.skip_bad:
            rows.skipped.add(line)
        else:
            _refuse(rows, track, row, last, arguments.sort)
    return track.at(np.array(kept, np.intp))


def _refuse(rows: Rows, track: Track, row: int, last: int, sorting: bool) -> None:
    twice = track.stamp[row] == track.stamp[last]
    contradicts = twice and bool((track.values[row] != track.values[last]).any())
    what, sort = "is earlier than", "--sort puts rows in order, "
    if contradicts:
        what, sort = (
            "contradicts, at the same time,",
            "several people? name who: --columns id=NAME; ",
        )
    elif twice:
        what, sort = "repeats", "--sort counts such rows once, "
    raise InputError(
        f"{rows.path}: line {track.line[row]}: {track.name} {what} line {track.line[last]};"
        f" {'' if sorting and not contradicts else sort}--skip-bad leaves such rows out"
    )
