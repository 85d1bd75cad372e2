"""Has the person changed? A test on the likelihood (FORMULATION section 2).

If theta did not change, the newest batches' summed score at the estimate is a draw with mean 0 and
covariance I_w - I_w Lambda^-1 I_w (the estimate was fitted to those batches, too): its squared
length in that metric is chi-squared. That is the Lagrange-multiplier test for a structural break
(Andrews 1993), here over windows of 1, 2, 4, ... newest batches, after every batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.likelihood import Array

LONGEST_WINDOW = 64
LEAST_DECISIONS = 30
"""Fewer do not make a sum that is nearly normal."""


@dataclass(frozen=True)
class Drift:
    """batches: how many came after the change, as it seems; p_value: of the newest ones' score."""

    batches: int
    p_value: float


def detect_drift(evidence: Evidence, theta: Array, false_alarm: float) -> Drift | None:
    """The most significant change among the newest batches, or None.

    theta: (n,) minimiser of the evidence; false_alarm: probability of one ever, however long the
    run: test k gets the share 1 / (k (k + 1)) of it, split over its windows (Bonferroni)
    """
    k = evidence.trajectories
    candidates = _windows(evidence, theta)
    if not candidates:
        return None
    best = min(candidates, key=lambda drift: drift.p_value)
    return best if best.p_value * len(candidates) <= false_alarm / (k * (k + 1)) else None


def _windows(evidence: Evidence, theta: Array) -> list[Drift]:
    total = np.linalg.inv(evidence.fisher(theta))
    score, information = np.zeros_like(theta), np.zeros_like(total)
    decisions, found = 0, []
    longest = min(evidence.trajectories - 1, len(evidence.batches), LONGEST_WINDOW)
    for w in range(1, longest + 1):
        batch = evidence.batches[-w]
        score = score + batch.gradient(theta)
        information = information + batch.fisher(theta)
        decisions += len(batch)
        if w & (w - 1) == 0 and decisions >= LEAST_DECISIONS:
            spread = information - information @ total @ information
            found.append(Drift(w, _p_value(score, spread)))
    return found


def _p_value(score: Array, covariance: Array) -> float:
    """P(chi-squared >= score' covariance^-1 score) over the directions that vary."""
    values, vectors = np.linalg.eigh(covariance)
    varies = values > 1e-8 * max(float(values[-1]), np.finfo(np.float64).tiny)
    squared = float(((vectors[:, varies].T @ score) ** 2 / values[varies]).sum())
    half = torch.tensor([int(varies.sum()) / 2.0, squared / 2.0], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))
