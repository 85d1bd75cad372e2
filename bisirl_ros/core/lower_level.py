"""Lower level: which reward explains the expert, by safeguarded Newton (FORMULATION section 2)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bisirl_ros.core.likelihood import Array


class Objective(Protocol):
    """A smooth function of theta: N g, the negative log posterior."""

    def value(self, theta: Array) -> float:
        """N g(theta)."""
        ...

    def gradient(self, theta: Array) -> Array:
        """Its gradient, (n,)."""
        ...

    def hessian(self, theta: Array) -> Array:
        """Its Hessian, or a positive definite stand-in for it, (n, n)."""
        ...


class Status(enum.Enum):
    """Why the inner loop stopped."""

    CONVERGED = "converged"
    ITERATION_CAP = "iteration_cap"
    NO_DESCENT = "no_descent"


@dataclass(frozen=True)
class LowerLevelResult:
    """theta: (n,) the minimiser; status; iterations taken; residual = ||grad g|| at theta."""

    theta: Array
    status: Status
    iterations: int
    residual: float


def solve_lower_level(
    objective: Objective,
    theta: Array,
    *,
    trajectories: int,
    tolerance: float,
    max_iterations: int = 50,
) -> LowerLevelResult:
    """Newton steps with Armijo backtracking until ||grad g|| <= tolerance or the cap.

    theta: (n,) where to start; trajectories: N, so that g is per trajectory
    """
    scale = 1.0 / max(trajectories, 1)
    value = objective.value(theta)
    for iteration in range(max_iterations + 1):
        gradient = objective.gradient(theta)
        residual = float(np.linalg.norm(gradient)) * scale
        if residual <= tolerance:
            return LowerLevelResult(theta, Status.CONVERGED, iteration, residual)
        if iteration == max_iterations:
            break
        step = -np.linalg.solve(objective.hessian(theta), gradient)
        length = _backtrack(objective, theta, value, step, float(gradient @ step))
        if length == 0.0:
            return LowerLevelResult(theta, Status.NO_DESCENT, iteration, residual)
        theta = theta + length * step
        value = objective.value(theta)
    return LowerLevelResult(theta, Status.ITERATION_CAP, max_iterations, residual)


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
