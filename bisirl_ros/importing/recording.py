"""People, and a robot among them, as one table tells them: what becomes a bag."""

from __future__ import annotations

from dataclasses import dataclass

from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class Recording:
    """Who was where, and when.

    name: the file's, without its extension; frame: of all positions
    begin_ns: the time from which stamps count [ns]
    people: of each, by name, (N, 3) stamps [s], increasing, and x, y [m]; nothing where absent
    robot: (T, 4) stamps [s], increasing, x, y [m] and yaw [rad]; None where there is none
    told: how the table was read, one line each; found: what is in it, and what was left out
    """

    name: str
    frame: str
    begin_ns: int
    people: dict[str, Array]
    robot: Array | None = None
    told: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
