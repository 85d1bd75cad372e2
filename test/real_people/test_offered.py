"""The offered velocities integrate what people's densities look like."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.offered import Design, Offered
from bisirl_ros.real_people.offered import offered

MAX_SPEED = 2.5
VELOCITY = np.array([[0.0, 0.0], [1.2, 0.0], [-0.4, 0.5], [0.0, -1.8]])
OFFERED = offered(VELOCITY, MAX_SPEED)


def integral(of: Offered, density: Array) -> Array:
    return np.asarray((density * np.exp(of.log_area)).sum(-1))


@pytest.mark.parametrize(
    ("std", "off"),
    [(0.05, (0, 0)), (0.1, (0, 0)), (0.1, (0.1, 0)), (0.25, (0.1, -0.1)), (0.25, (-0.3, 0.2))],
)
def test_a_gaussian_about_the_way_they_walk(std: float, off: tuple[float, float]) -> None:
    found = [
        multivariate_normal(mean, std**2 * np.eye(2)).pdf(offers)
        for mean, offers in zip(VELOCITY + off, OFFERED.velocity, strict=True)
    ]
    inside = np.linalg.norm(VELOCITY, axis=-1) + 3.0 * std < MAX_SPEED
    assert inside.sum() >= 3
    assert integral(OFFERED, np.array(found))[inside] == pytest.approx(1.0, abs=0.03)


def test_a_heavy_tail_on_the_disc() -> None:
    """A bivariate t with two degrees of freedom, about standing: in closed form."""
    scale = 0.1
    far = np.square(OFFERED.velocity).sum(-1) / (2.0 * scale**2)
    density = 1.0 / (2.0 * np.pi * scale**2 * (1.0 + far) ** 2)
    within = 1.0 - 1.0 / (1.0 + MAX_SPEED**2 / (2.0 * scale**2))
    assert integral(OFFERED, density) == pytest.approx(within, abs=0.03)


def test_the_disc_has_about_its_area() -> None:
    """Nobody chooses anything alike; far from where people choose, few points stand for much."""
    area = np.exp(OFFERED.log_area).sum(-1)
    assert area == pytest.approx(np.pi * MAX_SPEED**2, rel=0.45)


def test_who_stops_is_a_spike_that_is_seen() -> None:
    spike = np.exp(-0.5 * np.square(OFFERED.velocity).sum(-1) / 0.05**2)
    assert integral(OFFERED, spike) == pytest.approx(2.0 * np.pi * 0.05**2, rel=0.05)


def test_who_goes_on_or_stands_exactly_is_a_spike_that_is_seen() -> None:
    """As narrow as a centimetre's rounding: a t with two degrees of freedom, in closed form."""
    scale = 0.01
    for about in (VELOCITY, 0.0 * VELOCITY):
        far = np.square(OFFERED.velocity - about[:, None]).sum(-1) / (2.0 * scale**2)
        density = 1.0 / (2.0 * np.pi * scale**2 * (1.0 + far) ** 2)
        assert integral(OFFERED, density) == pytest.approx(1.0, abs=0.03)


def test_beyond_the_fastest_nothing_is_chosen() -> None:
    speed = np.linalg.norm(OFFERED.velocity, axis=-1)
    np.testing.assert_array_equal(np.isinf(OFFERED.log_area), speed > MAX_SPEED)
    assert (speed > MAX_SPEED).any()


def test_counts() -> None:
    found = offered(VELOCITY, MAX_SPEED, ((1.0, Design(0.15, 30)), (0.0, Design(0.08, 10))))
    assert found.velocity.shape == (4, 42, 2) and found.log_area.shape == (4, 42)
    assert np.median(found.velocity[:, :31], axis=1) == pytest.approx(VELOCITY, abs=0.1)
    assert np.median(found.velocity[:, 31:], axis=1) == pytest.approx(0.0 * VELOCITY, abs=0.1)
