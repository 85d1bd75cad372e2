"""The tables of ETH and UCY: a row per person and annotated frame, 0.4 s from one to the next.

`frame id x y` of the published tables, and the original `frame id px pz py vx vz vy` (Pellegrini et
al. 2009), without a header, in metres.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.importing.arguments import ImportArguments
from bisirl_ros.importing.layout import Layout
from bisirl_ros.io.dialect import Table, read_numbers
from bisirl_ros.io.headerless import read_headerless

SHORT: Final = ("frame", "id", "x", "y")
ORIGINAL: Final = ("frame", "id", "px", "pz", "py", "vx", "vz", "vy")
STEP_S: Final = 0.4
"""From one annotated frame to the next [s]."""
WRONG_TIME: Final = (
    "the time base is wrong, as that of the published biwi_eth.txt is, whose steps of ten frames"
    " were recorded at 15 a second: --rate 15, or take seq_eth_obsmat.txt"
)
LEAST_SPEED: Final = 0.3
FAR_OFF: Final = 1.15
"""So many times off, the rate of a table is not that of the velocities in it."""


def read_eth_ucy(path: Path, arguments: ImportArguments) -> tuple[Table, Layout]:
    """The table, and what its columns hold; raises InputError where it is no such table."""
    table = read_headerless(path, {4: SHORT, 8: ORIGINAL}, arguments.mark())
    if table is None:
        table = read_numbers(path, {*SHORT, *ORIGINAL}, arguments.mark())
    names = ORIGINAL if set(ORIGINAL) <= set(table.names) else SHORT
    if missing := [name for name in names if name not in table.names]:
        raise InputError(
            f"{path}: column '{missing[0]}' is missing; expected {' '.join(SHORT)}, or"
            f" {' '.join(ORIGINAL)}"
        )
    numbers = (table.readable(names)[0] if arguments.skip_bad else table).numbers(names)
    frames = _step(path, numbers)
    rate = arguments.rate or frames / STEP_S
    told = [f"time: {rate:g} frames a second, " + _why(arguments, frames)]
    own = _own_rate(numbers) if names is ORIGINAL else 0.0
    if own and max(own / rate, rate / own) > FAR_OFF:
        told.append(f"the velocities in the table say {own:.1f} frames a second: check --rate")
    x, y = ("px", "py") if names is ORIGINAL else ("x", "y")
    return table, Layout("frame", (("", x, y),), "id", (), rate, tuple(told), WRONG_TIME)


def _why(arguments: ImportArguments, frames: float) -> str:
    if arguments.rate:
        return "as --rate says"
    return f"as annotated frames are {STEP_S} s apart, and {frames:g} by number"


def _steps(numbers: Array) -> Array:
    """From row to row of each person: frames, and what the other numbers differ by."""
    order = np.lexsort((numbers[:, 0], numbers[:, 1]))
    steps = np.diff(numbers[order], axis=0)
    return np.asarray(steps[(steps[:, 1] == 0.0) & (steps[:, 0] > 0.0)])


def _step(path: Path, numbers: Array) -> float:
    """The usual difference of frame numbers; raises InputError where nobody is seen twice."""
    steps = _steps(numbers)
    if len(steps) == 0:
        raise InputError(f"{path}: nobody is in two frames; is it a table of frame, id, x, y?")
    return float(np.median(steps[:, 0]))


def _own_rate(numbers: Array) -> float:
    """Frames a second by the velocities that a table tells; 0 where too few people move."""
    order = np.lexsort((numbers[:, 0], numbers[:, 1]))
    speed = np.hypot(numbers[order][:-1, 5], numbers[order][:-1, 7])
    steps = np.diff(numbers[order], axis=0)
    walked = (steps[:, 1] == 0.0) & (steps[:, 0] > 0.0) & (speed > LEAST_SPEED)
    if walked.sum() < 10:
        return 0.0
    way = np.hypot(steps[walked, 2], steps[walked, 4])
    return float(np.median(speed[walked] * steps[walked, 0] / np.maximum(way, 1e-9)))
