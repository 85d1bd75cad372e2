"""Which rows of a table are located points, where the others lie on straight lines between them.

Some data sets locate people about once a second and draw straight lines to ten rows a second: the
rows between hold what comes after them, and are no observations. Where a line bends, a point was
located; all people of a table are judged together, as they are located in the same frames. The
bends are those of the piecewise linear fit of least cost (dynamic programming, exact up to WINDOW
rows a segment; Bellman 1961), which pays for a segment what chance would gain by one more. On
straight stretches, where a located point looks like a drawn one, points are as far apart as usual.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array

WINDOW: Final = 100
"""Most rows from bend to bend."""
CHANCE: Final = 6.0
"""A segment more, by chance, gains as much in one of exp(CHANCE) places."""
LEAST_NOISE_M: Final = 1e-6
DECIMALS: Final = 6
"""Most decimals to which numbers are taken to be rounded."""
LEAST_BENDS: Final = 3
A_FEW: Final = 2
SECOND_S: Final = 1.2
"""A second, give or take [s]."""
MOST_COMPARED: Final = 500
"""Rows, from about the first bend on, that tell lines from smooth curves."""
POINTED: Final = 1.2
"""So many times worse smooth curves fit where lines were drawn. NavWareSet: 1.6 at least in 272
tables; rows of a smooth walk: 0.8 at most."""
FEWER: Final = 3.0
"""Rows are drawn where located points are at least so many rows apart."""

Indices = NDArray[np.intp]


def located_rows(time_s: Array, places: Array) -> Indices:
    """The rows of located points, increasing; all rows where they are not drawn as lines.

    time_s: (T,) increasing; places: of the people, (T, P, 2) [m], NaN where absent
    Lines are straight over time or from row to row, whichever takes fewer bends.
    """
    rows = np.arange(len(time_s))
    places = places[:, _there(places).any(0)]
    if len(rows) < 2 * LEAST_BENDS or places.size == 0:
        return rows
    places = places / max(_rounded_to(places) / math.sqrt(12.0), LEAST_NOISE_M)
    by_time = (time_s - time_s[0]) / float(np.median(np.diff(time_s)))
    clocks = (by_time, rows.astype(float))
    clock, bends = min(((c, _bends(c, places)) for c in clocks), key=lambda found: len(found[1]))
    if len(bends) < LEAST_BENDS:
        return rows
    apart = _usual(np.diff(bends), SECOND_S / float(np.median(np.diff(time_s))))
    if apart < FEWER or not _pointed(clock, places, bends):
        return rows
    return _filled(bends, apart, len(rows))


def _there(places: Array) -> NDArray[np.bool_]:
    """Who is there when, (T, P)."""
    return np.asarray(np.isfinite(places).all(-1), bool)


def _rounded_to(places: Array) -> float:
    """The step to which all numbers are rounded [m]; 0 where they are not."""
    values = places[np.isfinite(places)]
    for decimals in range(DECIMALS + 1):
        if np.abs(values - np.round(values, decimals)).max(initial=0.0) < 1e-9:
            return float(10.0**-decimals)
    return 0.0


def _bends(clock: Array, places: Array) -> Indices:
    """Rows where straight lines meet; places (T, P, 2) in standard deviations of their noise."""
    count = len(clock)
    there = _there(places)
    people = int(there.any(0).sum())
    freedom = 4.0 * people
    price = freedom + 2.0 * np.sqrt(freedom * CHANCE) + 2.0 * CHANCE
    cost, before = np.full(count, np.inf), np.zeros(count, np.intp)
    cost[0] = 0.0
    for end in range(1, count):
        first = max(0, end - WINDOW)
        fit = _fits(clock[first : end + 1], places[first : end + 1], there[first : end + 1])
        total = cost[first:end] + fit[:-1] + price
        best = int(np.argmin(total))
        cost[end], before[end] = total[best], first + best
    bends = []
    row = int(before[-1])
    while row > 0:
        bends.append(row)
        row = int(before[row])
    return np.array(bends[::-1], np.intp)


def _fits(clock: Array, places: Array, there: NDArray[np.bool_]) -> Array:
    """Squared residuals of straight lines through rows i to the last, for each i: (N,)."""
    weight = there[::-1].astype(float)
    u = (clock[::-1] - clock[-1])[:, None] * weight
    q = np.where(there[..., None], places, 0.0)
    middle = q[there].mean(0) if there.any() else 0.0
    q = ((q - middle) * there[..., None])[::-1]
    n, s_u, s_uu = np.cumsum(weight, 0), np.cumsum(u, 0), np.cumsum(u * u, 0)
    s_q, s_uq = np.cumsum(q, 0), np.cumsum(u[..., None] * q, 0)
    s_qq = np.cumsum(q * q, 0)
    some = np.maximum(n, 1.0)
    v_u = s_uu - s_u**2 / some
    v_uq = s_uq - (s_u / some)[..., None] * s_q
    v_qq = s_qq - s_q**2 / some[..., None]
    residual = v_qq - v_uq**2 / np.maximum(v_u, 1e-12)[..., None]
    told = np.maximum(np.where(n[..., None] > 2.0, residual, 0.0), 0.0)
    return np.asarray(told.sum((1, 2))[::-1])


def _usual(apart: Indices, second: float) -> float:
    """How many rows, give or take one, most bends are apart; or a few are, by a second.

    second: rows in SECOND_S; people are located more often where they meet than before and after
    """
    sizes = np.unique(apart)[::-1]
    alike = np.abs(apart - sizes[:, None]) <= np.maximum(1.0, 0.1 * sizes)[:, None]
    often = alike.sum(-1)
    likely = [int(np.argmax(often))]
    likely += np.flatnonzero((often >= A_FEW) & (sizes <= second))[:1].tolist()
    return float(np.median(apart[alike[min(likely)]]))


def _pointed(clock: Array, places: Array, bends: Indices) -> bool:
    """Whether lines that meet at an angle fit better than ones that bend smoothly, as people walk.

    The smooth ones are cubic from bend to bend, with a slope of their own at each: about as free.
    """
    from scipy.interpolate import CubicHermiteSpline  # type: ignore[import-untyped]

    first = max(0, int(bends[0]) - WINDOW)
    clock, places, bends = clock[first:], places[first:], bends - first
    ends = np.concatenate(
        [[0], bends[bends < MOST_COMPARED - 1], [min(len(clock), MOST_COMPARED) - 1]]
    )
    clock, places = clock[: ends[-1] + 1], places[: ends[-1] + 1]
    there = _there(places)
    lines = sum(
        float(_fits(clock[i : j + 1], places[i : j + 1], there[i : j + 1])[0])
        for i, j in itertools.pairwise(ends)
    )
    one, none = np.eye(len(ends)), np.zeros((len(ends), len(ends)))
    knots = clock[ends]
    curves = np.hstack(
        [CubicHermiteSpline(knots, a, b)(clock) for a, b in ((one, none), (none, one))]
    )
    smooth = 0.0
    for person in range(places.shape[1]):
        design, walked = curves[there[:, person]], places[there[:, person], person]
        if len(walked):
            walked = walked - walked.mean(0)
            fitted = design @ np.linalg.lstsq(design, walked, rcond=None)[0]
            smooth += float(np.square(walked - fitted).sum())
    return smooth > POINTED * lines


def _filled(bends: Indices, apart: float, count: int) -> Indices:
    """The bends, and points on the straight stretches between, before and after them."""
    rows = [
        np.linspace(i, j, max(1, round((j - i) / apart)) + 1).round().astype(np.intp)
        for i, j in itertools.pairwise(bends)
    ]
    before = np.arange(bends[0], -0.5, -apart)
    after = np.arange(bends[-1], count - 0.5, apart)
    edges = np.concatenate([before, after]).round().astype(np.intp)
    return np.unique(np.concatenate([*rows, edges]))
