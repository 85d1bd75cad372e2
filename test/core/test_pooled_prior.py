"""What people teach about people: honest, not too sure from few, right from many."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.pooled_prior import Hyperprior, pooled_prior

PRIOR = 0.1
HYPER = Hyperprior.of(PRIOR)
MU = np.array([1.0, -2.0, 0.5])
OMEGA = np.array([[0.3, 0.1, 0.0], [0.1, 0.2, -0.05], [0.0, -0.05, 0.1]])


def population(
    people: int, information: float, rng: np.random.Generator, omega: Array = OMEGA
) -> tuple[Array, Array, Array]:
    """theta (P, n), and pulls and precisions of what Gaussian observations of it say."""
    n = len(MU)
    theta = rng.multivariate_normal(MU, omega, people)
    design = rng.normal(size=(people, n + 2, n)) * np.sqrt(information / (n + 2))
    seen = np.einsum("pij,pj->pi", design, theta) + rng.normal(size=(people, n + 2))
    return (
        theta,
        np.einsum("pij,pi->pj", design, seen),
        np.einsum("pij,pik->pjk", design, design),
    )


def test_somebody_before_anybody_was_met_has_the_plain_prior() -> None:
    prior = pooled_prior(np.zeros((0, 3)), np.zeros((0, 3, 3)), HYPER)
    assert prior.mean == pytest.approx(np.zeros(3))
    assert prior.covariance == pytest.approx(np.eye(3) / PRIOR)
    assert prior.others_mean.shape == (0, 3)


def test_of_one_person_nobody_learns_how_people_differ() -> None:
    """However well they are known, a stranger stays about as strange; but the mean moves."""
    rng = np.random.default_rng(0)
    _, pulls, precisions = population(1, 1e4, rng)
    prior = pooled_prior(pulls, precisions, HYPER)
    width = np.diag(prior.covariance) * PRIOR
    assert (width > 0.5).all() and (width < 1.1).all()
    assert 0.9 < prior.freedom <= 1.0
    own = np.linalg.solve(precisions[0], pulls[0])
    assert np.linalg.norm(prior.mean - own) < 0.7 * np.linalg.norm(own)
    assert prior.others_mean[0] == pytest.approx(np.zeros(3), abs=1e-8)


def test_two_people_who_agree_do_not_make_everybody_the_same() -> None:
    pulls, precisions = np.tile(1e4 * MU, (2, 1)), np.tile(1e4 * np.eye(3), (2, 1, 1))
    prior = pooled_prior(pulls, precisions, HYPER)
    assert (np.diag(prior.spread) > 0.01).all()
    assert prior.mean == pytest.approx(MU, rel=0.1)


def test_many_people_teach_the_truth() -> None:
    rng = np.random.default_rng(1)
    _, pulls, precisions = population(1500, 20.0, rng)
    prior = pooled_prior(pulls, precisions, HYPER)
    assert prior.mean == pytest.approx(MU, abs=0.06)
    assert prior.spread == pytest.approx(OMEGA, abs=0.035)
    assert (np.diag(prior.mean_covariance) < 1e-3).all()


def test_those_of_whom_nothing_is_known_teach_nothing() -> None:
    _, pulls, precisions = population(6, 30.0, np.random.default_rng(2))
    known = pooled_prior(pulls, precisions, HYPER)
    silent = np.zeros((20, 3))
    more = pooled_prior(np.r_[pulls, silent], np.r_[precisions, np.zeros((20, 3, 3))], HYPER)
    assert more.mean == pytest.approx(known.mean, rel=1e-2, abs=1e-3)
    assert more.covariance == pytest.approx(known.covariance, rel=2e-2, abs=1e-3)
    assert more.freedom == pytest.approx(known.freedom, rel=1e-2)
    assert more.others_mean[-1] == pytest.approx(more.mean)
    assert more.others_covariance[-1] == pytest.approx(more.covariance, rel=1e-3)


def test_with_what_the_others_say_each_persons_posterior_is_the_joint_ones_marginal() -> None:
    """All theta and mu at once, as one Gaussian, for the same Omega, were all equally alike."""
    _, pulls, precisions = population(4, 5.0, np.random.default_rng(3))
    prior, n = pooled_prior(pulls, precisions, HYPER), 3
    inverse = np.linalg.inv(prior.spread)
    joint, pull = np.zeros((5 * n, 5 * n)), np.concatenate([pulls.ravel(), np.zeros(n)])
    mu = slice(4 * n, 5 * n)
    joint[mu, mu] = HYPER.mean_precision * np.eye(n) + 4 * inverse
    for p in range(4):
        own = slice(p * n, (p + 1) * n)
        joint[own, own] = inverse + precisions[p]
        joint[own, mu] = joint[mu, own] = -inverse
    covariance = np.linalg.inv(joint)
    mean = covariance @ pull
    for p in range(4):
        own = slice(p * n, (p + 1) * n)
        before = np.linalg.inv(prior.others_covariance[p] / prior.alike[p])
        after = np.linalg.inv(before + precisions[p])
        assert after == pytest.approx(covariance[own, own])
        assert after @ (before @ prior.others_mean[p] + pulls[p]) == pytest.approx(mean[own])
    assert prior.mean == pytest.approx(mean[mu])
    assert prior.mean_covariance == pytest.approx(covariance[mu, mu])


def test_whom_was_met_first_does_not_matter() -> None:
    _, pulls, precisions = population(5, 5.0, np.random.default_rng(4))
    a, b = (
        pooled_prior(pulls, precisions, HYPER),
        pooled_prior(pulls[::-1], precisions[::-1], HYPER),
    )
    assert a.covariance == pytest.approx(b.covariance)
    assert a.others_mean == pytest.approx(b.others_mean[::-1])


def test_who_is_like_the_others_is_drawn_to_them_and_who_is_not_is_left_alone() -> None:
    rng = np.random.default_rng(5)
    _, pulls, precisions = population(5, 1e3, rng)
    weak, far = 10.0 * np.eye(3), MU + 6.0
    pulls = np.r_[pulls, [weak @ MU], [weak @ far]]
    prior = pooled_prior(pulls, np.r_[precisions, [weak], [weak]], HYPER)
    assert prior.alike[5] < 0.8 and prior.alike[6] > 1.3
    without = prior.others_covariance[6] / prior.alike[6]
    own, centre = pulls[6], prior.others_mean[6]
    kept, drawn = (
        np.linalg.solve(weak + np.linalg.inv(c), own + np.linalg.solve(c, centre))
        for c in (prior.others_covariance[6], without)
    )
    assert np.linalg.norm(kept - far) < 0.95 * np.linalg.norm(drawn - far)


def test_the_estimate_of_somebody_is_near_the_exact_mixtures() -> None:
    """w integrated out by quantiles of its prior, each weighted by what it makes of the data."""
    _, pulls, precisions = population(5, 30.0, np.random.default_rng(6))
    pulls, precisions = np.r_[pulls, [3.0 * MU]], np.r_[precisions, [3.0 * np.eye(3)]]
    prior, p = pooled_prior(pulls, precisions, HYPER), 5
    d, mean = prior.freedom + 2.0, prior.others_mean[p]
    scale = prior.others_covariance[p] / prior.alike[p] * (d - 2.0) / d
    found, log_weight = [], []
    for w in gamma(0.5 * d, scale=2.0 / d).ppf((np.arange(400) + 0.5) / 400):
        before = w * np.linalg.inv(scale)
        after, pull = before + precisions[p], pulls[p] + before @ mean
        found.append(np.linalg.solve(after, pull))
        log_weight.append(
            0.5 * (np.linalg.slogdet(before)[1] - np.linalg.slogdet(after)[1])
            + 0.5 * (pull @ found[-1] - mean @ before @ mean)
        )
    weight = np.exp(np.array(log_weight) - max(log_weight))
    exact = weight @ np.array(found) / weight.sum()
    before = np.linalg.inv(prior.others_covariance[p])
    mine = np.linalg.solve(before + precisions[p], pulls[p] + before @ mean)
    plain = np.linalg.inv(prior.others_covariance[p] / prior.alike[p])
    gaussian = np.linalg.solve(plain + precisions[p], pulls[p] + plain @ mean)
    assert np.linalg.norm(mine - exact) < 0.8 * np.linalg.norm(gaussian - exact)


def test_nobody_narrows_what_is_believed_of_the_first_person_but_they() -> None:
    weak = np.diag([3.0, 0.0, 0.0])
    prior = pooled_prior(weak[None] @ MU, weak[None], HYPER)
    assert prior.alike == pytest.approx(np.ones(1))
    assert prior.others_covariance[0][1, 1] > 0.9 / PRIOR


@pytest.mark.parametrize("information", [0.0, 0.3, 1.0])
def test_after_five_well_known_people_a_sixths_intervals_are_honest(information: float) -> None:
    inside = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        theta, pulls, precisions = population(6, 100.0, rng)
        share = information / 100.0
        own = precisions[5] @ theta[5] * share
        own += np.linalg.cholesky(precisions[5] * share + 1e-12 * np.eye(3)) @ rng.normal(size=3)
        pulls, precisions = np.r_[pulls[:5], [own]], np.r_[precisions[:5], [share * precisions[5]]]
        prior = pooled_prior(pulls, precisions, HYPER)
        before = np.linalg.inv(prior.others_covariance[5])
        after = np.linalg.inv(before + precisions[5])
        mean = after @ (before @ prior.others_mean[5] + own)
        inside += list(np.abs(theta[5] - mean) < 1.96 * np.sqrt(np.diag(after)))
    assert np.mean(inside) >= 0.92


@pytest.mark.slow
@pytest.mark.parametrize("people", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("information", [3.0, 100.0])
@pytest.mark.parametrize("spread", [0.3, 3.0])
def test_intervals_cover_strangers_and_those_met(
    people: int, information: float, spread: float
) -> None:
    """200 populations: a stranger's interval covers at least 90 %, those met 95 % less luck."""
    strangers, met = [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        theta, pulls, precisions = population(people + 1, information, rng, spread * OMEGA)
        before = pooled_prior(pulls[:-1], precisions[:-1], HYPER)
        std = np.sqrt(np.diag(before.covariance))
        strangers += list(np.abs(theta[-1] - before.mean) < 1.96 * std)
        prior = pooled_prior(pulls, precisions, HYPER)
        for p in range(people + 1):
            known = np.linalg.inv(prior.others_covariance[p])
            after = np.linalg.inv(known + precisions[p])
            mean = after @ (known @ prior.others_mean[p] + pulls[p])
            met += list(np.abs(theta[p] - mean) < 1.96 * np.sqrt(np.diag(after)))
    assert np.mean(strangers) >= 0.9
    assert np.mean(met) >= 0.92
