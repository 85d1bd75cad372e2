"""Which columns of a table hold what."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import Table


@dataclass(frozen=True)
class Layout:
    """The columns of a table, by name.

    stamp: of the time, or of a frame's number where `rate` [1/s] says how many there are a second
    people: name and columns x, y of each who has columns of their own; else one entry, whose name
    is that of all rows, or of those without one in the column `who` ("": there is none)
    robot: of x, y and yaw; () where there is none
    told: how the time was recognised, for people; if_fast: what to check where they walk too fast
    """

    stamp: str
    people: tuple[tuple[str, str, str], ...]
    who: str = ""
    robot: tuple[str, ...] = ()
    rate: float = 0.0
    told: tuple[str, ...] = ()
    if_fast: str = "are the units of position and time right?"

    def numbers(self) -> tuple[str, ...]:
        """All columns that hold numbers: time, positions, and the robot's pose."""
        places = (name for _, x, y in self.people for name in (x, y))
        return (self.stamp, *places, *self.robot)


def column_of(table: Table, role: str, names: Collection[str]) -> str:
    """The first of some names that is a column's; raises InputError where none is."""
    for name in names:
        if name in table.names:
            return name
    raise InputError(
        f"{table.path}: no column of {role} is known ({', '.join(table.names)[:100] or 'empty'});"
        f" name it: --columns {role}=NAME"
    )


def robot_columns(table: Table, names: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """The columns of the robot's x, y and yaw, of names for each; () where it has none.

    Raises InputError where it has only some.
    """
    there = [role for role, known in names.items() if any(n in table.names for n in known)]
    return tuple(column_of(table, role, known) for role, known in names.items()) if there else ()
