"""Lower level: which reward explains the expert (FORMULATION section 2)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch

from bisirl_ros.core.arrays import Array


class Objective(Protocol):
    """A smooth function of theta: N g, the negative log posterior."""

    def value(self, theta: Array) -> float:
        """N g(theta)."""
        ...

    def gradient(self, theta: Array) -> Array:
        """Its gradient, (n,)."""
        ...

    def hessian(self, theta: Array) -> Array:
        """Its Hessian, (n, n)."""
        ...

    def fisher(self, theta: Array) -> Array:
        """The Hessian's expectation under the model, positive semidefinite, (n, n)."""
        ...


class Method(enum.Enum):
    """How the inner loop descends."""

    NEWTON = "newton"
    GRADIENT_DESCENT = "gradient-descent"


class Status(enum.Enum):
    """Why an iteration stopped."""

    CONVERGED = "converged"
    ITERATION_CAP = "iteration_cap"
    NO_DESCENT = "no_descent"


@dataclass(frozen=True)
class LowerLevelResult:
    """theta: (n,) the minimiser; status; iterations taken; residual = ||grad g|| at theta.

    starts: from how many points the minimum was sought; agreeing: how many of them led to it
    """

    theta: Array
    status: Status
    iterations: int
    residual: float
    starts: int = 1
    agreeing: int = 1


Direction = Callable[[Array, Array], Array]
"""(theta, gradient) -> the step to try."""


def solve_lower_level(
    objective: Objective,
    theta: Array,
    *,
    trajectories: int,
    tolerance: float,
    max_iterations: int = 50,
    method: Method = Method.NEWTON,
) -> LowerLevelResult:
    """Steps with Armijo backtracking until ||grad g|| <= tolerance or the cap.

    theta: (n,) where to start; trajectories: N, so that g is per trajectory
    """
    scale = 1.0 / max(trajectories, 1)
    direction = {
        Method.NEWTON: lambda: newton(objective),
        Method.GRADIENT_DESCENT: barzilai_borwein,
    }[method]()
    value = objective.value(theta)
    for iteration in range(max_iterations + 1):
        gradient = objective.gradient(theta)
        residual = float(np.linalg.norm(gradient)) * scale
        if residual <= tolerance:
            return LowerLevelResult(theta, Status.CONVERGED, iteration, residual)
        if iteration == max_iterations:
            break
        step = direction(theta, gradient)
        length = _backtrack(objective, theta, value, step, float(gradient @ step))
        if length == 0.0:
            return LowerLevelResult(theta, Status.NO_DESCENT, iteration, residual)
        theta = theta + length * step
        value = objective.value(theta)
    return LowerLevelResult(theta, Status.ITERATION_CAP, max_iterations, residual)


def solve_from_starts(
    objective: Objective, starts: Sequence[Array], **settings: Any
) -> LowerLevelResult:
    """The least of the minima that are reached from several starts, (n,) each.

    Where H > 1 in a tabular game the problem need not be convex: that other starts agree is
    evidence, not proof. settings: of `solve_lower_level`
    """
    results = [solve_lower_level(objective, start, **settings) for start in starts]
    values = [objective.value(result.theta) for result in results]
    best = results[int(np.nan_to_num(values, nan=np.inf).argmin())]
    reach = 1e-3 * max(1.0, float(np.linalg.norm(best.theta)))
    agreeing = sum(float(np.linalg.norm(r.theta - best.theta)) <= reach for r in results)
    return replace(best, starts=len(starts), agreeing=agreeing)


def newton(objective: Objective) -> Direction:
    """Newton steps; where the Hessian is not positive definite, the Fisher matrix stands in."""

    def step(theta: Array, gradient: Array) -> Array:
        factor, failed = _cholesky(objective.hessian(theta))
        if not failed:
            downhill = torch.from_numpy(-gradient)[:, None]
            return np.asarray(torch.cholesky_solve(downhill, factor)[:, 0].numpy())
        return np.asarray(-np.linalg.pinv(objective.fisher(theta), hermitian=True) @ gradient)

    return step


def barzilai_borwein() -> Direction:
    """Gradient steps as long as the last two gradients suggest (Barzilai and Borwein 1988)."""
    last: tuple[Array, Array] | None = None

    def step(theta: Array, gradient: Array) -> Array:
        nonlocal last
        length = 1.0 / max(1.0, float(np.linalg.norm(gradient)))
        if last is not None:
            moved, turned = theta - last[0], gradient - last[1]
            if (bend := float(moved @ turned)) > 0.0:
                length = float(moved @ moved) / bend
        last = (theta, gradient)
        return -length * gradient

    return step


def is_positive_definite(matrix: Array) -> bool:
    """Whether a symmetric matrix (n, n) has a Cholesky factor."""
    return not _cholesky(matrix)[1]


def _cholesky(matrix: Array) -> tuple[torch.Tensor, bool]:
    """The lower factor, and whether there is none; torch's, as numpy's waits for other threads."""
    factor, info = torch.linalg.cholesky_ex(torch.from_numpy(np.asarray(matrix)))
    return factor, bool(info) or not bool(torch.isfinite(factor).all())


def _backtrack(
    objective: Objective, theta: Array, value: float, step: Array, slope: float
) -> float:
    """Largest length of 1, 1/2, 1/4, ... that descends enough (Armijo, 1e-4); 0 where none does.

    The slack of a few rounding errors lets the last Newton steps through, whose decrease is
    smaller than the value's own precision.
    """
    slack = 8.0 * np.finfo(np.float64).eps * max(1.0, abs(value))
    length = 1.0
    for _ in range(40):
        if objective.value(theta + length * step) <= value + 1e-4 * length * slope + slack:
            return length
        length *= 0.5
    return 0.0
