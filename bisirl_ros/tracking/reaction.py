"""When a choice takes effect on a body."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

TICK_S = 1e-9
NARROW = 9
"""So many times near one of which a reaction may be."""


@dataclass(frozen=True)
class Reaction:
    """A choice takes effect at some time between from_s and until_s [s] after it, evenly."""

    from_s: float
    until_s: float

    def jolt(self, lag_s: float, spread_mps: float) -> float:
        """Intensity of the velocity's random walk meanwhile [m^2/s^3].

        It spreads by as much as the unknown time of the reaction lets the velocity differ.
        """
        width = self.until_s - self.from_s
        return (spread_mps * width / math.sqrt(12.0) / lag_s) ** 2 / max(width, TICK_S)


def reactions(until_s: float) -> tuple[Reaction, ...]:
    """Hypotheses: anywhere within until_s [s], or near one of a few times."""
    if until_s <= 0.0:
        return (Reaction(0.0, 0.0),)
    half = 0.25 * until_s / (NARROW - 1)
    times = np.linspace(0.0, until_s, NARROW)
    windows = [(0.0, until_s), *((max(t - half, 0.0), t + half if t else 0.0) for t in times)]
    return tuple(Reaction(*window) for window in windows)
