"""People's comfort as a message."""

from __future__ import annotations

import array

from nav_msgs.msg import OccupancyGrid

from bisirl_ros.crowd.comfort import ComfortMap
from bisirl_ros.nodes.conversions import to_stamp


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
