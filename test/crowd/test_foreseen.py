"""What people foresee of a robot on record."""

from __future__ import annotations

import numpy as np

from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, FITTED, REALISED, Onlooker
from bisirl_ros.tracking.samples import Samples


def test_what_is_foreseen_of_a_recorded_robot() -> None:
    """Realised: where it was; at constant velocity: straight on, whatever it did then."""
    times = np.arange(0.0, 8.0, 0.1)
    angles = 0.5 * times
    states = np.stack(
        [np.sin(angles), 1.0 - np.cos(angles), angles, 0.5 + 0 * times, 0 * times, 0.5 + 0 * times],
        -1,
    )
    robot = Samples(list(zip(times.tolist(), states, strict=True)), 0.5)
    now, ahead = np.array([1.0, 2.0]), np.array([0.0, 0.4, 2.0])
    real, straight = (
        Onlooker(how, ahead).foresee(robot, now) for how in (REALISED, CONSTANT_VELOCITY)
    )
    np.testing.assert_allclose(real[:, 0, :5], straight[:, 0, :5])
    np.testing.assert_allclose(
        real[:, 2, :2], np.stack([np.sin(0.5 * now + 1.0), 1.0 - np.cos(0.5 * now + 1.0)], -1),
        atol=1e-3,
    )  # fmt: skip
    heading = np.stack([np.cos(0.5 * now), np.sin(0.5 * now)], -1)
    np.testing.assert_allclose(straight[:, 2, :2], real[:, 0, :2] + 2.0 * 0.5 * heading, atol=1e-6)
    assert np.linalg.norm(real[:, 2, :2] - straight[:, 2, :2], axis=-1).min() > 0.3


def rounds(turn: float, speed: float, until_s: float = 40.0) -> Samples:
    """A robot that goes round, and rolls out: each second its speed falls by a tenth."""
    times = np.arange(0.0, until_s, 0.05)
    speeds = speed * 0.9**times
    yaw = turn * times
    steps = 0.05 * speeds[:, None] * np.stack([np.cos(yaw), np.sin(yaw)], -1)
    zero = np.zeros_like(times)
    states = np.column_stack([np.cumsum(steps, 0) - steps, yaw, speeds, zero, zero + turn])
    return Samples(list(zip(times.tolist(), states, strict=True)), 0.5)


def test_how_a_robot_goes_on_is_fitted_to_what_was_seen_of_such_robots() -> None:
    """Nothing was seen: straight on; later near to where it is, however it turns."""
    ahead, now = np.arange(4.0), np.array([1.0, 3.0])
    robot = rounds(0.2, 1.0)
    unseen = Onlooker(FITTED, ahead)
    straight = Onlooker(CONSTANT_VELOCITY, ahead).foresee(robot, now)
    np.testing.assert_allclose(unseen.foresee(robot, now), straight)
    for turn in (-0.3, -0.1, 0.1, 0.3):
        for speed in (0.6, 1.4):
            unseen.watch(rounds(turn, speed))
    real = Onlooker(REALISED, ahead).foresee(robot, now)[..., :2]
    off, before = unseen.foresee(robot, now)[..., :2] - real, straight[..., :2] - real
    assert np.linalg.norm(off, axis=-1)[:, 1:].max() < 0.2
    assert (np.linalg.norm(off, axis=-1) < 0.3 * np.linalg.norm(before, axis=-1))[:, 2:].all()
