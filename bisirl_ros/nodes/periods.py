"""Measured times between control callbacks."""

from __future__ import annotations

import collections

import numpy as np

PERIODS_KEPT = 20000
LEAST_PERIODS = 20
MISSED = 1.5
"""A callback that comes later than so many periods has missed its deadline."""
AT_ONCE = 0.5
"""One that comes sooner than so many periods is the last one's again."""


class Periods:
    """Of a callback that should come every period_s [s]; missed: how often it came much later."""

    def __init__(self, period_s: float) -> None:
        self._period_s = period_s
        self._kept: collections.deque[float] = collections.deque(maxlen=PERIODS_KEPT)
        self._last_s: float | None = None
        self.missed = 0

    def tick(self, steady_s: float) -> None:
        """A callback began now, on the steady clock [s]."""
        if self._last_s is not None:
            took_s = steady_s - self._last_s
            self._kept.append(took_s)
            self.missed += took_s > MISSED * self._period_s
        self._last_s = steady_s

    def due(self, steady_s: float) -> bool:
        """Whether a callback should have come by now."""
        return self._last_s is not None and steady_s - self._last_s >= self._period_s

    def again(self, steady_s: float) -> bool:
        """Whether one has only just come."""
        return self._last_s is not None and steady_s - self._last_s < AT_ONCE * self._period_s

    def pause(self) -> None:
        """No callback is due until the next one."""
        self._last_s = None

    def summary_ms(self) -> dict[str, float] | None:
        """p50, p99 and max [ms]; None before there are enough."""
        if len(self._kept) < LEAST_PERIODS:
            return None
        periods = 1e3 * np.array(self._kept)
        p50, p99 = np.percentile(periods, [50, 99])
        return {"p50": float(p50), "p99": float(p99), "max": float(periods.max())}
