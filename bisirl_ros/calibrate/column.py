"""One column's lag, dead time, acceleration limit and top speed, and what cannot be told."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.calibrate.response import NO_LIMIT
from bisirl_ros.calibrate.solve import (
    DEAD_TIME,
    HIGHEST,
    LAG,
    LIMIT,
    LOWEST,
    TOP,
    Fitted,
    Samples,
    active,
    grid_start,
    law_of,
    solve,
    with_figure,
)
from bisirl_ros.core.arrays import Array

OUTLIER = 3.0
"""In standard deviations; residuals beyond count less."""
NOISE_FLOOR = 0.003
"""Of the largest command: what the model itself may be off by."""
KNOWN_CHI2, BOUND_CHI2 = 9.0, 2.71
"""A figure is known where the fit without it is three sigma worse; bounds hold to 95 %."""
BISECTIONS = 8
SMALLEST_COMMAND = 0.02
"""Least change of command that is one [m/s, rad/s]."""
LEAST_SAMPLES = 30
LITTLE = "too little odometry while commanded"
OBEYS = 0.5
"""Least correlation of a robot that does at all what it is told."""
SETTLED_S, SLOWEST_SETTLED = 1.2, 0.2
"""A command held so long is reached by now; those below this part of the largest are left out."""


@dataclass(frozen=True)
class Figure:
    """A value with its standard error; with `bound`, what it is at least or at most (95 %)."""

    value: float
    se: float = 0.0
    bound: str = ""


@dataclass(frozen=True)
class ColumnFit:
    """What the driving tells of one column.

    limit: of the acceleration
    top: the speed it stays at when asked for more; else, "at least", the fastest it went
    correlation: of the velocities with the response fitted to them
    gain: the largest part of a command that it settles at; None where none was held for long
    noise: root mean square around that response; samples: those that went into it
    """

    lag_s: Figure
    dead_time_s: Figure
    limit: Figure
    top: Figure
    correlation: float
    gain: float | None
    noise: float
    samples: int


@dataclass(frozen=True)
class _Fitting:
    """Fits of the same samples, and how much cost is worth one of chi squared."""

    samples: Samples
    outlier: float
    unit: float

    def solved(self, at: Array, free: Array) -> Fitted:
        return solve(self.samples, at, free, self.outlier)

    def chi2(self, fitted: Fitted, better: Fitted) -> float:
        return (fitted.cost - better.cost) / self.unit

    def bound(self, fitted: Fitted, free: Array, which: int, good: float, bad: float) -> float:
        """What, from `good` towards `bad`, the samples exclude first."""
        for _ in range(BISECTIONS):
            middle = math.sqrt(good * bad)
            tried = self.solved(with_figure(fitted.at, which, math.log(middle)), free)
            if self.chi2(tried, fitted) < BOUND_CHI2:
                good = middle
            else:
                bad = middle
        return bad


def fit_column(samples: Samples) -> ColumnFit | str:
    """Fit a column; or, in words, why that cannot be done."""
    command = samples.held.command
    if len(command) == 0 or np.ptp(command) < SMALLEST_COMMAND:
        return "hardly commanded, or by too few messages a second"
    if samples.use.sum() < LEAST_SAMPLES:
        return LITTLE
    start, without_limit = grid_start(samples)
    samples = active(samples, start)
    if samples.use.sum() < LEAST_SAMPLES:
        return LITTLE
    correlation = _correlation(samples.predicted(law_of(start[:, None]))[:, 0], samples.measured)
    if correlation < OBEYS or (_gain(samples) or 1.0) < 0.0:
        return f"did not do what was commanded (correlation {correlation:.2f})"
    asked = float(np.abs(command).max())
    free = np.array([True, True, True, asked > math.exp(start[TOP])])
    if not free[TOP]:
        start = with_figure(start, TOP, math.log(NO_LIMIT))
        without_limit = with_figure(without_limit, TOP, math.log(NO_LIMIT))
    jump = float(np.abs(np.diff(command, prepend=0.0)).max())
    limit = min(start[LIMIT], math.log(0.7 * jump) - start[LAG])
    fitting, fitted = _fitting(samples, with_figure(start, LIMIT, limit), free, NOISE_FLOOR * asked)
    return _told(fitting, *_simplest(fitting, fitted, free, without_limit))


def _simplest(
    fitting: _Fitting, fitted: Fitted, free: Array, without_limit: Array
) -> tuple[Fitted, Array]:
    """The fit without the figures that the samples do not need, and which it has left."""
    for which, extreme in ((TOP, NO_LIMIT), (LIMIT, NO_LIMIT), (LAG, LOWEST[LAG])):
        if free[which]:
            felt = which == LIMIT  # a limit hides the lag: begin from one found without
            at = with_figure(without_limit, TOP, fitted.at[TOP]) if felt else fitted.at
            without = free & (np.arange(4) != which)
            simpler = fitting.solved(with_figure(at, which, math.log(extreme)), without)
            if fitting.chi2(simpler, fitted) < KNOWN_CHI2:
                fitted, free = simpler, without
    return fitted, free


def _fitting(samples: Samples, start: Array, free: Array, floor: float) -> tuple[_Fitting, Fitted]:
    """The fit of all that is free; outliers are told by a first fit, the noise by its residual."""
    first = solve(samples, start, free)
    outlier = OUTLIER * max(float(np.quantile(np.abs(first.residual), 0.68)), floor)
    fitted = solve(samples, first.at, free, outlier)
    noise2 = fitted.cost / max(len(fitted.residual) - int(free.sum()), 1)
    unit = max(noise2, floor**2) * _alike(fitted.residual)
    return _Fitting(samples, outlier, unit), fitted


def _alike(residual: Array) -> float:
    """How many samples are worth one, each resembling the one before: (1 + r) / (1 - r)."""
    power = float(residual @ residual)
    r = float(residual[1:] @ residual[:-1]) / power if power > 0.0 else 0.0
    r = min(max(r, 0.0), 0.99)
    return (1.0 + r) / (1.0 - r)


def _told(fitting: _Fitting, fitted: Fitted, free: Array) -> ColumnFit:
    samples = fitting.samples
    predicted, measured = samples.predicted(fitted.law)[:, 0], samples.measured
    values = np.exp(fitted.at)
    se = fitted.spread * math.sqrt(fitting.unit)

    def figure(which: int) -> Figure:
        return Figure(float(values[which]), float(values[which] * se[which]))

    def bounded(which: int, good: float, bad: float, word: str) -> Figure:
        return Figure(fitting.bound(fitted, free, which, good, bad), bound=word)

    lag, limit = figure(LAG), figure(LIMIT)
    if not free[LAG]:
        lag = bounded(LAG, LOWEST[LAG], HIGHEST[LAG], "at most")
    if not free[LIMIT]:
        limit = bounded(LIMIT, HIGHEST[LIMIT], LOWEST[LIMIT], "at least")
    fastest = Figure(float(np.abs(predicted).max()), bound="at least")
    return ColumnFit(
        lag,
        Figure(float(fitted.at[DEAD_TIME]), float(se[DEAD_TIME])),
        limit,
        figure(TOP) if free[TOP] else fastest,
        _correlation(predicted, measured),
        _gain(samples),
        float(np.sqrt(np.mean(np.square(fitted.residual)))),
        len(measured),
    )


def _correlation(predicted: Array, measured: Array) -> float:
    moved = predicted.std() > 0.0 and measured.std() > 0.0
    return float(np.corrcoef(predicted, measured)[0, 1]) if moved else 0.0


def _gain(samples: Samples) -> float | None:
    """Of each command held for long, the median of velocity / command; the largest of them."""
    held, time = samples.held, samples.time[samples.use]
    latest = held.index(time)
    command = held.command[latest]
    settled = (time - held.time[latest] > SETTLED_S) & (
        np.abs(command) > SLOWEST_SETTLED * np.abs(held.command).max()
    )
    ratio = samples.measured[settled] / command[settled]
    levels = [ratio[latest[settled] == knot] for knot in np.unique(latest[settled])]
    return max((float(np.median(level)) for level in levels), default=None)
