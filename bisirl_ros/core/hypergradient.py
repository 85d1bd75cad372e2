"""grad F(phi) = d_phi f - [d2_{phi theta} g] [d2_{theta theta} g]^-1 d_theta f  (FORMULATION s. 3).

A solver offers the pieces as `OuterTerms`; how they are put together is chosen here, for every
solver alike.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from bisirl_ros.core.likelihood import Array


class Hypergradient(enum.Enum):
    """How the outer gradient is estimated."""

    IMPLICIT = "implicit"
    FIRST_ORDER = "first-order"


@dataclass(frozen=True)
class OuterTerms:
    """The pieces of the hypergradient at one (phi, theta).

    value: f(phi, theta); d_phi: (m,), the expert's response included; d_theta: (n,)
    pull_back: w (n,) -> w' d2_{theta phi} (N g), the shift of the data included: (r, m), r = 1 for
        an exact value, r > 1 for as many independent estimates of it. With evidence carried, only
        the fresh batch of N g answers to phi: what is past is past, and the term falls as 1 / k.
    """

    value: float
    d_phi: Tensor
    d_theta: Array
    pull_back: Callable[[Array], Tensor]


def hypergradient(terms: OuterTerms, hessian: Array, method: Hypergradient) -> Tensor:
    """grad F(phi): (m,). hessian: (n, n) of N g at theta, as `pull_back` is of N g."""
    if method is Hypergradient.FIRST_ORDER:
        return terms.d_phi
    estimates = terms.pull_back(np.linalg.solve(hessian, terms.d_theta))
    return terms.d_phi - shrunk_mean(estimates)


def shrunk_mean(estimates: Tensor) -> Tensor:
    """Mean (m,) of r independent estimates (r, m), times the share of it that is not noise.

    The products between different estimates measure the squared length of what they have in
    common without bias; over the squared length of their mean that is the gain of least expected
    error (Wiener; James and Stein 1961). The cross term is zero in a well-specified population
    problem (section 3), so from a few batches it is mostly noise, and what the batches do not
    agree on must not steer the robot. A single, exact estimate passes unchanged.
    """
    mean, r = estimates.mean(0), len(estimates)
    power = float(mean.square().sum())
    if r == 1 or power == 0.0:
        return mean
    common = (r * r * power - float(estimates.square().sum())) / (r * (r - 1))
    return mean * min(max(common / power, 0.0), 1.0)


def surrogate(log_pi: Tensor, cost: Tensor, *, baseline: bool) -> Tensor:
    """A scalar per episode whose gradient is that of E[sum_h cost_h]: (B,).

    log_pi, cost: (T, B). Sampled choices enter by the score function, each credited with the costs
    from its own step on; all else is differentiated along the path (a stochastic computation
    graph, Schulman et al. 2015). `baseline` subtracts the other episodes' mean at that step, which
    leaves the expectation as it is.
    """
    to_go = cost.detach().flip(0).cumsum(0).flip(0)
    count = to_go.shape[1]
    if baseline and count > 1:
        to_go = (to_go - to_go.mean(1, keepdim=True)) * (count / (count - 1))
    return (cost + log_pi * to_go).sum(0)
