"""NavWareSet's tables: one person a row, or up to five; and the robot.

`timestamp,x,y,column,robot_x,robot_y,robot_yaw_rad`, where `column` is who, and
`timestamp,robot_x,robot_y,robot_yaw_rad,x1,y1,...,x5,y5`, with empty cells for who is absent.
"""

from __future__ import annotations

from pathlib import Path

from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout, column_of, robot_columns
from bisirl_ros.io.dialect import Table, read_numbers
from bisirl_ros.io.table import KNOWN, PEOPLE, ROBOT, STAMP, YAW

WHO = "column"
ROBOT_NAMES = {"robot_x": ROBOT[:1], "robot_y": ROBOT[1:], "robot_yaw": YAW}


def read_navwareset(path: Path, arguments: ImportArguments) -> tuple[Table, Layout]:
    """The table, and what its columns hold; raises InputError where it is no such table."""
    table = read_numbers(path, KNOWN, arguments.mark())
    stamp = column_of(table, STAMP, (STAMP,))
    robot = robot_columns(table, ROBOT_NAMES)
    several = [(f"person_{n}", *xy) for n, xy in enumerate(PEOPLE) if n and xy[0] in table.names]
    if several:
        return table, Layout(stamp, tuple(several), "", robot)
    one = ("person_1", column_of(table, "x", ("x",)), column_of(table, "y", ("y",)))
    return table, Layout(stamp, (one,), WHO if WHO in table.names else "", robot)
