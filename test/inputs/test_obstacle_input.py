"""Maps and scans in their own frames, as what stands around in `global_frame`; without DDS."""

from __future__ import annotations

import array
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from nav_msgs.msg import OccupancyGrid
from rclpy.qos import (
    DurabilityPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from sensor_msgs.msg import LaserScan

from bisirl_ros.control.around import nobody
from bisirl_ros.control.surroundings import ObstacleSettings
from bisirl_ros.errors import InputError
from bisirl_ros.frames.transform import Transform
from bisirl_ros.inputs.obstacle_input import ObstacleInput
from bisirl_ros.nodes.conversions import to_stamp
from bisirl_ros.nodes.qos import OF

NOW_S = 1000.0
NAV2 = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
"""Of map_server and of costmaps: `QoS(KeepLast(1)).transient_local().reliable()`."""
PLAIN = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LASER = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)


class Stage:
    """Stands in for a node, its topics and its transforms."""

    def __init__(self, **settings: Any) -> None:
        self.heard: dict[str, tuple[type, Callable[[Any], None], QoSProfile]] = {}
        self.said: list[str] = []
        self.poses: dict[str, Transform] = {}
        self.ros_s, self.steady = NOW_S, 5.0
        self.input = ObstacleInput(self, self, self, ObstacleSettings(**settings), 0.25)

    def listen(self, kind: type, topic: str, callback: Callable[[Any], None], qos: Any) -> None:
        """Keep what would be called."""
        self.heard[topic] = (kind, callback, OF[qos])

    def complain(self, about: str, line: str) -> None:
        """Keep what is said, which is one line."""
        assert "\n" not in line
        self.said.append(line)

    def now_s(self) -> float:
        """ROS time [s]."""
        return self.ros_s

    def steady_s(self) -> float:
        """Steady time [s]."""
        return self.steady

    def into_global(self, frame_id: str, stamp_s: float) -> Transform:
        """A pose of a frame."""
        if frame_id not in self.poses:
            raise InputError(f"tf: '{frame_id}' is not connected")
        return self.poses[frame_id]

    def gap(self, x: float, y: float) -> float:
        """To the nearest thing [m]."""
        return self.input.nearest(x, y, nobody())[0]

    def sends(self, topic: str, message: Any) -> str:
        """A message; the line by which it is refused, "" where it is not."""
        try:
            self.heard[topic][1](message)
        except InputError as error:
            assert "\n" not in str(error)
            return str(error)
        return ""


def with_map(topic: str = "map", **settings: Any) -> Stage:
    return Stage(map_topic=topic, **settings)


def with_scan(**settings: Any) -> Stage:
    return Stage(scan_topic="scan", **settings)


def grid(frame: str = "map", cells: int = 1, told: int | None = None) -> OccupancyGrid:
    """A row of occupied cells of 1 m from the frame's origin along x."""
    message = OccupancyGrid()
    message.header.frame_id = frame
    message.info.resolution = 1.0
    message.info.width = cells if told is None else told
    message.info.height = 1 if cells else 0
    message.data = array.array("b", [100] * cells)
    return message


def scan(frame: str = "laser", at_s: float = NOW_S, ahead_m: float = 2.0) -> LaserScan:
    """Three beams about straight ahead."""
    message = LaserScan(
        angle_min=-0.01, angle_max=0.01, angle_increment=0.01, range_min=0.1, range_max=9.0
    )
    message.header.frame_id, message.header.stamp = frame, to_stamp(at_s)
    message.ranges = [ahead_m] * 3
    return message


def fits(offered: QoSProfile, asked: QoSProfile) -> bool:
    return qos_check_compatible(offered, asked)[0] != QoSCompatibility.ERROR


# -- topics --------------------------------------------------------------------------------------
def test_nothing_is_listened_to_that_is_not_named() -> None:
    stage = Stage()
    assert stage.heard == {}
    assert stage.gap(0.0, 0.0) == math.inf
    assert not stage.input.silent(stage.steady)


def test_a_map_that_was_said_before_one_listens_is_heard() -> None:
    kind, _, qos = with_map().heard["map"]
    assert kind == "nav_msgs/msg/OccupancyGrid"
    assert qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert fits(NAV2, qos)
    assert not fits(PLAIN, qos)


def test_a_map_of_who_keeps_none_is_heard_where_that_is_asked_for() -> None:
    _, _, qos = with_map(map_subscribe_transient_local=False).heard["map"]
    assert fits(PLAIN, qos)
    assert fits(NAV2, qos)


def test_a_scan_of_a_sensor_is_heard() -> None:
    _, _, qos = with_scan().heard["scan"]
    assert fits(LASER, qos)
    assert fits(PLAIN, qos)


@pytest.mark.parametrize(
    ("topic", "settings", "warned"),
    [
        ("local_costmap/costmap", {}, True),
        ("local_costmap/costmap", {"occupied_from": 100}, True),
        ("local_costmap/costmap", {"occupied_from": 100, "map_shows_people": True}, False),
        ("map", {}, False),
    ],
)
def test_a_costmap_read_as_a_map_is_said(topic: str, settings: dict, warned: bool) -> None:
    said = with_map(topic, **settings).said
    assert bool(said) == warned
    assert all("obstacles.occupied_from to 100" in line for line in said)


# -- the map -------------------------------------------------------------------------------------
def test_a_map_is_where_its_frame_is_now() -> None:
    """Localisation moves `map` in `odom` after the only map there is came."""
    stage = with_map()
    assert stage.sends("map", grid()) == ""
    stage.poses["map"] = Transform.planar(3.0, 0.0, 0.0)
    assert stage.input.nearest(1.0, 0.5, nobody()) == (2.0, (1.0, 0.0))
    stage.poses["map"] = Transform.planar(0.0, 5.0, math.pi / 2)  # the cell: -1 .. 0, 5 .. 6
    gap, way = stage.input.nearest(-0.5, 2.0, nobody())
    assert (gap, *way) == pytest.approx((3.0, 0.0, 1.0), abs=1e-9)


def test_where_it_is_not_known_any_more_it_is_where_it_was() -> None:
    stage = with_map()
    stage.sends("map", grid())
    assert stage.gap(2.0, 0.5) == math.inf
    assert "not used" in stage.said[-1]
    stage.poses["map"] = Transform.planar(0.0, 0.0, 0.0)
    assert stage.gap(2.0, 0.5) == pytest.approx(1.0)
    stage.poses.clear()
    assert stage.gap(2.0, 0.5) == pytest.approx(1.0)
    assert "taken for where it was" in stage.said[-1]
    stage.sends("map", grid(cells=2))
    assert stage.gap(3.0, 0.5) == pytest.approx(1.0)
    stage.sends("map", grid("other"))
    assert stage.gap(2.0, 0.5) == math.inf


def test_a_map_that_is_withdrawn_is_gone_and_one_that_is_refused_changes_nothing() -> None:
    stage = with_map()
    stage.poses["map"] = Transform.planar(0.0, 0.0, 0.0)
    stage.sends("map", grid())
    refused = stage.sends("map", grid(told=7))
    assert "1 cells, 7 x 1 = 7 were announced" in refused
    assert stage.input.refused["map"] == 1
    assert stage.gap(2.0, 0.5) == pytest.approx(1.0)
    assert stage.sends("map", grid(cells=0)) == ""
    assert stage.gap(2.0, 0.5) == math.inf


# -- the scan ------------------------------------------------------------------------------------
def test_beams_end_where_the_laser_was() -> None:
    """At 1, 1, turned left: what is 2 m ahead of it is at 1, 3."""
    stage = with_scan()
    stage.poses["laser"] = Transform.planar(1.0, 1.0, math.pi / 2)
    assert stage.sends("scan", scan()) == ""
    gap, way = stage.input.nearest(1.0, 0.0, nobody())
    assert (gap, *way) == pytest.approx((3.0, 0.0, 1.0), abs=0.01)
    assert stage.input.each_way(1.0, 0.0, nobody())[0] == pytest.approx((gap, *way))


def test_a_laser_that_hangs_upside_down_turns_the_other_way_round() -> None:
    stage = with_scan(scan_beams=1)
    stage.poses["laser"] = Transform(np.zeros(3), np.array([0.0, 1.0, 0.0, 0.0]))
    message = scan()
    message.angle_min, message.angle_increment, message.ranges = 0.5, 0.5, [2.0, math.inf]
    stage.sends("scan", message)
    _, way = stage.input.nearest(0.0, 0.0, nobody())
    assert way == pytest.approx((math.cos(0.5), -math.sin(0.5)))


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (scan("nowhere"), "scan: tf: 'nowhere' is not connected"),
        (scan(at_s=NOW_S - 2.0), "scan: stamp is 2.00 s old"),
        (scan(at_s=NOW_S + 2.0), "scan: stamp is 2.00 s ahead"),
        (scan(at_s=0.0), "old"),
    ],
)
def test_a_scan_that_is_refused_is_not_heard(message: LaserScan, said: str) -> None:
    stage = with_scan()
    stage.poses["laser"] = Transform.planar(0.0, 0.0, 0.0)
    assert said in stage.sends("scan", message)
    assert stage.input.refused["scan"] == 1
    assert stage.input.silent(stage.steady)
    assert stage.sends("scan", scan()) == ""
    assert not stage.input.silent(stage.steady)
    stage.steady += 1.0
    assert stage.input.silent(stage.steady)


def test_with_nothing_in_sight_a_scan_is_heard_all_the_same() -> None:
    """Every beam is inf in an open hall; that is no silence."""
    stage = with_scan()
    stage.poses["laser"] = Transform.planar(0.0, 0.0, 0.0)
    assert stage.sends("scan", scan(ahead_m=math.inf)) == ""
    assert not stage.input.silent(stage.steady)
    assert stage.gap(0.0, 0.0) == math.inf
