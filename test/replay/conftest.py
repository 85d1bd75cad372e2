"""A recording of a robot that is no robot of ours, and of somebody who walks around it."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rosbags", reason="needs rosbags")

from bisirl_ros.bags.library import message
from bisirl_ros.bags.writing import BagWriter

START_S = 1000.0
ODOM, STEP_S, PERSON_EVERY = "nav_msgs/msg/Odometry", 0.05, 2


def stamp(time_s: float) -> Any:
    """As a message."""
    nanoseconds = round(time_s * 1e9)
    fields = {"sec": nanoseconds // 10**9, "nanosec": nanoseconds % 10**9}
    return message("builtin_interfaces/msg/Time", **fields)


def vector(kind: str, **values: float) -> Any:
    """Of geometry_msgs; what is not given is zero."""
    names = "xyzw" if kind == "Quaternion" else "xyz"
    return message(f"geometry_msgs/msg/{kind}", **{n: float(values.get(n, 0.0)) for n in names})


def odometry(
    place: tuple[float, float], yaw: float, speed: float, child: str, time_s: float
) -> Any:
    """Of whoever is at a place [m], and goes ahead at a speed [m/s]."""
    header = message("std_msgs/msg/Header", stamp=stamp(time_s), frame_id="odom")
    turn = vector("Quaternion", z=math.sin(yaw / 2.0), w=math.cos(yaw / 2.0))
    pose = message(
        "geometry_msgs/msg/Pose", position=vector("Point", x=place[0], y=place[1]), orientation=turn
    )
    twist = message(
        "geometry_msgs/msg/Twist", linear=vector("Vector3", x=speed), angular=vector("Vector3")
    )
    zero = np.zeros(36)
    return message(
        ODOM,
        header=header,
        child_frame_id=child,
        pose=message("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=zero),
        twist=message("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=zero),
    )


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Path]:
    """Writes a bag of so many seconds; late_s: how much older than their receipt stamps are."""

    def write(
        seconds: float = 45.0, late_s: float = 0.01, people: str = "/people/odom", name: str = "bag"
    ) -> Path:
        path, rng = tmp_path / name, np.random.default_rng(0)
        with BagWriter(path) as bag:
            for topic in ("/odom", people):
                bag.topic(topic, ODOM)
            y, yaw = -3.0, 0.5 * math.pi
            for step in range(round(seconds / STEP_S)):
                time_s = START_S + step * STEP_S
                received_ns = round((time_s + late_s) * 1e9)
                at = (-2.5 + 0.5 * ((step * STEP_S) % 10.0), 0.0)
                bag.tell("/odom", received_ns, odometry(at, 0.0, 0.5, "base_link", time_s))
                speed = 1.2 + 0.1 * rng.standard_normal() - 0.4 * (abs(y) < 0.5)
                y += speed * STEP_S * math.sin(yaw)
                yaw = -yaw if abs(y) > 3.2 else yaw
                if step % PERSON_EVERY == 0:
                    walker = odometry((0.2, y), yaw, speed, "anna", time_s)
                    bag.tell(people, received_ns, walker)
        return path

    return write
