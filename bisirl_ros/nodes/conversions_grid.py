"""Maps and scans as messages (REP-103: SI, x forward; a grid's rows go along y)."""

from __future__ import annotations

import array

import numpy as np
from nav_msgs.msg import OccupancyGrid
from sensor_msgs.msg import LaserScan

from bisirl_ros.control.grid import Grid
from bisirl_ros.control.scan import Beams, hits
from bisirl_ros.control.surroundings import ObstacleSettings
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.comfort import ComfortMap
from bisirl_ros.nodes.conversions import to_stamp, yaw_of


def grid_of(message: OccupancyGrid, settings: ObstacleSettings) -> Grid | None:
    """The cells of a map in its own frame, None where it has none; raises InputError."""
    info, place = message.info, message.info.origin.position
    return Grid.of(
        np.asarray(message.data, np.int8),
        (info.height, info.width),
        info.resolution,
        (place.x, place.y, yaw_of(info.origin.orientation)),
        settings.occupied_from,
        settings.unknown_is_free,
    )


def scan_points(message: LaserScan, settings: ObstacleSettings) -> Array:
    """Where beams end, in the laser's own frame: (M, 2) [m]; raises InputError."""
    beams = Beams(message.angle_min, message.angle_increment, message.range_min, message.range_max)
    ranges = np.asarray(message.ranges, float)
    return hits(ranges, beams, settings.scan_beams, settings.scan_step_m)


def comfort_message(comfort: ComfortMap, frame: str, time_s: float) -> OccupancyGrid:
    """People's comfort as a map in `frame`, at time_s [s]."""
    message = OccupancyGrid()
    message.header.frame_id, message.header.stamp = frame, to_stamp(time_s)
    info, (height, width) = message.info, comfort.values.shape
    info.map_load_time, info.resolution = message.header.stamp, float(comfort.resolution_m)
    info.height, info.width = height, width
    info.origin.position.x, info.origin.position.y = comfort.origin
    message.data = array.array("b", comfort.values.tobytes())
    return message
