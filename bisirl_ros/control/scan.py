"""Where a laser's beams end (REP-117: what is finite, and within the sensor's limits)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

MOST_BEAMS = 100_000


@dataclass(frozen=True)
class Beams:
    """How a scan is made: angle_min, angle_increment [rad]; range_min, range_max [m].

    Raises InputError for values that no sensor has.
    """

    angle_min: float
    angle_increment: float
    range_min: float
    range_max: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.angle_min) and math.isfinite(self.angle_increment)):
            raise InputError("scan: its angles are not finite; check its driver")
        if not (0.0 <= self.range_min <= self.range_max):
            raise InputError(
                f"scan: ranges from {self.range_min} to {self.range_max} m; check its driver"
            )


def hits(ranges: Array, beams: Beams, least: int = 2, step_m: float = 0.2) -> Array:
    """The points (M, 2) [m] in the sensor's frame that beams end at; ranges: (N,) [m].

    NaN, +inf, and what is not between range_min and range_max is no return; -inf is something too
    near to be measured, and stands at range_min (REP-117). Fewer than `least` neighbouring beams
    whose ranges differ by no more than step_m, one from the next, are dust or sunlight. Raises
    InputError where several beams go the same way, or there are too many.
    """
    count = len(ranges)
    if count > MOST_BEAMS:
        raise InputError(f"scan: {count} beams, at most {MOST_BEAMS}; check its driver")
    if count > 1 and beams.angle_increment == 0.0:
        raise InputError("scan: angle_increment is 0; check its driver")
    far = np.where(np.isneginf(ranges), beams.range_min, ranges)
    there = np.isfinite(far) & (far >= beams.range_min) & (far <= beams.range_max)
    far = np.where(there, far, 0.0)
    closed = count * abs(beams.angle_increment) > math.tau - 0.5 * abs(beams.angle_increment)
    index = np.flatnonzero(there & (_run_lengths(far, there, step_m, closed) >= least))
    angle = beams.angle_min + beams.angle_increment * index
    return np.column_stack([far[index] * np.cos(angle), far[index] * np.sin(angle)])


def _run_lengths(far: Array, there: NDArray[np.bool_], step_m: float, closed: bool) -> Array:
    """With how many neighbours in a row, itself included, each beam sees the same thing: (N,).

    closed: the first is the last one's neighbour
    """
    if not len(far):
        return np.zeros(0)
    joined = there[1:] & there[:-1] & (np.abs(np.diff(far)) <= step_m)
    run = np.concatenate([[0], np.cumsum(~joined)])
    if closed and there[0] and there[-1] and abs(far[0] - far[-1]) <= step_m:
        run[run == run[-1]] = 0
    return np.asarray(np.bincount(run)[run])
