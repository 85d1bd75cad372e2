"""Where no policy can be had: slowly along the route, and never on where somebody is ahead."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bisirl_ros.config import setting
from bisirl_ros.control.around import Around
from bisirl_ros.control.body import Body, admissible
from bisirl_ros.control.gate import STOP
from bisirl_ros.core.arrays import Array

TURN_GAIN = 1.5
STRAIGHT_RAD = 0.6


@dataclass(frozen=True)
class FallbackSettings:
    """How the robot drives without a policy."""

    speed: float = setting(0.3, doc="top speed", unit="m/s", low=0.0, high=5.0)
    distance_m: float = setting(
        1.2,
        doc="gap below which it waits for somebody who is ahead: the far end of personal space"
        " (Hall 1966)",
        unit="m",
        low=0.0,
        high=10.0,
    )


def fallback(
    body: Body,
    settings: FallbackSettings,
    around: Around,
    route: Array,
    tolerance_m: float,
) -> Array:
    """The twist (3,) = vx, vy [m/s], wz [rad/s] towards the next point of a route (L, 2) [m].

    tolerance_m: a point is reached within it [m]
    """
    x, y = around.place
    to_x, to_y = next_point(around.place, route, tolerance_m)
    far, bearing = math.hypot(to_x - x, to_y - y), math.atan2(to_y - y, to_x - x)
    if far <= tolerance_m:
        return STOP
    speed = min(settings.speed, body.max_speed)
    turn = math.remainder(bearing - around.yaw, math.tau)
    way = bearing if body.drive == "omni" else around.yaw
    for gap, wx, wy, _ in around.people_near(body.radius_m):
        ahead = max(wx * math.cos(v) + wy * math.sin(v) for v in (way, bearing))
        if gap < settings.distance_m and ahead > 0.0:
            return STOP
    if body.drive == "omni":
        return np.array([speed * math.cos(turn), speed * math.sin(turn), 0.0])
    on_the_spot = body.drive == "differential" and abs(turn) > STRAIGHT_RAD
    return np.array(admissible(body, (0.0 if on_the_spot else speed, 0.0, TURN_GAIN * turn)))


def next_point(place: tuple[float, float], route: Array, tolerance_m: float) -> tuple[float, float]:
    """The point of a route (L, 2) [m] to go for: after the nearest, not reached; or the last."""
    far = np.hypot(route[:, 0] - place[0], route[:, 1] - place[1])
    nearest = int(far.argmin())
    ahead = nearest + (nearest > 0)
    while ahead < len(route) - 1 and far[ahead] <= tolerance_m:
        ahead += 1
    x, y = route[min(ahead, len(route) - 1)].tolist()
    return x, y
