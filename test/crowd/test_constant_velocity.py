"""The constant-velocity comparator: a proper density, and one that only looks back."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.crowd.constant_velocity import ConstantVelocity
from bisirl_ros.crowd.interactions import Interactions


def batch(target: np.ndarray, velocity: np.ndarray) -> Interactions:
    """Decisions (T, 2) for people who walk at `velocity` (T, 2)."""
    human = np.concatenate([np.zeros_like(velocity), velocity], -1)
    return Interactions(human, np.zeros((len(human), 5)), target, np.array([9.0, 0.0]), -1)


def test_density_integrates_to_one_and_peaks_at_the_present_velocity() -> None:
    axis = np.linspace(-3.0, 3.0, 241)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    velocity = np.array([0.7, -0.4])
    density = np.exp(ConstantVelocity().log_density(batch(grid, np.tile(velocity, (len(grid), 1)))))
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(grid[density.argmax()], velocity, atol=0.026)
    mean = (density[:, None] * grid).sum(0) / density.sum()
    np.testing.assert_allclose(mean, velocity, atol=1e-6)


def test_one_deviation_by_hand() -> None:
    # One standard deviation away, 2-D: log(exp(-1/2) / (2 pi s^2)) with s = 0.5.
    seen = batch(np.array([[0.5, 0.0]]), np.zeros((1, 2)))
    expected = -0.5 + np.log(2.0 / np.pi)
    assert ConstantVelocity(prior_std=0.5).log_density(seen)[0] == pytest.approx(expected)


def test_learns_the_spread_of_people() -> None:
    rng = np.random.default_rng(0)
    velocity = rng.normal(0.0, 1.0, (20000, 2))
    seen = batch(velocity + rng.normal(0.0, 0.17, velocity.shape), velocity)
    assert ConstantVelocity().update(seen).variance ** 0.5 == pytest.approx(0.17, rel=0.02)


def test_update_is_the_same_in_one_batch_or_two() -> None:
    rng = np.random.default_rng(1)
    target, velocity = rng.normal(size=(2, 30, 2))
    whole = ConstantVelocity().update(batch(target, velocity))
    first = ConstantVelocity().update(batch(target[:12], velocity[:12]))
    parts = first.update(batch(target[12:], velocity[12:]))
    assert parts.decisions == whole.decisions
    assert parts.variance == pytest.approx(whole.variance)


def test_update_changes_only_later_scores() -> None:
    steady = batch(np.full((10, 2), 0.6), np.full((10, 2), 0.6))
    before = ConstantVelocity()
    scored = before.log_density(steady)
    after = before.update(steady)
    np.testing.assert_array_equal(before.log_density(steady), scored)
    assert (after.log_density(steady) > scored).all()


def test_one_perfectly_steady_person_does_not_make_it_certain() -> None:
    steady = batch(np.full((10, 2), 0.6), np.full((10, 2), 0.6))
    swerve = batch(np.array([[0.6, 0.3]]), np.array([[0.6, 0.6]]))
    assert np.isfinite(ConstantVelocity().update(steady).log_density(swerve)).all()


@pytest.mark.parametrize(("std", "decisions"), [(0.0, 1.0), (0.3, 0.0), (float("nan"), 1.0)])
def test_a_prior_without_spread_is_refused(std: float, decisions: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ConstantVelocity(prior_std=std, prior_decisions=decisions)
