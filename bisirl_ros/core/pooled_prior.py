"""What people teach about people: theta^p ~ N(mu, Omega) (FORMULATION section 2).

Each person's interactions enter as the Gaussian that their likelihood is near the estimate. Omega
has the prior of Huang and Wand (2013, Bayesian Analysis 8): the standard deviation of every weight
half-t, its scale a weak guess; correlations uniform; mu is normal. q(theta, mu) q(Omega) q(a) is
iterated to its fixed point (variational Bayes), then widened: a stranger's theta is t-distributed,
with the more degrees of freedom the more people taught, and the covariance here is that t's. For
somebody met, the t is a Gaussian of unknown width (Lange, Little and Taylor 1989): who is like the
others is drawn to them, who is not is left alone, and whoever nothing is known of stays a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.prior_width import MOST_ITERATIONS, SETTLED, width


@dataclass(frozen=True)
class Hyperprior:
    """What is believed of people before anybody was met.

    mean_precision: of every entry of mu around 0; scale: A, of the half-t that the standard
    deviation of theta between people has, with `freedom` degrees of freedom (nu = 2: correlations
    are uniform)
    """

    mean_precision: float
    scale: float
    freedom: float = 2.0

    @staticmethod
    def of(prior_precision: float) -> Hyperprior:
        """A stranger's prior variance 1 / prior_precision: half shared, half how we differ."""
        return Hyperprior(2.0 * prior_precision, 0.5 / np.sqrt(prior_precision))


@dataclass(frozen=True)
class PooledPrior:
    """mu ~ N(mean, mean_covariance), theta^p ~ N(mu, spread), spread = E[Omega].

    mean: (n,); mean_covariance, spread: (n, n); freedom: how many people's worth was taught, in
    [0, P]; others_mean: (P, n), others_covariance: (P, n, n) what all others say about each person,
    its width as their own interactions have it
    alike: (P,) factor that it holds for that: small for people who are as the others are
    """

    mean: Array
    mean_covariance: Array
    spread: Array
    freedom: float
    others_mean: Array
    others_covariance: Array
    alike: Array

    @property
    def covariance(self) -> Array:
        """Of somebody new: Omega plus that of mu: (n, n)."""
        return self.spread + self.mean_covariance


def pooled_prior(pulls: Array, precisions: Array, hyperprior: Hyperprior) -> PooledPrior:
    """The prior of somebody new, and of each person given the others.

    pulls: (P, n) h_p; precisions: (P, n, n) H_p, positive semidefinite: the interactions of p alone
    say exp(h_p . theta - theta' H_p theta / 2). H_p may be singular, or zero.

    Omega is estimated from all, mu for person p from the others. For known Omega it is exact that
    p(theta^p | D) ~ p(D_p | theta^p) N(theta^p; mu_-p, Omega + cov(mu_-p)); a mu that p helped to
    estimate would count p's own interactions twice, and the intervals would cover too little.
    """
    people, n = pulls.shape
    nu, scale = hyperprior.freedom, hyperprior.scale
    determined: Array = np.zeros(people)
    taught = 0.0
    if people == 0:
        spread = 2.0 * scale**2 * np.eye(n)
    else:
        plug_in, determined = _fixed_point(pulls, precisions, hyperprior)
        taught = float(determined.sum())
        spread = plug_in * (nu + n - 1.0 + taught) / max(taught + nu - 2.0, 1.0)
    said = _Said.about_mu(pulls, precisions, np.linalg.inv(spread), hyperprior)
    mean, covariance = said.mu(said.precision, said.pull)
    others_mean, others_covariance = said.mu(
        said.precision - said.precision_of, said.pull - said.pull_of
    )
    foretold, by_others = spread + others_covariance, taught - determined + nu - 2.0
    alike = width(pulls, precisions, others_mean, foretold, by_others)
    return PooledPrior(
        mean, covariance, spread, taught, others_mean, alike[:, None, None] * foretold, alike
    )


@dataclass(frozen=True)
class _Said:
    """What people's interactions say about mu, for one Omega.

    within: (P, n, n) covariance of theta^p given mu; precision_of: (P, n, n), pull_of: (P, n) what
    each says; precision, pull: all together, with the hyperprior
    """

    within: Array
    precision_of: Array
    pull_of: Array
    precision: Array
    pull: Array

    @staticmethod
    def about_mu(pulls: Array, precisions: Array, inverse: Array, hyperprior: Hyperprior) -> _Said:
        """theta^1..P integrated out; inverse: (n, n) of Omega."""
        within = np.linalg.inv(inverse + precisions)
        kept = inverse @ within
        precision_of = kept @ precisions
        precision_of = 0.5 * (precision_of + np.swapaxes(precision_of, -1, -2))
        pull_of = np.einsum("pij,pj->pi", kept, pulls)
        prior = hyperprior.mean_precision * np.eye(len(inverse))
        return _Said(within, precision_of, pull_of, prior + precision_of.sum(0), pull_of.sum(0))

    @staticmethod
    def mu(precision: Array, pull: Array) -> tuple[Array, Array]:
        """Mean (..., n) and covariance (..., n, n)."""
        covariance = np.linalg.inv(precision)
        return np.einsum("...ij,...j->...i", covariance, pull), covariance


def _fixed_point(pulls: Array, precisions: Array, hyper: Hyperprior) -> tuple[Array, Array]:
    """1 / E[Omega^-1] (n, n), and which share of each person's theta is determined: (P,).

    Somebody of whom nothing is known changes neither.
    """
    (people, n), nu, eye = pulls.shape, hyper.freedom, np.eye(pulls.shape[1])
    spread = hyper.scale**2 * eye
    for _ in range(MOST_ITERATIONS):
        inverse = np.linalg.inv(spread)
        said = _Said.about_mu(pulls, precisions, inverse, hyper)
        mu, mu_covariance = said.mu(said.precision, said.pull)
        off = np.einsum("pij,pj->pi", said.within, inverse @ mu + pulls) - mu
        turn = said.within @ inverse - eye
        scatter = off.T @ off + said.within.sum(0)
        scatter += (turn @ mu_covariance @ np.swapaxes(turn, -1, -2)).sum(0)
        guess = 0.5 * (nu + n) / (nu * np.diag(inverse) + hyper.scale**-2)
        after = (2.0 * nu * np.diag(guess) + scatter) / (nu + n - 1.0 + people)
        after = 0.5 * (after + after.T)
        moved = np.abs(np.diag(after) / np.diag(spread) - 1.0).max()
        spread = after
        if moved < SETTLED:
            break
    return spread, np.einsum("pij,pji->p", said.within, precisions) / n
