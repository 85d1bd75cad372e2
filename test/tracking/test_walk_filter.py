"""Where somebody is right now: against filterpy's filter, and for as long as they like."""

import numpy as np
from filterpy.kalman import KalmanFilter
from numpy.testing import assert_allclose

from bisirl_ros.tracking.walk_filter import (
    ACCELERATION,
    FIRST_SPEED,
    FLOOR,
    UNTOLD_M,
    WalkFilter,
)


def walked(rng, count):
    """Times, places and velocities of somebody who goes round, told at irregular times."""
    times = 100.0 + np.cumsum(rng.uniform(0.03, 0.07, count))
    way = np.stack([np.cos(times), np.sin(times)], -1)
    return times, way, np.stack([-way[:, 1], way[:, 0]], -1)


def spread(rng):
    """A covariance (2, 2), tilted."""
    root = 0.1 * rng.standard_normal((2, 2))
    return root @ root.T


def test_believes_what_filterpys_kalman_filter_does():
    rng = np.random.default_rng(0)
    times, places, velocities = walked(rng, 200)
    ours, theirs = WalkFilter(), KalmanFilter(4, 4)
    theirs.P = np.diag([1.0, 1.0, FIRST_SPEED**2, FIRST_SPEED**2])
    theirs.H = np.eye(4)
    last_s = None
    for time_s, place, velocity in zip(times, places, velocities, strict=True):
        dt_s, last_s = time_s - (last_s or time_s), time_s
        theirs.F = np.eye(4) + dt_s * np.eye(4, k=2)
        block = [[dt_s**3 / 3.0, dt_s**2 / 2.0], [dt_s**2 / 2.0, dt_s]]
        theirs.Q = ACCELERATION**2 * np.kron(block, np.eye(2))
        seen = np.concatenate([place, velocity]) + 0.05 * rng.standard_normal(4)
        if dt_s == 0.0:
            theirs.x = np.array([*seen[:2], 0.0, 0.0])
        of_place, of_velocity = spread(rng), spread(rng)
        ours.take(time_s, seen[:2], seen[2:], of_place, of_velocity)
        theirs.R = np.zeros((4, 4))
        theirs.R[:2, :2] = of_place + FLOOR * np.eye(2)
        theirs.R[2:, 2:] = of_velocity + FLOOR * np.eye(2)
        if dt_s > 0.0:
            theirs.predict()
        theirs.update(seen)
        assert_allclose(ours.mean, theirs.x, atol=1e-9)
        assert_allclose(ours.covariance, theirs.P, atol=1e-9)


def test_reports_that_are_exact_are_believed_for_hours():
    times, places, velocities = walked(np.random.default_rng(1), 20_000)
    belief, exact = WalkFilter(), 1e-12 * np.eye(2)
    for time_s, place, velocity in zip(times, places, velocities, strict=True):
        belief.take(time_s, place, velocity, exact, exact)
        assert_allclose(belief.mean, [*place, *velocity], atol=1e-5)
    assert_allclose(belief.covariance, belief.covariance.T, atol=1e-20)


def test_a_velocity_that_is_not_told_is_learned_from_places():
    times, places, velocities = walked(np.random.default_rng(2), 200)
    belief = WalkFilter()
    for time_s, place in zip(times, places, strict=True):
        belief.take(time_s, place, None)
    assert_allclose(belief.mean[:2], places[-1], atol=UNTOLD_M)
    assert_allclose(belief.mean[2:], velocities[-1], atol=0.2)
