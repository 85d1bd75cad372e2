"""The arrays of the package."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def inverse(matrix: Array) -> Array:
    """Of a symmetric matrix, symmetric to the last digit: (n, n)."""
    found = np.linalg.inv(matrix)
    return np.asarray(0.5 * (found + found.T))
