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
from scipy.special import stdtrit  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import is_positive_definite

NORMAL_95 = 1.959963984540054
MOST = 0.95
"""Share of the curvature in one direction that a batch is taken to have, at most."""


def robust_covariance(evidence: Evidence, theta: Array) -> Array:
    """Of one person's theta at its estimate, in no direction below Laplace's: (n, n).

    Widened so that 1.96 deviations are what Student's t asks for with so few batches. What was
    condensed counts as the model has it. Laplace's where there are no more batches than weights.
    """
    laplace, count = evidence.covariance(theta), len(evidence.batches)
    if count <= len(theta) + 1:
        return laplace
    exact = is_positive_definite(evidence.hessian(theta))
    root = np.linalg.cholesky(laplace)  # H^-1 = root root'; all below is in its directions
    meat = root.T @ evidence.precision @ root
    for batch in evidence.batches:
        curvature = batch.hessian(theta) if exact else batch.fisher(theta)
        leverage, along = np.linalg.eigh(root.T @ curvature @ root)
        left = 1.0 - np.clip(leverage, 0.0, MOST)
        score = along @ ((along.T @ root.T @ batch.gradient(theta)) / left)
        meat += (count - 1) / count * np.outer(score, score)
    wider = stdtrit(count - 1, 0.975) / NORMAL_95
    sizes, along = np.linalg.eigh(wider**2 * meat)
    half = root @ along
    return np.asarray((half * np.maximum(sizes, 1.0)) @ half.T)
