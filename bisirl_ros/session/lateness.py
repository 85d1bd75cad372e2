"""How old stamps are when they come: of a source whose clock differs, always by that much."""

from __future__ import annotations

import collections

import numpy as np

KEPT, EVERY = 100, 20
BEHIND_S, AHEAD_S = 0.15, 0.02
"""Stamps that are always so old, or as a rule so far ahead, are not by chance."""


class Lateness:
    """Of the last KEPT stamps of one source.

    Delay is never negative and varies; the least age is therefore the most that a clock can be
    behind, and a median below zero the least that it is ahead.
    """

    def __init__(self) -> None:
        self._ages: collections.deque[float] = collections.deque(maxlen=KEPT)
        self._heard = 0

    def hear(self, ros_s: float, stamp_s: float) -> str:
        """Take a stamp in, heard at ros_s [s]; what is odd about the source, "" mostly."""
        if ros_s == 0.0 or not np.isfinite(stamp_s):
            return ""
        self._ages.append(ros_s - stamp_s)
        self._heard += 1
        if self._heard % EVERY:
            return ""
        least_s, median_s = self.least_s, self.median_s
        if least_s > BEHIND_S:
            return (
                f"its stamps are {least_s:.2f} s old or more whenever they come: its clock is"
                " behind this one's, or it is slow"
            )
        if median_s < -AHEAD_S:
            return f"its stamps are {-median_s:.2f} s ahead as a rule: its clock is ahead"
        return ""

    @property
    def least_s(self) -> float:
        """Age of the youngest; inf before there is one [s]."""
        return min(self._ages, default=np.inf)

    @property
    def median_s(self) -> float:
        """Of the ages; inf before there is one [s]."""
        return float(np.median(self._ages)) if self._ages else np.inf

    def forget(self) -> None:
        """Start anew, for instance after ROS time jumped."""
        self._ages.clear()
        self._heard = 0
