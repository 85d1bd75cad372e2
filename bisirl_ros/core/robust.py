"""How far off an estimate may be where the model is wrong: the sandwich, clustered by batch.

Laplace's covariance takes the model at its word. The scores of the batches vary as they vary,
whatever made them: with H the curvature, s_g the score of batch g at the estimate,

    H^-1 ( Lambda_0 + sum_g u_g u_g' ) H^-1,   u_g = (I - H_g H^-1)^-1 s_g

(Huber 1967; White 1982; by cluster: Liang and Zeger 1986). u_g is what the score would be, had the
batch not been fitted to (the jackknife's correction, CR3: Bell and McCaffrey 2002), which few
clusters need. The estimate is then of the weights whose model is nearest to what people do.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import t  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence

NORMAL_95 = 1.959963984540054


def robust_covariance(evidence: Evidence, theta: Array) -> Array:
    """Of one person's theta at its estimate: (n, n).

    Widened so that 1.96 deviations are what Student's t asks for with so few batches. What was
    condensed counts as the model has it. Laplace's where there are no more batches than weights.
    """
    laplace, count = evidence.covariance(theta), len(evidence.batches)
    if count <= len(theta) + 1:
        return laplace
    meat = evidence.precision.copy()
    for batch in evidence.batches:
        left = np.eye(len(theta)) - batch.fisher(theta) @ laplace
        score = np.linalg.solve(left, batch.gradient(theta))
        meat += (count - 1) / count * np.outer(score, score)
    wider = t.ppf(0.975, count - 1) / NORMAL_95
    found = wider**2 * laplace @ meat @ laplace
    return np.asarray(0.5 * (found + found.T))
