"""A recording of a crossing that never took place: a robot, two people, episodes of 8 s."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bisirl_ros.bags.library import message
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.core.arrays import Array

START_NS = 1_760_000_000_000_000_000
EPISODE_S, PAUSE_S, STEP_S = 8.0, 2.0, 0.05
FEATURES = ("progress", "proximity", "velocity_change", "speed_deviation")
TRUTH = {"person_0": [1.5, -3.4, -0.5, -0.4], "person_1": [1.3, -1.2, -0.45, -0.5]}
GOALS = {"person_0": [[0.0, 3.6]], "person_1": [[1.6, -3.6]]}
STARTS = {"person_0": [0.0, -3.4], "person_1": [1.6, 3.8]}
Said = tuple[float, str, Any]
"""When [s], on which topic, what."""
KINDS = {
    "odom": "nav_msgs/msg/Odometry",
    "people/odom": "nav_msgs/msg/Odometry",
    "cmd_vel": "geometry_msgs/msg/TwistStamped",
    "predicted_motion": "visualization_msgs/msg/MarkerArray",
    "episode": "std_msgs/msg/String",
    "learning": "std_msgs/msg/String",
    "bisirl_node/intervention": "std_msgs/msg/String",
    "people/truth": "std_msgs/msg/String",
}


def write_crossing(path: Path, duration_s: float = 40.0, namespace: str = "") -> Path:
    """Write the bag and return its path."""
    with BagWriter(path) as writer:
        for topic, kind in KINDS.items():
            writer.topic(f"{namespace}/{topic}", kind)
        for time_s, topic, said in crossing(duration_s):
            writer.tell(f"{namespace}/{topic}", START_NS + round(time_s * 1e9), said)
    return path


def crossing(duration_s: float) -> Iterator[Said]:
    """What is said, in order of time."""
    rng, cycle_s = np.random.default_rng(0), EPISODE_S + PAUSE_S
    robot, people, why = np.zeros(3), {}, ""
    for tick in range(round(duration_s / STEP_S)):
        time_s = tick * STEP_S
        number, since_s = divmod(time_s + 1e-9, cycle_s)
        if since_s < STEP_S:
            robot = np.array([-2.5, rng.uniform(-0.3, 0.3), 0.0])
            people = {name: np.array([*at, 0.0, 0.0]) for name, at in STARTS.items()}
            yield time_s, "episode", _episode("started", int(number), time_s)
        running = since_s < EPISODE_S
        if abs(since_s - EPISODE_S) < STEP_S / 2:
            yield time_s, "episode", _episode("finished", int(number), time_s)
            yield time_s, "learning", _learning(int(number))
        near = min(np.hypot(*(p[:2] - robot[:2])) for p in people.values())
        asked = 0.9 * (robot[0] < 2.4) * running
        sent = min(asked, 0.25) if near < 1.1 else asked
        if (new := "separation" if sent < asked else "") != why:
            why = new
            yield time_s, "bisirl_node/intervention", _intervention(why)
        robot = robot + STEP_S * np.array([sent, 0.0, -0.8 * robot[2]])
        yield time_s, "cmd_vel", _command(time_s, sent)
        yield time_s, "odom", odometry(time_s, robot, [sent, 0.0], "base_link")
        for name, state in people.items():
            _walk(state, np.array(GOALS[name][0]), robot, running)
            if tick % 2 == 0:
                seen = state[:2] + rng.normal(0.0, 0.02, 2)
                yield time_s, "people/odom", _person(time_s, name, seen, state[2:])
        if tick % 10 == 0 and running and number:
            yield time_s, "predicted_motion", _fans(time_s, people)
    yield duration_s, "people/truth", _json({"schema": "bisirl.truth/2", "theta": TRUTH})


def _walk(state: Array, goal: Array, robot: Array, running: bool) -> None:
    """Towards the goal, and round the robot; in place."""
    way, off = goal - state[:2], state[:2] - robot[:2]
    wish = 1.1 * way / max(float(np.hypot(*way)), 0.4) * running
    wish = wish + 1.4 * off / np.hypot(*off) * math.exp(-float(off @ off)) * running
    state[2:] += STEP_S / 0.3 * (wish - state[2:])
    state[:2] += STEP_S * state[2:]


def _episode(event: str, number: int, time_s: float) -> Any:
    record = {"schema": "bisirl.episode/2", "event": event, "episode": number, "stamp_s": time_s}
    more = {"route": [[2.5, 0.0]], "goals": GOALS, "outcome": "arrived"}
    return _json({**record, **more})


def _learning(number: int) -> Any:
    people = {}
    for i, (name, true) in enumerate(TRUTH.items()):
        std = np.array([0.5, 2.0, 0.7, 0.4]) / (1 + number)
        theta = np.array(true) + 0.6 * std * np.array([1, -1, 1, -1]) * (-1) ** (i + number)
        how = "keeps further to the left" if i == 1 and number == 2 else None
        told = {"log_evidence": 0.0, "how": how}
        people[name] = {"theta": theta.tolist(), "std": std.tolist(), "misfit": told}
    drifted = {"person_0": 1} if number == 3 else {}
    record = {"schema": "bisirl.learning/2", "episode": number, "features": FEATURES}
    return _json({**record, "people": people, "drifted": drifted})


def _intervention(why: str) -> Any:
    return _json({"schema": "bisirl.intervention/1", "why": why, "reaction": "drive"})


def _json(record: dict[str, Any]) -> Any:
    return message("std_msgs/msg/String", data=json.dumps(record))


def _command(time_s: float, speed: float) -> Any:
    kind = "geometry_msgs/msg/TwistStamped"
    return message(kind, header=_header(time_s), twist=_twist(speed, 0.0))


def _person(time_s: float, name: str, place: Array, velocity: Array) -> Any:
    yaw = math.atan2(velocity[1], velocity[0])
    pose = np.array([*place, yaw])
    return odometry(time_s, pose, [float(np.hypot(*velocity)), 0.0], name, 0.006)


def odometry(
    time_s: float, pose: Array, velocity: list[float], child: str, variance: float = 0.0
) -> Any:
    """pose: x, y [m], yaw [rad]; velocity: in the body's own frame [m/s]."""
    spread = np.zeros(36)
    spread[0], spread[7], spread[1], spread[6] = variance, 2 * variance, *[0.4 * variance] * 2
    posed = message("geometry_msgs/msg/PoseWithCovariance", pose=_pose(pose), covariance=spread)
    moving = message(
        "geometry_msgs/msg/TwistWithCovariance", twist=_twist(*velocity), covariance=np.zeros(36)
    )
    return message(
        KINDS["odom"], header=_header(time_s), child_frame_id=child, pose=posed, twist=moving
    )


def _fans(time_s: float, people: dict[str, Array]) -> Any:
    markers = []
    for name, state in people.items():
        for i, turn in enumerate(np.linspace(-0.6, 0.6, 7)):
            ahead = np.linspace(0.0, 2.4, 9)[:, None]
            cos, sin = math.cos(turn), math.sin(turn)
            go = np.array([cos * state[2] - sin * state[3], sin * state[2] + cos * state[3]])
            path = state[:2] + ahead * go
            markers.append(_line(time_s, name, i, path, math.exp(-6.0 * turn**2)))
    return message(KINDS["predicted_motion"], markers=markers)


def _line(time_s: float, name: str, number: int, path: Array, strength: float) -> Any:
    point = "geometry_msgs/msg/Point"
    return message(
        "visualization_msgs/msg/Marker",
        header=_header(time_s), ns=name, id=number, type=4, action=0, pose=_pose(np.zeros(3)),
        scale=message("geometry_msgs/msg/Vector3", x=0.03, y=0.0, z=0.0),
        color=message("std_msgs/msg/ColorRGBA", r=0.9, g=0.3, b=0.1, a=strength),
        lifetime=message("builtin_interfaces/msg/Duration", sec=1, nanosec=0), frame_locked=False,
        points=[message(point, x=float(x), y=float(y), z=0.0) for x, y in path], colors=[],
        texture_resource="", uv_coordinates=[], text="", mesh_resource="",
        mesh_use_embedded_materials=False,
        texture=message("sensor_msgs/msg/CompressedImage", header=_header(0.0), format="",
                        data=np.zeros(0, np.uint8)),
        mesh_file=message("visualization_msgs/msg/MeshFile", filename="",
                          data=np.zeros(0, np.uint8)),
    )  # fmt: skip


def _header(time_s: float) -> Any:
    whole, part = divmod(START_NS + round(time_s * 1e9), 1_000_000_000)
    stamp = message("builtin_interfaces/msg/Time", sec=whole, nanosec=part)
    return message("std_msgs/msg/Header", stamp=stamp, frame_id="odom")


def _pose(pose: Array) -> Any:
    x, y, yaw = (float(v) for v in pose)
    turn = {"x": 0.0, "y": 0.0, "z": math.sin(yaw / 2), "w": math.cos(yaw / 2)}
    return message(
        "geometry_msgs/msg/Pose",
        position=message("geometry_msgs/msg/Point", x=x, y=y, z=0.0),
        orientation=message("geometry_msgs/msg/Quaternion", **turn),
    )


def _twist(ahead: float, turning: float) -> Any:
    vector = "geometry_msgs/msg/Vector3"
    return message(
        "geometry_msgs/msg/Twist",
        linear=message(vector, x=float(ahead), y=0.0, z=0.0),
        angular=message(vector, x=0.0, y=0.0, z=float(turning)),
    )
