"""Topic `comfort_map`: where the robot would be a nuisance, for planners and RViz."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from nav_msgs.msg import OccupancyGrid

from bisirl_ros.crowd.comfort import ComfortMap, ComfortSettings, comfort_map
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.nodes.conversions_grid import comfort_message
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.qos import LATCHED
from bisirl_ros.session.clock import Now
from bisirl_ros.session.session import Session

EVERY_S = 1.0


class ComfortTopic:
    """Publishes a map around the robot, latched: who reads it keeps the last one until a newer.

    So the last one said before nothing is known any more has to be an empty one.
    """

    def __init__(
        self, endpoints: Endpoints, scenario: Scenario, settings: ComfortSettings, frame: str
    ) -> None:
        self._scenario, self._settings, self._frame = scenario, settings, frame
        self._publisher = endpoints.publisher(OccupancyGrid, "comfort_map", LATCHED)
        self._last: ComfortMap | None = None
        self._told_s = -math.inf

    def attend(self, session: Session, now: Now) -> None:
        """Once every EVERY_S, while anybody reads it: what is lost where, by the newest estimate.

        Without a reader, an estimate, or knowing where the robot is, as `clear`.
        """
        read = bool(self._publisher.get_subscription_count())
        if now.steady_s - self._told_s < EVERY_S or not (read or self._last):
            return
        self._told_s = now.steady_s
        newest, found = session.newest, session.situation(now)
        if not read or newest is None or found is None:
            self.clear(now.ros_s)
            return
        situation, names = found
        theta = newest.theta_of(names)
        self._tell(comfort_map(self._scenario, theta, situation, self._settings), now.ros_s)

    def clear(self, time_s: float) -> None:
        """Nothing is known any more: nothing is lost anywhere on the last map, if there is one."""
        if self._last is not None:
            self._tell(replace(self._last, values=np.zeros_like(self._last.values)), time_s)

    def _tell(self, comfort: ComfortMap, time_s: float) -> None:
        self._last = comfort if comfort.values.any() else None
        self._publisher.publish(comfort_message(comfort, self._frame, time_s))
