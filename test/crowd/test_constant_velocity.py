"""The constant-velocity comparator: a proper density, and one that only looks back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.constant_velocity import ConstantVelocityReference
from bisirl_ros.crowd.decisions import Decisions


def batch(target: np.ndarray, velocity: np.ndarray) -> Decisions:
    """Decisions (T, 2) of somebody who walks at `velocity` (T, 2)."""
    count = len(target)
    return Decisions(
        robot=np.zeros((count, 6)),
        people=np.concatenate([np.zeros_like(velocity), velocity], -1)[:, None],
        present=np.ones((count, 1), bool),
        target=target[:, None],
        spread=np.zeros((count, 1, 6, 6)),
        identities=("ann",),
        route=np.zeros((count, 1, 2)),
        goals=np.array([[[9.0, 0.0]]]),
        log_belief=np.zeros((count, 1, 1)),
        policy_version=-1,
        step=np.arange(count),
    )


def test_density_integrates_to_one_and_peaks_at_the_present_velocity() -> None:
    axis = np.linspace(-3.0, 3.0, 241)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    velocity = np.array([0.7, -0.4])
    density = np.exp(
        ConstantVelocityReference().log_density(batch(grid, np.tile(velocity, (len(grid), 1))))
    )
    assert density.sum() * (axis[1] - axis[0]) ** 2 == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(grid[density.argmax()], velocity, atol=0.026)
    mean = (density[:, None] * grid).sum(0) / density.sum()
    np.testing.assert_allclose(mean, velocity, atol=1e-6)


def test_one_deviation_by_hand() -> None:
    # One standard deviation away, 2-D: log(exp(-1/2) / (2 pi s^2)) with s = 0.5.
    seen = batch(np.array([[0.5, 0.0]]), np.zeros((1, 2)))
    expected = -0.5 + np.log(2.0 / np.pi)
    assert ConstantVelocityReference(prior_std=0.5).log_density(seen)[0] == pytest.approx(expected)


def test_learns_the_spread_of_people() -> None:
    rng = np.random.default_rng(0)
    velocity = rng.normal(0.0, 1.0, (20000, 2))
    seen = batch(velocity + rng.normal(0.0, 0.17, velocity.shape), velocity)
    assert ConstantVelocityReference().update(seen).variance ** 0.5 == pytest.approx(0.17, rel=0.02)


def test_update_is_the_same_in_one_batch_or_two() -> None:
    rng = np.random.default_rng(1)
    target, velocity = rng.normal(size=(2, 30, 2))
    whole = ConstantVelocityReference().update(batch(target, velocity))
    first = ConstantVelocityReference().update(batch(target[:12], velocity[:12]))
    parts = first.update(batch(target[12:], velocity[12:]))
    assert parts.decisions == whole.decisions
    assert parts.variance == pytest.approx(whole.variance)


def test_update_changes_only_later_scores() -> None:
    steady = batch(np.full((10, 2), 0.6), np.full((10, 2), 0.6))
    before = ConstantVelocityReference()
    scored = before.log_density(steady)
    after = before.update(steady)
    np.testing.assert_array_equal(before.log_density(steady), scored)
    assert (after.log_density(steady) > scored).all()


def test_one_perfectly_steady_person_does_not_make_it_certain() -> None:
    steady = batch(np.full((10, 2), 0.6), np.full((10, 2), 0.6))
    swerve = batch(np.array([[0.6, 0.3]]), np.array([[0.6, 0.6]]))
    assert np.isfinite(ConstantVelocityReference().update(steady).log_density(swerve)).all()


@pytest.mark.parametrize(("std", "decisions"), [(0.0, 1.0), (0.3, 0.0), (float("nan"), 1.0)])
def test_a_prior_without_spread_is_refused(std: float, decisions: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ConstantVelocityReference(prior_std=std, prior_decisions=decisions)


def test_only_choices_that_are_known_are_scored() -> None:
    seen = batch(np.full((5, 2), 0.6), np.zeros((5, 2)))
    present = np.array([True, True, False, True, True])[:, None]
    target = seen.target.copy()
    target[4] = np.nan
    some = replace(seen, present=present, target=target)
    reference = ConstantVelocityReference()
    assert len(reference.log_density(some)) == len(some) == 3
    assert reference.update(some).decisions == 3
    assert reference.update(some).squared == pytest.approx(3 * 0.72)
