"""How noisy a tracker is: as it tells, or else as its own reports show."""

from __future__ import annotations

import collections
import math

import numpy as np

from bisirl_ros.core.arrays import Array

MOST_SPAN_S = 0.6
KEPT = 2000
LEAST = 60
MOST_STREAMS = 64
OF_NORMAL = 0.6745
"""Median of the absolute value of a standard normal."""


def told(
    covariance: Array | None, unusable: collections.Counter[str], *, zero_is_exact: bool = False
) -> Array | None:
    """A covariance (2, 2) as a tracker tells it, or None where it tells none that can be.

    unusable: counts why not: "none", "shape", "not_finite", "negative", "asymmetric", "zero".
    Zero stands for "not known" in ROS messages; zero_is_exact: unless it is meant.
    """
    why = _fault(covariance, zero_is_exact)
    if why:
        unusable[why] += 1
        return None
    return np.array(covariance, float)


def _fault(covariance: Array | None, zero_is_exact: bool) -> str:
    if covariance is None:
        return "none"
    value = np.asarray(covariance, float)
    if value.shape != (2, 2):
        return "shape"
    (xx, xy), (yx, yy) = value.tolist()
    size = max(map(abs, (xx, xy, yx, yy)))
    if not all(map(math.isfinite, (xx, xy, yx, yy))):
        return "not_finite"
    if size == 0.0:
        return "" if zero_is_exact else "zero"
    if abs(xy - yx) > 1e-6 * size:
        return "asymmetric"
    least = 0.5 * (xx + yy) - math.hypot(0.5 * (xx - yy), xy)
    return "negative" if least < -1e-9 * size else ""


class WhiteNoise:
    """Standard deviation of the white noise in streams of the same tracker, per axis.

    From third differences of successive reports (their variance is 20 sigma^2 where they are
    equally spaced): whatever moves quadratically in time drops out of them. Times need not be
    equally spaced: the weights are those of divided differences, scaled to unit sum of squares.
    The median of the absolute values is not moved by the few that hold a change of mind.
    """

    def __init__(self) -> None:
        self._last: dict[str, collections.deque[tuple[float, Array]]] = {}
        self._seen: collections.deque[float] = collections.deque(maxlen=KEPT)

    def push(self, identity: str, time_s: float, value: Array) -> None:
        """One more value (2,) at time_s [s] of somebody; repeats and old stamps are left out."""
        last = self._last.setdefault(identity, collections.deque(maxlen=4))
        if last and (time_s <= last[-1][0] or np.array_equal(value, last[-1][1])):
            if time_s < last[-1][0] - MOST_SPAN_S:  # time was set back
                last.clear()
            return
        last.append((time_s, np.array(value, float)))
        if len(self._last) > MOST_STREAMS:
            self._last.pop(next(iter(self._last)))
        if len(last) == 4 and time_s - last[0][0] <= MOST_SPAN_S:
            weights = third_difference(np.array([t for t, _ in last]))
            self._seen.extend(np.abs(weights @ np.array([v for _, v in last])).tolist())

    @property
    def std(self) -> float | None:
        """The estimate, in the values' unit; None while too little was seen."""
        if len(self._seen) < LEAST:
            return None
        return float(np.median(self._seen)) / OF_NORMAL


def third_difference(times: Array) -> Array:
    """Weights (4,) that no quadratic in time passes, with unit sum of squares; times differ."""
    apart = times[:, None] - times
    np.fill_diagonal(apart, 1.0)
    weights = 1.0 / apart.prod(1)
    return np.asarray(weights / np.linalg.norm(weights))
