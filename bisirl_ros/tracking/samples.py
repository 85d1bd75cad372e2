"""A stream of stamped states, read between its stamps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array

TICK_S = 1e-6


class Samples:
    """States (N, d) at increasing times, linear in between; gap_s: the longest time in between."""

    def __init__(self, stamped: Sequence[tuple[float, Array]], gap_s: float) -> None:
        times, states = zip(*stamped, strict=True)
        self.times, self.states = np.array(times), np.array(states)
        self._gap_s = gap_s

    def at(self, times: Array) -> Array:
        """States at times (...,): (..., d); the first or last where a time lies outside."""
        columns = [np.interp(times, self.times, column) for column in self.states.T]
        return np.stack(columns, -1)

    def known(self, times: Array) -> NDArray[np.bool_]:
        """Whether states right before and after are at most gap_s apart: (...,) bool."""
        last = len(self.times) - 1
        after = np.clip(np.searchsorted(self.times, times - TICK_S), 0, last)
        before = np.clip(np.searchsorted(self.times, times + TICK_S, "right") - 1, 0, last)
        inside = (times >= self.times[0] - TICK_S) & (times <= self.times[-1] + TICK_S)
        return np.asarray(inside & (self.times[after] - self.times[before] <= self._gap_s))

    def steps(self, begin_s: float, period_s: float) -> NDArray[np.int64]:
        """Which k >= 0 of begin_s + k * period_s are known, at most two for each state: (M,)."""
        near = np.floor((self.times - begin_s) / period_s).astype(np.int64)
        steps = np.unique(np.concatenate([near, near + 1]))
        steps = steps[steps >= 0]
        return np.asarray(steps[self.known(begin_s + period_s * steps)])


def latest(stamped: Sequence[tuple[float, Array]], times: Array) -> Array:
    """The newest value at or before each time (T,), the first before that: (T, ...).

    Values of different lengths are filled up with their last.
    """
    values = filled_up([value for _, value in stamped])
    since = np.maximum.accumulate([time_s for time_s, _ in stamped])
    return values[np.maximum(np.searchsorted(since, times + TICK_S, "right") - 1, 0)]


def filled_up(values: Sequence[Array]) -> Array:
    """Values of different lengths as one array, each filled up with its last."""
    most = max(len(value) for value in values)
    return np.stack([np.concatenate([v, np.repeat(v[-1:], most - len(v), 0)]) for v in values])


def latest_of_each(
    streams: Sequence[Sequence[tuple[float, Array]]], times: Array, fill: float
) -> Array:
    """`latest` of P streams of vectors, filled up with `fill` to one length G: (T, P, G)."""
    most = max(len(value) for stamped in streams for _, value in stamped)
    every = np.full((len(times), len(streams), most), fill)
    for column, stamped in enumerate(streams):
        values = latest(stamped, times)
        every[:, column, : values.shape[1]] = values
    return every
