"""Full windows of 8 observed and 12 foretold steps, and constant velocity on them.

The custom of the ETH and UCY tables (Pellegrini et al. 2009; Lerner et al. 2007): steps of 0.4 s,
the last step's velocity is kept, errors are means over all windows of all people.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from bisirl_ros.core.arrays import Array

STEP_S: Final = 0.4
OBSERVED, FORETOLD = 8, 12


class Displacement(NamedTuple):
    """Mean and final error [m], over so many windows."""

    mean_m: float
    final_m: float
    windows: int


def windows_of(track: Array, step_s: float) -> Array:
    """All stretches of 20 positions of a track (N, 3), step_s apart: (W, 20, 2) [m]."""
    count = OBSERVED + FORETOLD
    number = np.round((track[:, 0] - track[0, 0]) / step_s).astype(int)
    whole = [i for i in range(len(track) - count + 1) if number[i + count - 1] - number[i] < count]
    return np.array([track[i : i + count, 1:] for i in whole]).reshape(-1, count, 2)


def resampled(track: Array, step_s: float = STEP_S) -> Array:
    """A track (N, 3) at times step_s apart from its first on, on straight lines between: (M, 3)."""
    times = np.arange(track[0, 0], track[-1, 0] + 1e-6, step_s)
    return np.column_stack([times, *(np.interp(times, track[:, 0], xy) for xy in track[:, 1:].T)])


def constant_velocity(windows: Array) -> Displacement:
    """Of windows (W, 20, 2)."""
    seen, real = windows[:, :OBSERVED], windows[:, OBSERVED:]
    step = seen[:, -1] - seen[:, -2]
    later = np.arange(1, FORETOLD + 1)[:, None]
    off = np.linalg.norm(seen[:, -1:] + later * step[:, None] - real, axis=-1)
    return Displacement(float(off.mean()), float(off[:, -1].mean()), len(windows))
