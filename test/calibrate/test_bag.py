"""Drives out of rosbag2 recordings of either storage; one line on what is none."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from bisirl_ros.calibrate.bag import read_driving
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
START_S = 1_700_000_000
DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
NAV2 = DATA / "rosbags" / "nav2_turtlebot.mcap"
TIME = np.arange(0.0, 8.0, 0.05)
COMMAND = np.stack([np.sin(TIME), 0.1 * np.cos(TIME), -np.sin(TIME)], -1)
POSE = np.stack([0.5 * TIME, 0.0 * TIME, 0.2 * TIME], -1)


def stamp(time_s: float) -> object:
    whole = math.floor(time_s)
    return TYPES["builtin_interfaces/msg/Time"](START_S + whole, int((time_s - whole) * 1e9))


def header(time_s: float) -> object:
    return TYPES["std_msgs/msg/Header"](stamp(time_s), "base_link")


def twist(values: Array) -> object:
    vector = TYPES["geometry_msgs/msg/Vector3"]
    return TYPES["geometry_msgs/msg/Twist"](
        vector(values[0], values[1], 0.0), vector(0.0, 0.0, values[2])
    )


def odometry(time_s: float, pose: Array, velocity: Array) -> object:
    q = TYPES["geometry_msgs/msg/Quaternion"](
        0.0, 0.0, *(f(pose[2] / 2) for f in (math.sin, math.cos))
    )
    place = TYPES["geometry_msgs/msg/Pose"](
        TYPES["geometry_msgs/msg/Point"](pose[0], pose[1], 0.0), q
    )
    none = np.zeros(36)
    return TYPES["nav_msgs/msg/Odometry"](
        header(time_s),
        "base_link",
        TYPES["geometry_msgs/msg/PoseWithCovariance"](place, none),
        TYPES["geometry_msgs/msg/TwistWithCovariance"](twist(velocity), none),
    )


def bag(
    path: Path,
    storage: StoragePlugin = StoragePlugin.MCAP,
    stamped: bool = False,
    namespace: str = "",
    moves: Array = COMMAND,
    behind_s: float = 0.0,
) -> Path:
    """Commands and odometry; the latter stamped `behind_s` late, and heard 0 to 20 ms later."""
    kind = f"geometry_msgs/msg/Twist{'Stamped' if stamped else ''}"
    rng = np.random.default_rng(0)
    rows: list[tuple[float, str, object]] = []
    for time_s, command, pose, move in zip(TIME, COMMAND, POSE, moves, strict=True):
        message = twist(command)
        if stamped:
            message = TYPES[kind](header(time_s), message)
        heard_s = time_s + 0.01 + rng.uniform(0.0, 0.02) * (time_s > 0.0)
        rows.append((time_s, "cmd_vel", message))
        rows.append((heard_s, "odom", odometry(time_s + behind_s, pose, move)))
    with Writer(path, version=9, storage_plugin=storage) as writer:
        kinds = {"cmd_vel": kind, "odom": "nav_msgs/msg/Odometry", "spare": "std_msgs/msg/String"}
        to = {
            name: writer.add_connection(f"{namespace}/{name}", kind, typestore=STORE)
            for name, kind in kinds.items()
        }
        for time_s, name, message in sorted(rows, key=lambda row: row[0]):
            raw = STORE.serialize_cdr(message, kinds[name])
            writer.write(to[name], int((START_S + 100.0 + time_s) * 1e9), raw)
    return path


@pytest.mark.parametrize("storage", list(StoragePlugin))
@pytest.mark.parametrize("stamped", [False, True])
def test_a_bag_gives_back_what_was_recorded(
    storage: StoragePlugin, stamped: bool, tmp_path: Path
) -> None:
    recorded = read_driving(bag(tmp_path / "bag", storage, stamped), "cmd_vel", "odom")
    assert (recorded.cmd_vel_topic, recorded.stamped, recorded.odom_topic) == (
        "/cmd_vel", stamped, "/odom",
    )  # fmt: skip
    driving = recorded.driving
    assert driving.command_time - driving.command_time[0] == pytest.approx(TIME, abs=1e-6)
    assert driving.command == pytest.approx(COMMAND)
    assert driving.velocity == pytest.approx(COMMAND)


@pytest.mark.parametrize("behind_s", [-3.0, 0.0, 50.0])
def test_odometry_keeps_its_own_time_on_the_recorders_clock(
    behind_s: float, tmp_path: Path
) -> None:
    """Whatever its own clock says, without the jitter of the way: the quickest took 10 ms."""
    driving = read_driving(bag(tmp_path / "bag", behind_s=behind_s), "cmd_vel", "odom").driving
    assert driving.time - driving.command_time[0] == pytest.approx(TIME + 0.01, abs=1e-6)


def test_a_single_file_and_a_namespace_will_do(tmp_path: Path) -> None:
    folder = bag(tmp_path / "bag", namespace="/robot_1")
    recorded = read_driving(folder / "bag.mcap", "cmd_vel", "robot_1/odom")
    assert recorded.cmd_vel_topic == "/robot_1/cmd_vel"
    assert recorded.driving.velocity == pytest.approx(COMMAND)


def test_odometry_without_velocities_is_taken_by_its_poses(tmp_path: Path) -> None:
    driving = read_driving(bag(tmp_path / "bag", moves=0.0 * COMMAND), "cmd_vel", "odom").driving
    assert driving.window_s == pytest.approx(np.full(len(driving.time), 0.1), abs=1e-6)
    assert np.hypot(*driving.velocity[:, :2].T) == pytest.approx(
        np.full(len(driving.time), 0.5), rel=0.01
    )
    assert driving.velocity[:, 2] == pytest.approx(np.full(len(driving.time), 0.2), rel=0.01)


@pytest.mark.parametrize(
    ("cmd_vel", "odom", "words"),
    [
        ("cmd", "odom", ["no topic /cmd;", "Twist or TwistStamped", "/r/cmd_vel", "/r/spare"]),
        ("cmd_vel", "wheels", ["no topic /wheels;", "Odometry there is /r/odom"]),
        ("odom", "odom", ["/r/odom is a nav_msgs/msg/Odometry; expected Twist"]),
        ("cmd_vel", "spare", ["/r/spare is a std_msgs/msg/String; expected Odometry"]),
    ],
)
def test_a_topic_that_is_not_there_is_one_line(
    cmd_vel: str, odom: str, words: list[str], tmp_path: Path
) -> None:
    path = bag(tmp_path / "bag", namespace="/r")
    with pytest.raises(InputError) as caught:
        read_driving(path, cmd_vel, odom)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_bag_without_messages_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bag"
    with Writer(path, version=9) as writer:
        for name, kind in (
            ("cmd_vel", "geometry_msgs/msg/Twist"),
            ("odom", "nav_msgs/msg/Odometry"),
        ):
            writer.add_connection(f"/{name}", kind, typestore=STORE)
    with pytest.raises(InputError, match=r"bag: driving: 0 commands"):
        read_driving(path, "cmd_vel", "odom")


@pytest.mark.parametrize("content", [b"", b"no bag", b"\x89MCAP0\r\n" + b"\x00" * 40])
@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a.txt"])
def test_a_file_that_is_no_bag_is_one_line(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as a bag") as caught:
        read_driving(tmp_path / name, "cmd_vel", "odom")
    assert "\n" not in str(caught.value)


def test_a_bag_that_was_cut_short_is_one_line(tmp_path: Path) -> None:
    folder = bag(tmp_path / "bag")
    whole = (folder / "bag.mcap").read_bytes()
    (folder / "bag.mcap").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="ros2 bag record"):
        read_driving(folder, "cmd_vel", "odom")


def test_a_damaged_bag_is_one_line_or_read(tmp_path: Path) -> None:
    folder = bag(tmp_path / "bag")
    whole, rng = (folder / "bag.mcap").read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(10):
        spoilt = bytearray(whole)
        for place in rng.integers(0, len(whole), 30).tolist():
            spoilt[place] = int(rng.integers(256))
        (folder / "bag.mcap").write_bytes(spoilt)
        try:
            read_driving(folder, "cmd_vel", "odom")
        except InputError as error:
            refused += "\n" not in str(error)
    assert refused > 0


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_a_folder_that_is_no_bag_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=f"{name}: "):
        read_driving(tmp_path / name, "cmd_vel", "odom")


@pytest.mark.skipif(not NAV2.is_file(), reason=f"no recording at {NAV2}; set BISIRL_DATA")
def test_a_recording_without_commands_says_what_it_holds() -> None:
    with pytest.raises(InputError, match=r"no topic /cmd_vel; .* there is none, of all /amcl_pose"):
        read_driving(NAV2, "cmd_vel", "odom")
