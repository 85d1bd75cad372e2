"""Has the person changed? A test on the likelihood (FORMULATION section 2).

If theta did not change, the newest batches' summed score at the estimate is a draw with mean 0 and
covariance I_w - I_w Lambda^-1 I_w (the estimate was fitted to those batches, too): its squared
length in that metric is chi-squared. That is the Lagrange-multiplier test for a structural break
(Andrews 1993), here over windows of 1, 2, 4, ... newest batches, after every batch. It is cheap,
but one unlikely action in a short window makes it far too sure; a window that it suspects is
therefore explained by a theta of its own, and the likelihood ratio, whose tail is right for
unlikely actions too, has to agree.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.posterior import Posterior

Evidences = TypeVar("Evidences", bound=Posterior)

LONGEST_WINDOW = 64
LEAST_DECISIONS = 30
"""Fewer do not make a sum that is nearly normal."""


@dataclass(frozen=True)
class Drift:
    """batches: how many came after the change, as it seems

    p_value: the larger of the two tests', of the score and of the likelihood ratio
    gain: log-likelihood that a theta of their own gains; decides between p-values of zero
    """

    batches: int
    p_value: float
    gain: float


@dataclass(frozen=True)
class _Window:
    """batches: how many; freedom: directions that theta may have moved in; p_value: of the score"""

    batches: int
    freedom: int
    p_value: float


def forget_before_drift(
    evidence: Evidences, theta: Array, false_alarm: float, rho: float
) -> tuple[Evidences, dict[str, int]]:
    """The evidence without (rho = 0) what is older than a change; how many batches are newer.

    Each person of the newest batch is tested, and only their own evidence is forgotten; everybody
    met so far gets an equal share of the probability of a false alarm (Bonferroni). 0 tests nobody.
    """
    parts, drifted = {}, {}
    for name in evidence.newest if false_alarm > 0.0 else ():
        part, share = evidence.parts[name], evidence.theta_of(theta, name)
        drift = detect_drift(part, share, false_alarm / len(evidence.parts))
        if drift is not None:
            parts[name] = part.forget(share, drift.batches, rho)
            drifted[name] = drift.batches
    return evidence.with_parts(parts), drifted


def detect_drift(evidence: Evidence, theta: Array, false_alarm: float) -> Drift | None:
    """The most significant change among the newest batches, or None.

    theta: (n,) minimiser of the evidence; false_alarm: probability of one ever, however long the
    run: test k gets the share 1 / (k (k + 1)) of it, split over its windows (Bonferroni)
    """
    k = evidence.seen
    windows = _windows(evidence, theta)
    level = false_alarm / (k * (k + 1) * max(len(windows), 1))
    found = [_confirmed(evidence, theta, w) for w in windows if w.p_value <= level]
    best = min(found, key=lambda drift: (drift.p_value, -drift.gain), default=None)
    return best if best is not None and best.p_value <= level else None


def _windows(evidence: Evidence, theta: Array) -> list[_Window]:
    """The score test of the newest 1, 2, 4, ... batches, each doubling evaluated as one."""
    total = np.linalg.inv(evidence.fisher(theta))
    score, information = np.zeros_like(theta), np.zeros_like(total)
    batches, decisions, found = evidence.batches, 0, []
    w, seen = 1, 0
    while w <= min(evidence.counted - 1, len(batches), LONGEST_WINDOW):
        newest = batches[len(batches) - w : len(batches) - seen]
        more = newest[0].joined(newest[1:])
        score = score + more.gradient(theta)
        information = information + more.fisher(theta)
        decisions += len(more)
        if decisions >= LEAST_DECISIONS:
            spread = information - information @ total @ information
            found.append(_Window(w, *_chi_squared(score, spread)))
        w, seen = 2 * w, w
    return found


def _confirmed(evidence: Evidence, theta: Array, window: _Window) -> Drift:
    """The likelihood ratio of two thetas, one before the window and one in it, against one.

    The prior weighs on both, so that nothing is gained by what the prior alone had said.
    """
    w = window.batches
    older = replace(evidence, batches=evidence.batches[:-w])
    newer = evidence.only(w)
    gain = evidence.value(theta) - _least(older, theta) - _least(newer, theta)
    return Drift(w, max(window.p_value, _survival(2.0 * max(gain, 0.0), window.freedom)), gain)


def _least(evidence: Evidence, theta: Array) -> float:
    """The least value of N g, from theta."""
    n = evidence.trajectories
    return evidence.value(solve_lower_level(evidence, theta, trajectories=n, tolerance=1e-6).theta)


def _chi_squared(score: Array, covariance: Array) -> tuple[int, float]:
    """(m, P(chi-squared_m >= score' covariance^-1 score)), m: how many directions vary."""
    values, vectors = np.linalg.eigh(covariance)
    varies = values > 1e-8 * max(float(values[-1]), np.finfo(np.float64).tiny)
    squared = float(((vectors[:, varies].T @ score) ** 2 / values[varies]).sum())
    return int(varies.sum()), _survival(squared, int(varies.sum()))


def _survival(squared: float, freedom: int) -> float:
    """P(chi-squared with `freedom` degrees of freedom >= squared)."""
    if freedom == 0:
        return 1.0
    half = torch.tensor([freedom / 2.0, squared / 2.0], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))
