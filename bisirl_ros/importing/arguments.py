"""What may be told of tables, where it is not to be recognised by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bisirl_ros.config import setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.dialect import DELIMITERS, name_and_unit

KINDS: Final = ("navwareset", "eth_ucy", "csv")
DELIMITER_WORDS: Final = {word: mark for mark, word in DELIMITERS.items()}
ROLES: Final = ("timestamp", "x", "y", "id", "robot_x", "robot_y", "robot_yaw")


@dataclass(frozen=True)
class ImportArguments:
    """Arguments of `bisirl import KIND PATH... -o BAG`, besides these."""

    columns: str = setting(
        "",
        doc=f"csv: columns by name, timestamp=t,x=px,y=py; what there may be: {', '.join(ROLES)}",
    )
    delimiter: str = setting(
        "auto", doc="between columns; auto: recognised", choices=("auto", *DELIMITER_WORDS)
    )
    rate: float = setting(
        0.0, doc="frames per second, where time is counted in frames; 0: told by table", low=0.0
    )
    stamp_unit: str = setting(
        "auto", doc="of times; auto: recognised", choices=("auto", "s", "ms", "us", "ns")
    )
    length_unit: str = setting(
        "auto", doc="of positions; auto: as a name ends, or m", choices=("auto", "m", "cm", "mm")
    )
    angle_unit: str = setting(
        "auto", doc="of yaws; auto: as a name ends, or rad", choices=("auto", "rad", "deg")
    )
    frame: str = setting("odom", doc="frame of all poses")
    rows: str = setting(
        "auto",
        doc="where lines were drawn: the located points, or all; auto: located in navwareset",
        choices=("auto", "located", "all"),
    )
    sort: bool = setting(
        False, doc="put rows in order of time; a row that is there twice counts once"
    )
    skip_bad: bool = setting(False, doc="leave out, and count, rows that would be refused")

    def mark(self) -> str:
        """The delimiter, "" where it is to be recognised."""
        return DELIMITER_WORDS.get(self.delimiter, "")

    def told_columns(self) -> dict[str, tuple[str, str]]:
        """The name of the column of each role that was told, in lower case, and its unit or "".

        Raises InputError for what names no column of a role.
        """
        told = {}
        for part in filter(None, (part.strip() for part in self.columns.split(","))):
            role, _, name = (word.strip() for word in part.partition("="))
            if role not in ROLES or not name:
                raise InputError(
                    f"--columns: '{part}' names no column; write ROLE=NAME, parted by commas, where"
                    f" ROLE is one of {', '.join(ROLES)}"
                )
            if role in told:
                raise InputError(f"--columns: {role} is there twice; name one column of it")
            told[role] = name_and_unit(name)
        return told
