"""Recorded drives: cleaned, made of poses, refused in one line where too little."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.calibrate.driving import WINDOW_S, Driving
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

COMMAND_TIME = np.arange(0.0, 10.0, 0.05)
COMMAND = np.zeros((200, 3))


def arc(time: Array, speed: float, sideways: float, turn: float) -> Array:
    """Poses (N, 3) of constant body velocities, across the seam of yaw."""
    yaw = 3.0 + turn * time
    x = (speed * np.sin(yaw) + sideways * np.cos(yaw)) / turn
    y = (-speed * np.cos(yaw) + sideways * np.sin(yaw)) / turn
    return np.stack([x, y, np.angle(np.exp(1j * yaw))], -1)


@pytest.mark.parametrize("rate_hz", [10.0, 50.0])
def test_poses_give_the_velocities_in_the_robots_frame(rate_hz: float) -> None:
    time = np.arange(0.0, 10.0, 1.0 / rate_hz)
    driving = Driving.from_poses(COMMAND_TIME, COMMAND, time, arc(time, 0.8, -0.3, 0.5))
    assert driving.velocity == pytest.approx(
        np.broadcast_to([0.8, -0.3, 0.5], driving.velocity.shape), rel=1e-3
    )
    assert driving.window_s == pytest.approx(np.full(len(driving.time), WINDOW_S))
    assert np.diff(driving.time).min() > 0.0


def test_rows_are_sorted_and_those_that_are_no_numbers_left_out() -> None:
    time = np.arange(0.0, 10.0, 0.1)
    velocity = np.stack([time, 0.0 * time, 0.0 * time], -1)
    velocity[3, 1] = np.nan
    order = np.random.default_rng(0).permutation(len(time))
    twice = np.concatenate([order, order[:5]])
    driving = Driving.of(COMMAND_TIME[::-1], COMMAND, time[twice], velocity[twice])
    assert driving.time == pytest.approx(np.delete(time, 3))
    assert driving.velocity[:, 0] == pytest.approx(driving.time)
    assert driving.command_time == pytest.approx(COMMAND_TIME)
    assert driving.length_s == pytest.approx(9.9)


@pytest.mark.parametrize(
    ("commands", "velocities", "start_s", "words"),
    [
        (5, 200, 0.0, "5 commands; at least 20"),
        (200, 9, 0.0, "9 velocities; at least 50"),
        (0, 0, 0.0, "0 commands"),
        (200, 200, 7.0, "overlap for 3.0 s"),
        (200, 200, 1e9, "overlap for 0.0 s; at least 5 s are needed, record both at once"),
    ],
)
def test_too_little_is_one_line(commands: int, velocities: int, start_s: float, words: str) -> None:
    time = start_s + np.arange(velocities) * 0.05
    with pytest.raises(InputError, match=words) as caught:
        Driving.of(COMMAND_TIME[:commands], COMMAND[:commands], time, np.zeros((velocities, 3)))
    assert "\n" not in str(caught.value)
