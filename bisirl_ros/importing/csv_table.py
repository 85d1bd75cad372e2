"""Any table with a header: a row per person and time, or per time of one person; maybe a robot."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout, column_of, robot_columns
from bisirl_ros.io.dialect import Table, read_numbers
from bisirl_ros.io.table import ROBOT, YAW

FRAMES: Final = ("frame", "frame_id", "frame_number", "frame_num", "frame_no")
USUAL: Final[dict[str, tuple[str, ...]]] = {
    "timestamp": ("timestamp", "time", "t", "stamp", "seconds", "sec", *FRAMES),
    "x": ("x", "px", "pos_x", "x_pos", "position_x", "x_position", "x_coord", "center_x"),
    "y": ("y", "py", "pos_y", "y_pos", "position_y", "y_position", "y_coord", "center_y"),
    "id": (
        *("id", "ped", "ped_id", "pedestrian", "pedestrian_id", "person", "person_id", "who"),
        *("agent", "agent_id", "track", "track_id", "object_id", "human_id", "human", "name"),
    ),
    "robot_x": ROBOT[:1],
    "robot_y": ROBOT[1:],
    "robot_yaw": (*YAW, "robot_theta", "robot_heading"),
}
"""Names of columns, the likeliest first."""


def read_csv(path: Path, arguments: ImportArguments) -> tuple[Table, Layout]:
    """The table, and what its columns hold; raises InputError where a column is not known."""
    told = {role: (name,) for role, (name, _) in arguments.told_columns().items()}
    names = {**USUAL, **told}
    known = {name for role, these in names.items() for name in these if role in told or not told}
    table = read_numbers(path, known, arguments.mark())
    for role, (name, *_) in told.items():
        if name not in table.names:
            raise InputError(
                f"{path}: column '{name}' of --columns {role}= is missing"
                f" ({', '.join(table.names)[:100] or 'the file is empty'}); check its name"
            )
    stamp, x, y = (column_of(table, role, names[role]) for role in ("timestamp", "x", "y"))
    if stamp in FRAMES and not arguments.rate:
        raise InputError(
            f"{path}: column '{stamp}' counts frames; say how many there are a second: --rate"
        )
    who = next((name for name in names["id"] if name in table.names), "")
    robot = robot_columns(table, {role: names[role] for role in USUAL if role.startswith("robot")})
    return table, Layout(stamp, (("person_1", x, y),), who, robot, arguments.rate)
