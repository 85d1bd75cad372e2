"""When is a reward recovered? (FORMULATION section 6)"""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array


def relative_error(theta: Array, truth: Array) -> float:
    """||theta - truth|| / ||truth||; both (n,)."""
    return float(np.linalg.norm(theta - truth) / np.linalg.norm(truth))
