"""grad F(phi) = d_phi f - [d2_{phi theta} g] [d2_{theta theta} g]^-1 d_theta f  (FORMULATION s. 3).

A solver offers the pieces as `OuterTerms`; how they are put together is chosen here, for every
solver alike.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.inverse_hessian import Product, conjugate_gradient, neumann_series
from bisirl_ros.errors import InputError


class Hypergradient(enum.Enum):
    """How the outer gradient is estimated."""

    IMPLICIT = "implicit"
    NEUMANN = "neumann"
    SPSA = "spsa"
    FINITE_DIFFERENCE = "finite-difference"
    FIRST_ORDER = "first-order"


PLAYS_AGAIN = (Hypergradient.SPSA, Hypergradient.FINITE_DIFFERENCE)
"""The methods that collect interactions again under perturbed policies."""


@dataclass(frozen=True)
class OuterTerms:
    """The pieces of the hypergradient at one (phi, theta).

    value: f(phi, theta); d_phi: (m,), the expert's response included; d_theta: (n,)
    pull_back: w (n,) -> w' d2_{theta phi} (N g), the shift of the data included: (r, m), r = 1 for
        an exact value, r > 1 for as many independent estimates of it. With evidence carried, only
        the fresh batch of N g answers to phi: what is past is past, and the term falls as 1 / k.
    re_solved: (phi, seed) -> F(phi): data collected again under that phi, the lower level solved
        again, f; the same seed is the same luck. None where nobody can be asked to interact again.
    """

    value: float
    d_phi: Tensor
    d_theta: Array
    pull_back: Callable[[Array], Tensor]
    re_solved: Callable[[Tensor, int], float] | None = None


AGREEING = 3.0
"""Deviations of chance beyond which the halves of what was sampled agree."""


@dataclass(frozen=True)
class Estimator:
    """Which estimate of the hypergradient, and how accurate.

    cg_steps: of `implicit`; neumann_terms: of `neumann`
    perturbation: c of p(k) = c / (k + 1)^0.101 (Spall 1992); for `finite-difference`, p itself
    samples: independent perturbations that `spsa` averages
    """

    method: Hypergradient = Hypergradient.IMPLICIT
    cg_steps: int = 100
    neumann_terms: int = 100
    perturbation: float = 0.1
    samples: int = 1


def hypergradient(
    terms: OuterTerms,
    phi: Tensor,
    product: Product,
    estimator: Estimator,
    rng: np.random.Generator,
    k: int = 0,
) -> Tensor:
    """grad F(phi): (m,).

    product: v -> [d2_{theta theta} (N g)] v, of N g as `pull_back` is; k: outer iteration
    Raises InputError where the solver cannot collect data again and the method needs it.
    """
    method = estimator.method
    if method is Hypergradient.FIRST_ORDER:
        return terms.d_phi
    if method in (Hypergradient.IMPLICIT, Hypergradient.NEUMANN):
        if method is Hypergradient.IMPLICIT:
            w = conjugate_gradient(product, terms.d_theta, estimator.cg_steps)
        else:
            w = neumann_series(product, terms.d_theta, estimator.neumann_terms)
        return terms.d_phi - shrunk_mean(terms.pull_back(w))
    if terms.re_solved is None:
        raise cannot_play_again(method)
    if method is Hypergradient.SPSA:
        radius = estimator.perturbation / (k + 1) ** 0.101
        return spsa(terms.re_solved, phi, radius, estimator.samples, rng)
    return central_differences(terms.re_solved, phi, estimator.perturbation, rng)


def cannot_play_again(method: Hypergradient) -> InputError:
    """What to say where a method in PLAYS_AGAIN meets a game that is played once."""
    return InputError(
        f"hypergradient = '{method.value}': this game cannot collect its interactions again under "
        "another policy; choose implicit, neumann or first-order"
    )


def spsa(
    value: Callable[[Tensor, int], float],
    phi: Tensor,
    radius: float,
    samples: int,
    rng: np.random.Generator,
) -> Tensor:
    """Simultaneous perturbation (Spall 1992), averaged; both sides share their luck: (m,)."""
    total = torch.zeros_like(phi)
    for _ in range(samples):
        way = torch.from_numpy(rng.choice([-1.0, 1.0], len(phi))).to(phi)
        seed = int(rng.integers(2**62))
        rise = value(phi + radius * way, seed) - value(phi - radius * way, seed)
        total += rise / (2.0 * radius) * way  # 1 / way = way, entry by entry
    return total / samples


def central_differences(
    value: Callable[[Tensor, int], float], phi: Tensor, radius: float, rng: np.random.Generator
) -> Tensor:
    """The referee for small problems: two values per entry of phi: (m,)."""
    seed = int(rng.integers(2**62))
    ways = torch.eye(len(phi), dtype=phi.dtype) * radius
    rises = [value(phi + way, seed) - value(phi - way, seed) for way in ways]
    return torch.tensor(rises, dtype=phi.dtype) / (2.0 * radius)


def shrunk_mean(estimates: Tensor) -> Tensor:
    """Mean (m,) of r independent estimates (r, m), times the share of it that is not noise.

    The products between different estimates measure the squared length of what they have in
    common without bias; over the squared length of their mean that is the gain of least expected
    error (Wiener; James and Stein 1961). The cross term is zero in a well-specified population
    problem (section 3), so from a few batches it is mostly noise, and what the batches do not
    agree on must not steer the robot: zero where they agree no better than noise does by chance,
    the cosine of two directions in m dimensions having a deviation of 1 / sqrt(m). A single, exact
    estimate passes unchanged.
    """
    mean, r = estimates.mean(0), len(estimates)
    power = float(mean.square().sum())
    if r == 1 or power == 0.0:
        return mean
    lengths = estimates.norm(dim=-1)
    pairs = r * (r - 1)
    common = (r * r * power - float(lengths.square().sum())) / pairs
    typical = float(lengths.sum().square() - lengths.square().sum()) / pairs
    if common < AGREEING * typical / (0.5 * pairs * len(mean)) ** 0.5:
        return torch.zeros_like(mean)
    return mean * min(common / power, 1.0)


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
