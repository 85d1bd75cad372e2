"""Seconds of stamps, and the time from which they count."""

from __future__ import annotations

from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout
from bisirl_ros.importing.rows import Rows
from bisirl_ros.io.dialect import Table
from bisirl_ros.io.units import TIMES, unit_of_stamps

PER_S: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
LEAST_NS: Final = 10**9
"""A stamp of zero says in ROS that there is none."""


class Clock:
    """What a table's stamps are.

    begin_ns: the first, on ROS' clock [ns]; per_s: stamps a second; told: how that is known
    """

    def __init__(
        self, table: Table, layout: Layout, arguments: ImportArguments, rows: Rows
    ) -> None:
        tracks = [*rows.people, *([rows.robot] if rows.robot is not None else [])]
        stamps = np.unique(np.concatenate([track.stamp for track in tracks]))
        self.told = list(layout.told)
        self.per_s = layout.rate
        if not self.per_s:
            unit, why = _unit(table, layout, arguments, stamps)
            self.per_s = float(PER_S[unit])
            self.told.append(f"time: in {unit}, {why}")
        elif not layout.told:
            self.told.append(f"time: {self.per_s:g} frames a second, as --rate says")
        self._first = float(stamps[0])
        whole = self._first.is_integer() and self.per_s.is_integer()
        exact = whole and 10**9 % int(self.per_s) == 0  # of stamps in ns, floats lose none here
        self.begin_ns = (
            int(self._first) * (10**9 // int(self.per_s))
            if exact
            else round(self._first / self.per_s * 1e9)
        )
        if self.begin_ns < LEAST_NS:
            begins_s = self.begin_ns * 1e-9
            self.begin_ns = LEAST_NS
            self.told.append(f"the table begins at {begins_s:g} s, the bag at 1 s: 0 is no stamp")

    def seconds(self, stamps: Array) -> Array:
        """Since begin_ns [s]."""
        return (stamps - self._first) / self.per_s


def _unit(
    table: Table, layout: Layout, arguments: ImportArguments, stamps: Array
) -> tuple[str, str]:
    """The unit of increasing stamps, and why; raises InputError where nothing tells it."""
    named = table.unit(layout.stamp)
    if arguments.stamp_unit != "auto":
        return arguments.stamp_unit, "as --stamp-unit says"
    if named and named not in TIMES:
        raise InputError(
            f"{table.path}: column '{layout.stamp}' is named in {named}; known are"
            f" {', '.join(TIMES)}: --stamp-unit"
        )
    if named:
        return named, "as its name says"
    unit, why = unit_of_stamps(stamps) if len(stamps) > 1 else ("", "")
    if not unit:
        step = float(np.median(np.diff(stamps))) if len(stamps) > 1 else 0.0
        raise InputError(
            f"{table.path}: {layout.stamp} grows by {step:g} from time to time, which is no pace in"
            " s, ms, us or ns; say which: --stamp-unit, or --rate where it counts frames"
        )
    return unit, why
