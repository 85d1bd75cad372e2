"""A robot's twist by its poses."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.importing.twist import twists


def straight(time_s: np.ndarray) -> np.ndarray:
    """A robot that drives along its heading of 2 rad at 0.8 m/s."""
    way = 0.8 * time_s
    return np.stack([time_s, way * np.cos(2.0), way * np.sin(2.0), np.full(len(way), 2.0)], -1)


@pytest.mark.parametrize("step_s", [0.01, 0.1, 0.5])
def test_along_the_heading_at_any_rate(step_s: float) -> None:
    time_s = step_s * np.arange(30)
    np.testing.assert_allclose(
        twists(straight(time_s)), np.tile((0.8, 0.0, 0.0), (30, 1)), atol=1e-9
    )


def test_a_gap_is_no_motion() -> None:
    robot = straight(0.1 * np.arange(30))
    robot[15:, 0] += 5.0
    robot[15:, 1:3] += 40.0
    np.testing.assert_allclose(twists(robot)[:, 0], 0.8, atol=1e-9)


def test_a_full_turn_is_no_spin() -> None:
    time_s = 0.1 * np.arange(60)
    yaw = 1.5 * time_s
    robot = np.stack([time_s, 0.0 * yaw, 0.0 * yaw, np.arctan2(np.sin(yaw), np.cos(yaw))], -1)
    np.testing.assert_allclose(twists(robot)[:, 2], 1.5, atol=1e-9)


def test_one_pose_alone_stands() -> None:
    np.testing.assert_array_equal(twists(np.array([[0.0, 1.0, 2.0, 3.0]])), np.zeros((1, 3)))
