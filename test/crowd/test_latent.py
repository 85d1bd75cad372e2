"""Points that stand for what was not seen exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.latent import draws
from bisirl_ros.crowd.offered import Choosable

CHOOSABLE = Choosable(gauss_disc(1.8, 9, 16), 1.8)


def beliefs(std: float, count: int = 6) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    mean = np.concatenate([rng.normal(0.0, 0.5, (count, 4)), rng.normal(0.0, 0.7, (count, 2))], -1)
    root = rng.normal(0.0, 1.0, (6, 6)) / math.sqrt(6.0)
    return mean, np.broadcast_to(std**2 * root @ root.T, (count, 6, 6))


def density(latent_mean: Array, std: float, sharp: float) -> Array:
    """log E exp(-|u - v|^2 / 2 sharp^2) under a belief with var std^2 of u and v, independent."""
    apart = latent_mean[:, 4:] - latent_mean[:, 2:4]
    total = 2.0 * std**2 + sharp**2
    return math.log(sharp**2 / total) - 0.5 * np.square(apart).sum(-1) / total


@pytest.mark.parametrize("std", [0.05, 0.12, 0.2, 0.35])
def test_the_points_integrate(std: float) -> None:
    mean, _ = beliefs(0.0)
    spread = np.zeros((len(mean), 6, 6))
    spread[:, range(2, 6), range(2, 6)] = std**2
    latent = draws(mean, spread, 5.0, 25, Choosable(gauss_disc(5.0, 25, 48), 5.0))
    off = np.square(latent.target - latent.state[:, :, None, 2:]).sum(-1)
    log_p = latent.log_share[..., None] + latent.log_weight - 0.5 * off / 0.4**2
    top = log_p.max((1, 2), keepdims=True)
    found = np.log(np.exp(log_p - top).sum((1, 2))) + top[:, 0, 0]
    assert found == pytest.approx(density(mean, std, 0.4), abs=0.03)


def test_without_spread_there_is_one_point() -> None:
    mean, spread = beliefs(0.0)
    latent = draws(mean, spread, 1.8, 9, CHOOSABLE)
    assert latent.state[:, 0] == pytest.approx(mean[:, :4])
    assert latent.target[:, 0, 0] == pytest.approx(mean[:, 4:])
    assert latent.target.shape == (6, 1, 1, 2)
    assert not latent.log_weight.any() and not latent.log_share.any()


@pytest.mark.parametrize("count", [1, 9])
def test_shapes_and_moments_of_the_points(count: int) -> None:
    mean, spread = beliefs(0.01)
    latent = draws(mean, spread, 9.0, count, CHOOSABLE)
    share = np.exp(latent.log_share)
    assert latent.state.shape == (6, count, 4)
    assert share.sum(-1) == pytest.approx(1.0)
    assert np.einsum("nq,nqi->ni", share, latent.state) == pytest.approx(mean[:, :4])
    weight = share[..., None] * np.exp(latent.log_weight)
    assert weight.sum((1, 2)) == pytest.approx(1.0)
    off = latent.target - mean[:, None, None, 4:]
    cov = np.einsum("nqm,nqmi,nqmj->nij", weight, off, off)
    assert cov == pytest.approx(np.array(spread[:, 4:, 4:]), rel=1e-6)


def test_targets_stay_on_the_disc_and_some_are_possible() -> None:
    mean = np.array([[0.0, 0.0, 0.0, 1.0, 0.0, speed] for speed in (1.7, 1.85, 2.1, 1.95)])
    spread = 0.01 * np.tile(np.eye(6), (4, 1, 1))
    spread[3] = 0.0
    latent = draws(mean, spread, 1.8, 1, CHOOSABLE)
    possible = np.isfinite(latent.log_weight)
    assert possible.any(-1).all()
    assert (np.linalg.norm(latent.target, axis=-1)[:3][possible[:3]] <= 1.8 + 1e-12).all()
    exact = latent.target[3, 0][possible[3, 0]]
    assert exact == pytest.approx(np.tile(mean[3, 4:], (len(exact), 1)))


@pytest.mark.parametrize("vague", [0.07, 0.1])
def test_a_narrow_choice_is_told_through_a_vague_report(vague: float) -> None:
    """The likeliest deviation of choices about going on is theirs, .03 m/s."""
    rng, true = np.random.default_rng(0), 0.03
    mean = np.zeros((1500, 6))
    mean[:, 2:4] = rng.uniform(-0.8, 0.8, (1500, 2))
    mean[:, 4:] = mean[:, 2:4] + np.hypot(true, vague) * rng.standard_normal((1500, 2))
    spread = np.zeros((1500, 6, 6))
    spread[:, (4, 5), (4, 5)] = vague**2
    latent = draws(mean, spread, 1.8, 1, Choosable(gauss_disc(1.8, 10, 22), 1.8))
    feature = [
        np.square(u - latent.state[:, :, None, 2:]).sum(-1)[..., None]
        for u in (latent.target, latent.offered.velocity)
    ]
    choices = Choices(
        feature[0], latent.log_weight, feature[1], latent.offered.log_area, latent.log_share
    )
    tried = np.array([0.015, 0.02, 0.03, 0.04, 0.06])
    values = [choices.value(np.array([-0.5 / std**2])) for std in tried]
    assert tried[int(np.argmin(values))] == true


def test_no_theta_makes_the_likelihood_grow_without_bound() -> None:
    """A peaked density between the candidates must not explain a vague report perfectly."""
    mean = np.array([[0.0, 0.0, 0.0, 1.0, 0.33, 0.71]])
    spread = 0.2**2 * np.eye(6)[None]
    latent = draws(mean, spread, 1.8, 1, CHOOSABLE)
    chosen, offered = (
        np.concatenate([u, np.square(u).sum(-1, keepdims=True)], -1)
        for u in (latent.target, latent.offered.velocity)
    )
    c = Choices(chosen, latent.log_weight, offered, latent.offered.log_area, latent.log_share)
    ways = np.random.default_rng(0).normal(size=(200, 3))
    most = max(float(c.log_density(scale * way)[0]) for way in ways for scale in (1.0, 30.0, 1e3))
    assert most <= -math.log(2.0 * math.pi * 0.04) + 1e-9
