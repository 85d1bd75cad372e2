"""Where TF has somebody's frame, and when that was."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.session.sighting import UNTOLD_S

Lookup = Callable[[str], tuple[float, float, float] | None]
"""A TF frame's x, y [m] in the frame of all inputs by the newest transform, and the stamp [s] of
that one, inf where nothing moves; None, said by who looks it up, where there is none. TF keeps a
last transform: only its stamp says how old it is.
"""


def found_by(lookup: Lookup, frame: str) -> tuple[Array, float] | None:
    """Position (2,) [m] of a frame, and its stamp [s], which is not told where nothing moves."""
    found = lookup(frame)
    if found is None:
        return None
    x, y, time_s = found
    return np.array([x, y]), UNTOLD_S if time_s == math.inf else time_s
