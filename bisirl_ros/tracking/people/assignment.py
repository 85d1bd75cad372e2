"""Which detection is of whom: the likeliest pairs, all of a frame at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array


def chi_square(probability: float) -> float:
    """What a chi-square variable of two degrees of freedom stays below so often."""
    return float(-2.0 * np.log1p(-probability))


def newcomers_cost(per_m2: float) -> float:
    """The cost of a pair that is as likely as a newcomer, of whom there are per_m2 in a frame."""
    return float(-2.0 * np.log(2.0 * np.pi * per_m2))


def unlikelihoods(between: Array, spreads: Array) -> tuple[Array, Array]:
    """Squared Mahalanobis distances and costs, (...,) each.

    A cost is -2 log of the Gaussian density, less 2 log(2 pi): who could be anywhere does not win
    against who is known to be here (Blackman and Popoli 1999, section 6.4).

    between: (..., 2) from prediction to detection; spreads: (..., 2, 2) its covariance
    """
    a, b, d = spreads[..., 0, 0], spreads[..., 0, 1], spreads[..., 1, 1]
    x, y = between[..., 0], between[..., 1]
    determinant = a * d - b * b
    distance = (d * x * x - 2.0 * b * x * y + a * y * y) / determinant
    return distance, distance + np.log(determinant)


def pairs(cost: Array, most: float) -> list[tuple[int, int]]:
    """(row, column), each at most once, so that the sum of cost - most is least.

    cost: (N, M), inf where a pair is impossible; only pairs of less than `most` are made
    """
    rows, columns = linear_sum_assignment(np.minimum(cost, most))
    made: NDArray[np.bool_] = cost[rows, columns] < most
    return list(zip(rows[made].tolist(), columns[made].tolist(), strict=True))
