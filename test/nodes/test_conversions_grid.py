"""Maps and scans as messages, and back."""

from __future__ import annotations

import array
import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from nav_msgs.msg import OccupancyGrid
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import LaserScan

from bisirl_ros.control.grid import Grid
from bisirl_ros.control.surroundings import ObstacleSettings
from bisirl_ros.crowd.comfort import ComfortMap
from bisirl_ros.errors import InputError
from bisirl_ros.messages.grids import grid_of, scan_points
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.nodes.conversions import quaternion_of
from bisirl_ros.nodes.conversions_grid import comfort_message


def over_the_wire(message: Any) -> Any:
    """As a subscriber gets it."""
    return deserialize_message(serialize_message(message), type(message))


def grid_message(
    rows: list[list[int]], size_m: float, x: float, y: float, yaw: float
) -> OccupancyGrid:
    """Rows of values, the first at the bottom."""
    message = OccupancyGrid()
    message.info.resolution, message.info.height = size_m, len(rows)
    message.info.width = len(rows[0]) if rows else 0
    message.info.origin.position.x, message.info.origin.position.y = x, y
    message.info.origin.orientation = quaternion_of(yaw)
    message.data = array.array("b", [value for row in rows for value in row])
    return message


def read(message: OccupancyGrid, **settings: Any) -> Grid | None:
    return grid_of(over_the_wire(message), ObstacleSettings(**settings))


def test_a_grid_whose_origin_is_turned() -> None:
    """Its x axis points along y: the occupied cell is the third along it, the second row."""
    made = read(grid_message([[0, 0, 0], [0, 0, 100]], 0.5, 1.0, 2.0, math.pi / 2))
    assert made is not None
    assert made.occupied.shape == (2, 3)
    gap, way = made.nearest(0.25, 3.25)  # the cell is 0 .. 0.5 in x, 3 .. 3.5 in y
    assert gap < 1e-6
    gap, way = made.nearest(2.5, 3.25)
    assert gap == pytest.approx(2.0)
    assert way == pytest.approx((-1.0, 0.0))


def test_values_mean_what_the_settings_say() -> None:
    message = grid_message([[-1, 70, 100]], 1.0, 0.0, 0.0, 0.0)
    for settings, gap in (
        ({}, 1.0),
        ({"occupied_from": 100}, 2.0),
        ({"occupied_from": 100, "unknown_is_free": False}, 0.0),
    ):
        made = read(message, **settings)
        assert made is not None
        assert made.nearest(0.0, 0.5)[0] == pytest.approx(gap, abs=1e-6)


def test_a_map_without_cells_is_none() -> None:
    assert read(grid_message([], 0.05, 0.0, 0.0, 0.0)) is None
    assert read(OccupancyGrid()) is None


def test_an_orientation_that_is_none_is_refused() -> None:
    message = grid_message([[0]], 0.05, 0.0, 0.0, 0.0)
    message.info.origin.orientation.w = 0.0
    with pytest.raises(InputError, match="not a pose"):
        read(message)


def test_a_comfort_map_is_read_back_as_it_was() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 101, (4, 7)).astype(np.int8)
    comfort = ComfortMap(values, 0.1, (-1.2, 3.4))
    message = over_the_wire(comfort_message(comfort, "odom", 12.5))
    assert message.header.frame_id == "odom"
    assert stamp_s(message.header.stamp) == stamp_s(message.info.map_load_time) == 12.5
    assert message.data.tolist() == values.ravel().tolist()
    for start in (1, 50, 100):
        made = grid_of(message, ObstacleSettings(occupied_from=start))
        assert made is not None
        np.testing.assert_array_equal(made.occupied, values >= start)
        assert made.origin == (-1.2, 3.4, 0.0)
        for row, column in np.argwhere(values >= start):
            x, y = -1.2 + 0.1 * (column + 0.5), 3.4 + 0.1 * (row + 0.5)
            assert made.nearest(x, y)[0] < 1e-6


def test_a_scan() -> None:
    message = LaserScan(
        angle_min=0.0, angle_max=1.0, angle_increment=0.5, range_min=0.1, range_max=9.0
    )
    message.ranges = [2.0, 2.0, math.inf]
    points = scan_points(over_the_wire(message), ObstacleSettings())
    np.testing.assert_allclose(
        points, [[2.0, 0.0], [2.0 * math.cos(0.5), 2.0 * math.sin(0.5)]], atol=1e-6
    )
    assert len(scan_points(message, ObstacleSettings(scan_beams=3))) == 0
    message.range_min = math.nan
    with pytest.raises(InputError, match="scan: ranges"):
        scan_points(message, ObstacleSettings())
