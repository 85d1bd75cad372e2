"""Least squares on the simulated response of one column."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares  # type: ignore[import-untyped]

from bisirl_ros.calibrate.response import NO_LIMIT, Held, Law, mean_response
from bisirl_ros.core.arrays import Array

GRID_LAG_S = np.geomspace(0.03, 1.5, 8)
GRID_DEAD_TIME_S = np.arange(-0.5, 1.05, 0.1)
GRID_LIMIT = np.append(np.geomspace(0.1, 30.0, 9), NO_LIMIT)
GRID_SAMPLES = 600
ACTIVE = 0.02
"""Of the largest command: a response beyond it is motion."""
LAG, LIMIT, DEAD_TIME, TOP = range(4)
LOWEST = np.array([1e-3, 0.02, np.nan, 1e-3])
HIGHEST = np.array([5.0, 100.0, np.nan, 100.0])
DEAD_TIME_MARGIN_S = 0.25
STEP = 1e-3
"""Half the differences that the Jacobian is made of, in log lag, log limit, s, log top."""
SCALE = np.array([1.0, 1.0, 0.1, 0.1])


@dataclass(frozen=True)
class Samples:
    """What one column was commanded and did.

    held: its commands; time: (M,) [s]; velocity: (M,); window_s: (M,) as in `Driving`
    use: (M,) bool, which of them may tell something
    """

    held: Held
    time: Array
    velocity: Array
    window_s: Array
    use: NDArray[np.bool_]

    @property
    def measured(self) -> Array:
        """The velocities of the samples `use`: (N,)."""
        measured: Array = self.velocity[self.use]
        return measured

    def predicted(self, law: Law) -> Array:
        """The same under each of P candidates: (N, P)."""
        seen = (self.time, self.velocity)
        return mean_response(self.held, law, self.time[self.use], self.window_s[self.use], seen)


@dataclass(frozen=True)
class Fitted:
    """The best candidate with some of its figures held fixed.

    at: (4,) log lag, log limit, dead time, log top
    spread: (4,) standard errors for noise of 1, 0 where fixed
    cost: sum of squares, outliers counted less; residual: (N,)
    """

    at: Array
    spread: Array
    cost: float
    residual: Array

    @property
    def law(self) -> Law:
        """As one candidate."""
        return law_of(self.at[:, None])


def law_of(at: Array) -> Law:
    """Candidates of their logarithms (4, P)."""
    return Law(np.exp(at[LAG]), np.exp(at[LIMIT]), at[DEAD_TIME], np.exp(at[TOP]))


def with_figure(at: Array, which: int, value: float) -> Array:
    """`at` with one of its four changed."""
    changed = at.copy()
    changed[which] = value
    return changed


def grid_start(samples: Samples) -> tuple[Array, Array]:
    """The best points (4,) of a coarse grid: of all, and of those without an acceleration limit."""
    fastest = max(float(np.quantile(np.abs(samples.measured), 0.98)), 1e-3)
    lag, limit = (v.ravel() for v in np.meshgrid(GRID_LAG_S, GRID_LIMIT, indexing="ij"))
    sparse = np.flatnonzero(samples.use)
    sparse = sparse[:: -(-len(sparse) // GRID_SAMPLES)]
    held = [samples.held.covers(samples.time[sparse] - dead) for dead in GRID_DEAD_TIME_S]
    most = max(int(covered.sum()) for covered in held)
    cost = np.full((len(GRID_DEAD_TIME_S), len(lag)), np.inf)
    for row, covered in enumerate(held):
        if covered.any() and covered.sum() >= 0.5 * most:
            use = np.zeros_like(samples.use)
            use[sparse[covered]] = True
            some = replace(samples, use=use)
            dead_time_s = np.full_like(lag, GRID_DEAD_TIME_S[row])
            law = Law(lag, limit, dead_time_s, np.full_like(lag, fastest))
            error = some.predicted(law) - some.measured[:, None]
            cost[row] = np.mean(np.square(error), axis=0)

    def best(cost: Array) -> Array:
        row, p = divmod(int(np.argmin(cost)), len(lag))
        at = (math.log(lag[p]), math.log(limit[p]), GRID_DEAD_TIME_S[row], math.log(fastest))
        return np.array(at)

    return best(cost), best(np.where(limit == NO_LIMIT, cost, np.inf))


def active(samples: Samples, at: Array) -> Samples:
    """Those of the samples near `at` at which the column was to move, or still did."""
    law = law_of(at[:, None])
    early, late = (samples.time - at[DEAD_TIME] + s * DEAD_TIME_MARGIN_S for s in (-1, 1))
    held = samples.held
    predicted = replace(samples, use=np.ones_like(samples.use)).predicted(law)[:, 0]
    moves = np.abs(predicted) > ACTIVE * np.abs(held.command).max()
    asked = (held.command[held.index(early)] != 0.0) | (held.command[held.index(late)] != 0.0)
    covered = held.covers(early) & held.covers(late)
    return replace(samples, use=samples.use & covered & (moves | asked))


def solve(samples: Samples, start: Array, free: Array, outlier: float | None = None) -> Fitted:
    """The best candidate near `start` (4,); what is not `free` (4,) bool stays as it is.

    outlier: residuals beyond count less (a soft L1 loss); None: all count alike
    """
    measured, which = samples.measured, np.flatnonzero(free)

    def at(values: Array) -> Array:
        full = start.copy()
        full[which] = values
        return full

    def residual(values: Array) -> Array:
        return samples.predicted(law_of(at(values)[:, None]))[:, 0] - measured

    def jacobian(values: Array) -> Array:
        steps = STEP * np.eye(4)[:, which]
        both = at(values)[:, None] + np.concatenate([steps, -steps], axis=1)
        up, down = np.split(samples.predicted(law_of(both)), 2, axis=1)
        slopes: Array = (up - down) / (2.0 * STEP)
        return slopes

    low, high = np.log(LOWEST), np.log(HIGHEST)
    low[DEAD_TIME], high[DEAD_TIME] = (start[DEAD_TIME] + s * DEAD_TIME_MARGIN_S for s in (-1, 1))
    found = least_squares(
        residual,
        np.clip(start, low, high)[which],
        jacobian,
        bounds=(low[which], high[which]),
        loss="linear" if outlier is None else "soft_l1",
        f_scale=outlier or 1.0,
        x_scale=SCALE[which],
        max_nfev=60,
    )
    spread = np.zeros(4)
    spread[which] = np.sqrt(np.diag(np.linalg.pinv(found.jac.T @ found.jac)).clip(min=0.0))
    return Fitted(at(found.x), spread, 2.0 * float(found.cost), residual(found.x))
