"""How wide a prior is, of somebody who may be unlike whoever it is of.

A Gaussian prior pulls weights that the interactions insist upon towards its mean, far out as
strongly as anywhere: somebody who chooses far more narrowly than others would lose a third of
every weight to it. So its covariance is multiplied by a factor f of its own for each person: a t,
as a Gaussian of unknown width (Lange, Little and Taylor 1989). People alone, not the one expert of
a finite game, have theirs widened (`PeopleEvidence.repooled`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bisirl_ros.core.arrays import Array, inverse
from bisirl_ros.core.evidence import Evidence

FREEDOM = 2.0
"""d - 2, of the d degrees of freedom of a stranger's t."""
MOST_ITERATIONS = 500
SETTLED = 1e-5
"""Relative change, of a factor or of how people differ, at which an iteration stops."""
STAYS, MOST_SWEEPS = 1e-3, 20
"""Relative change of a factor that is none; explanations until it is, at most."""
WIDEST = 1e8
"""A factor of weights ten thousand times as large as most: of choices too narrow to be told."""


def width(
    pulls: Array,
    precisions: Array,
    mean: Array,
    covariance: Array,
    freedom: Array,
    start: float = 1.0,
) -> Array:
    """By what each of P people's covariance (P, n, n), that of a t, is to be multiplied: (P,).

    pulls: (P, n) h_p; precisions: (P, n, n) H_p, positive semidefinite: the interactions of p alone
    say exp(h_p . theta - theta' H_p theta / 2); mean: (P, n); freedom: (P,) d - 2 of the t's d
    degrees of freedom; below 1 nobody says how people differ, and the factor stays 1
    start: from which it is sought: h and H were found under it, and hold near what it leads to
    theta^p ~ N(mean, scale / w), w ~ Gamma(d / 2, d / 2), scale = covariance (d - 2) / d: under
    q(theta) q(w), E[1 / w] scale = covariance (d - 2 + Q) / (d - 2 + n), Q the mean square of
    theta - mean, measured by the covariance. Where nothing is known Q is n factors: 1 stays 1.
    """
    people, n = pulls.shape
    inverses, factor = np.linalg.inv(covariance), np.full(people, start)
    for _ in range(MOST_ITERATIONS):
        prior = inverses / factor[:, None, None]
        within = np.linalg.inv(prior + precisions)
        off = np.einsum("pij,pj->pi", within, pulls - np.einsum("pij,pj->pi", precisions, mean))
        scatter = within + off[:, :, None] * off[:, None, :]
        far = np.einsum("pij,pji->p", inverses, scatter)
        after = np.where(freedom < 1.0, 1.0, (freedom + far) / (freedom + n))
        moved = np.abs(after / factor - 1.0).max(initial=0.0)
        factor = after
        if moved < SETTLED:
            break
    return factor


def widened(evidence: Evidence, theta: Array) -> Evidence:
    """As wide a prior as one person's theta (n,) asks for, none narrower than it was at first.

    Itself where that is as wide as it is, or what was seen is not finite.
    """
    pull, bend = evidence.said(theta)
    own = inverse(evidence.prior) / evidence.width  # what it was at first
    alone = (pull[None], bend[None], evidence.prior_mean[None], own[None])
    found = float(width(*alone, np.array([FREEDOM]), evidence.width)[0])
    factor = min(max(found, 1.0), WIDEST)
    if not abs(factor / evidence.width - 1.0) >= STAYS:  # nan too
        return evidence
    prior = evidence.prior * (evidence.width / factor)
    return evidence.under(evidence.prior_mean, prior, factor)


def log_width(factor: float) -> float:
    """Log of the density of 1 / f, Gamma's that makes the Gaussian a t, relative to that of f = 1.

    What `widened` finds is the most of this and of log p(D | f), by Laplace's approximation.
    """
    return -0.5 * FREEDOM * (float(np.log(factor)) + 1.0 / factor - 1.0)


def explained(
    evidence: Evidence, theta: Array, solve: Callable[[Evidence, Array], Array]
) -> tuple[Evidence, Array]:
    """Widened until that stays, and the theta (n,) that explains it best.

    solve: (evidence, theta from which) -> its theta
    """
    theta = solve(evidence, theta)
    for _ in range(MOST_SWEEPS):
        wider = widened(evidence, theta)
        if wider is evidence:
            break
        evidence, theta = wider, solve(wider, theta)
    return evidence, theta
