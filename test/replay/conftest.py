"""A recording of a robot that is no robot of ours, and of somebody who walks around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="needs rosbags")

from bisirl_ros.bags.messages import ODOMETRY, odometry
from bisirl_ros.bags.writing import BagWriter

START_S = 1000.0
STEP_S, PERSON_EVERY = 0.05, 2


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Writes a bag of so many seconds; late_s: how much older than their receipt stamps are."""

    def write(
        seconds: float = 45.0, late_s: float = 0.01, people: str = "/people/odom", name: str = "bag"
    ) -> Path:
        path, rng = tmp_path / name, np.random.default_rng(0)
        with BagWriter(path) as bag:
            for topic in ("/odom", people):
                bag.topic(topic, ODOMETRY)
            y, yaw = -3.0, 0.5 * math.pi
            for step in range(round(seconds / STEP_S)):
                stamp_ns = round((START_S + step * STEP_S) * 1e9)
                received_ns, x = stamp_ns + round(late_s * 1e9), -2.5 + (0.5 * step * STEP_S) % 5.0
                robot = odometry(stamp_ns, "base_link", (x, 0.0, 0.0), (0.5, 0.0, 0.0))
                bag.tell("/odom", received_ns, robot)
                speed = 1.2 + 0.1 * rng.standard_normal() - 0.4 * (abs(y) < 0.5)
                y += speed * STEP_S * math.sin(yaw)
                yaw = -yaw if abs(y) > 3.2 else yaw
                if step % PERSON_EVERY == 0:
                    walker = odometry(stamp_ns, "anna", (0.2, y, yaw), (speed, 0.0, 0.0))
                    bag.tell(people, received_ns, walker)
        return path

    return write
