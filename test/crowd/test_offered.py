"""What might have been chosen integrates narrow and wide choices alike."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import LIKELIHOOD_GRID, STANDING, gauss_disc
from bisirl_ros.crowd.choices import log_sum
from bisirl_ros.crowd.offered import Choosable

MAX_SPEED = 1.8
EVEN = gauss_disc(MAX_SPEED, *LIKELIHOOD_GRID)
RNG = np.random.default_rng(0)
WALKING = np.array([[0.9, 0.2], [-0.5, 0.8], [0.0, -1.2], [0.4, -0.3], [1.3, 0.0]])


def log_integral(mean: Array, std: float, chosen: Array) -> Array:
    """Of a Gaussian that is not normalised, by what is offered: (N,)."""
    found = Choosable(EVEN, MAX_SPEED).offered(WALKING, chosen)
    off = np.square(found.velocity - mean[:, None]).sum(-1)
    return np.asarray(log_sum(found.log_area - 0.5 * off / std**2))


@pytest.mark.parametrize("std", [0.02, 0.05, 0.1, 0.15])
@pytest.mark.parametrize("off", [0.0, 0.3])
def test_a_narrow_choice_wherever_it_is(std: float, off: float) -> None:
    """About going on, and off it where it was chosen: even points alone miss it by nats."""
    mean = (1.0 - off / np.linalg.norm(WALKING, axis=-1, keepdims=True)) * WALKING
    chosen = mean + std * RNG.standard_normal(mean.shape)
    exact = np.log(2.0 * np.pi * std**2)
    assert log_integral(mean, std, chosen) == pytest.approx(exact, abs=0.25)
    assert log_integral(mean, std, chosen).mean() == pytest.approx(exact, abs=0.06)


def test_a_narrow_choice_about_going_on_that_somebody_did_not_make() -> None:
    """Or a reward under which everybody goes on would explain whoever turns."""
    chosen = WALKING + np.array([0.2, -0.2])
    found = log_integral(WALKING, 0.02, chosen)
    assert found == pytest.approx(np.log(2.0 * np.pi * 0.02**2), abs=0.3)


def test_what_was_done_exactly_is_offered() -> None:
    found = Choosable(EVEN, MAX_SPEED).offered(WALKING, 0.5 * WALKING)
    for centre in (WALKING, 0.5 * WALKING):
        off = np.linalg.norm(found.velocity - centre[:, None], axis=-1)
        assert (np.isfinite(found.log_area) & (off < 1e-12)).any(-1).all()


@pytest.mark.parametrize("speed", [1.7, 1.9, 2.2, 2.5])
def test_faster_than_anybody(speed: float) -> None:
    """Who is pushed beyond the disc may choose what is nearest on it."""
    walking = speed * np.array([[1.0, 0.0], [0.6, 0.8]])
    found = Choosable(EVEN, MAX_SPEED).offered(walking, walking)
    edge = walking / speed * min(speed, MAX_SPEED)
    disc = np.linspace(-3.0, 3.0, 2401)
    for n, mean in enumerate(edge):
        value = np.square(found.velocity[n] - mean).sum(-1) / (2.0 * 0.05**2)
        grid = np.stack(np.meshgrid(disc, disc, indexing="ij"), -1).reshape(-1, 2)
        grid = grid[np.linalg.norm(grid, axis=-1) <= MAX_SPEED]
        exact = np.exp(-np.square(grid - mean).sum(-1) / (2.0 * 0.05**2)).sum() * 0.0025**2
        assert log_sum(found.log_area[n] - value) == pytest.approx(np.log(exact), abs=0.25)


@pytest.mark.parametrize("std", [0.4, 1.0, 5.0])
def test_a_wide_choice(std: float) -> None:
    disc = gauss_disc(MAX_SPEED, 60, 120)
    off = np.square(disc.velocity.numpy() - 0.5 * WALKING[:, None]).sum(-1)
    exact = log_sum(disc.log_area.numpy() - 0.5 * off / std**2)
    chosen = 0.5 * WALKING + 0.3 * RNG.standard_normal(WALKING.shape)
    assert log_integral(0.5 * WALKING, std, chosen) == pytest.approx(exact, abs=0.02)


def test_to_stand_is_one_candidate_and_too_fast_is_none() -> None:
    slow = np.array([[0.0, 0.0], [0.05, 0.0], [1.75, 0.0]])
    found = Choosable(EVEN, MAX_SPEED).offered(slow, slow)
    speed = np.linalg.norm(found.velocity, axis=-1)
    possible = np.isfinite(found.log_area)
    assert not found.velocity[:, 0].any() and possible[:, 0].all()
    assert found.log_area[:, 0] == pytest.approx(np.log(np.pi * STANDING**2))
    assert ((speed[:, 1:] >= STANDING) & (speed[:, 1:] <= MAX_SPEED))[possible[:, 1:]].all()
    assert not possible[:, 1:].all(-1).any()
    assert np.exp(found.log_area).sum(-1) == pytest.approx(np.pi * MAX_SPEED**2, rel=0.02)


def test_of_several_states_each_has_its_own() -> None:
    states = RNG.normal(0.0, 0.5, (4, 3, 2))
    found = Choosable(EVEN, MAX_SPEED).offered(states, 0.0 * states + [1.0, 0.0])
    alone = Choosable(EVEN, MAX_SPEED).offered(states[2], 0.0 * states[2] + [1.0, 0.0])
    assert found.velocity.shape[:2] == (4, 3) == found.log_area.shape[:2]
    np.testing.assert_array_equal(found.log_area[2], alone.log_area)
