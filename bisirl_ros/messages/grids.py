"""Maps and scans (REP-103: SI, x forward; a grid's rows go along y)."""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.control.grid import Grid
from bisirl_ros.control.scan import Beams, hits
from bisirl_ros.control.surroundings import ObstacleSettings
from bisirl_ros.core.arrays import Array
from bisirl_ros.messages.robot import yaw_of


def grid_of(message: Any, settings: ObstacleSettings) -> Grid | None:
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


def scan_points(message: Any, settings: ObstacleSettings) -> Array:
    """Where beams end, in the laser's own frame: (M, 2) [m]; raises InputError."""
    beams = Beams(message.angle_min, message.angle_increment, message.range_min, message.range_max)
    ranges = np.asarray(message.ranges, float)
    return hits(ranges, beams, settings.scan_beams, settings.scan_step_m)
