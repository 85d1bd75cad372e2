"""Where somebody was over time, in as few samples as a page needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array

GAP_S = 1.0
"""Who was not seen for longer was away."""
JUMP_M, FASTEST_MPS = 0.5, 6.0
"""Nobody moves further than this, and so fast, between two samples: they were put elsewhere."""
PERIOD_S = 0.1
"""Samples need not be closer."""
STEADY = 0.01
"""Share by which a clock of stamps may run differently from the recorder's."""


@dataclass(frozen=True, eq=False)
class Track:
    """time_s: (N,) rising [s]; columns: (N,) each, by name, NaN where not told.

    x, y [m] in the fixed frame; yaw [rad]; v, w [m/s, rad/s] in the body's own; vx, vy [m/s];
    xx, xy, yy the covariance of the place [m^2]
    pieces: index of each sample before which there is a gap or a jump, 0 the first
    """

    name: str
    time_s: Array
    columns: Mapping[str, Array]
    pieces: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.time_s)

    @staticmethod
    def of(name: str, time_s: Array, columns: Mapping[str, Array]) -> Track:
        """In the order of time, cut into pieces; of samples at one time the first is kept."""
        time_s, first = np.unique(time_s, return_index=True)
        columns = {column: values[first] for column, values in columns.items()}
        return Track(name, time_s, columns, _pieces(time_s, columns))

    def thinned(self, most: int) -> Track:
        """At most about so many samples, and none closer than PERIOD_S within a piece."""
        if len(self) < 2:
            return self
        period_s = max(PERIOD_S, float(self.time_s[-1] - self.time_s[0]) / max(most, 1))
        piece = np.zeros(len(self), int)
        piece[list(self.pieces)] = 1
        piece = piece.cumsum()
        cell = np.floor((self.time_s - self.time_s[0]) / period_s + 1e-6)
        new = np.ones(len(self), bool)
        new[1:] = (np.diff(cell) > 0) | (np.diff(piece) > 0)
        new[-1] = True
        kept, piece = np.flatnonzero(new), piece[new]
        pieces = np.flatnonzero(np.diff(piece, prepend=0)).tolist()
        columns = {column: values[kept] for column, values in self.columns.items()}
        return Track(self.name, self.time_s[kept], columns, tuple(pieces))


NOBODY = Track("", np.empty(0), {})


def on_recorders_clock(received_s: Array, stamp_s: Array) -> Array:
    """When each of (N,) messages was true, by the recorder's clock [s].

    Stamps that run as fast as that clock tell it, less the delay of the quickest message; with
    others (another rate, none at all) it is when they came.
    """
    if len(stamp_s) < 2 or not np.isfinite(stamp_s).all():
        return received_s
    took = received_s[-1] - received_s[0]
    if abs(stamp_s[-1] - stamp_s[0] - took) > 0.1 + STEADY * took:
        return received_s
    return np.asarray(stamp_s + (received_s - stamp_s).min())


def _pieces(time_s: Array, columns: Mapping[str, Array]) -> tuple[int, ...]:
    """Where each piece begins."""
    if not len(time_s):
        return ()
    took = np.diff(time_s)
    cut = took > GAP_S
    if "x" in columns:
        went = np.hypot(np.diff(columns["x"]), np.diff(columns["y"]))
        cut |= went > JUMP_M + FASTEST_MPS * np.minimum(took, 0.2)
    return (0, *(np.flatnonzero(cut) + 1).tolist())
