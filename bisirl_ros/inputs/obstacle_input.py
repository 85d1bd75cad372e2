"""From maps and scans to what stands around the robot, all in global_frame."""

from __future__ import annotations

import collections
from typing import Any

from bisirl_ros.control.grid import Grid
from bisirl_ros.control.surroundings import ObstacleSettings, Surroundings
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.inputs.frames import FrameListener
from bisirl_ros.inputs.host import Host, Listening, Quality
from bisirl_ros.messages.grids import grid_of, scan_points
from bisirl_ros.messages.robot import stamp_s

INSCRIBED = 99
"""What Nav2's costmaps tell of cells that are only too near to something."""


class ObstacleInput:
    """Subscribes to a map and a scan, each where a topic is named for it.

    refused: messages by topic; surroundings: what is known
    """

    def __init__(
        self,
        host: Host,
        messages: Listening,
        frames: FrameListener,
        settings: ObstacleSettings,
        person_radius_m: float,
    ) -> None:
        self._host, self._frames, self._settings = host, frames, settings
        self.surroundings = Surroundings(settings, person_radius_m)
        self.refused: collections.Counter[str] = collections.Counter()
        self._map: tuple[Grid, str] | None = None
        self._pose: tuple[float, float, float] | None = None
        if settings.map_topic:
            self._warn_of_costmaps()
            kept = settings.map_subscribe_transient_local
            quality = Quality.LATCHED if kept else Quality.LATEST
            kind = "nav_msgs/msg/OccupancyGrid"
            messages.listen(kind, settings.map_topic, self._hear_map, quality)
        if settings.scan_topic:
            kind = "sensor_msgs/msg/LaserScan"
            messages.listen(kind, settings.scan_topic, self._hear_scan, Quality.SENSOR)

    def each_way(self, x: float, y: float, people: Array) -> Array:
        """As `Surroundings.each_way`, in global_frame, the map where its frame is now."""
        self._place_map()
        return self.surroundings.each_way(x, y, people)

    def nearest(self, x: float, y: float, people: Array) -> tuple[float, tuple[float, float]]:
        """As `Surroundings.nearest`, in global_frame, the map where its frame is now."""
        self._place_map()
        return self.surroundings.nearest(x, y, people)

    def silent(self, steady_s: float) -> bool:
        """As `Surroundings.silent`."""
        return self.surroundings.silent(steady_s)

    def _place_map(self) -> None:
        """Where its frame is, or was last: odometry drifts slowly, and a wall does not go away."""
        if self._map is None:
            return
        grid, frame = self._map
        try:
            pose = self._frames.into_global(frame, 0.0)
            x, y, _ = pose.translation.tolist()
            self._pose = x, y, pose.yaw
        except InputError as error:
            what = "not used" if self._pose is None else "taken for where it was"
            self._host.complain("map frame", f"{self._settings.map_topic}: {error}; {what}")
        self.surroundings.grid = None if self._pose is None else grid.placed(*self._pose)

    def _hear_map(self, message: Any) -> None:
        try:
            grid = grid_of(message, self._settings)
        except InputError as error:
            self.refused[self._settings.map_topic] += 1
            raise InputError(f"{error}; the last one, if any, is kept") from error
        frame = message.header.frame_id
        if self._map is None or self._map[1] != frame:
            self._pose = None
        self._map = None if grid is None else (grid, frame)
        self.surroundings.grid = None

    def _warn_of_costmaps(self) -> None:
        """Nav2's have people in them, and cells that are only near to something."""
        settings = self._settings
        known = settings.map_shows_people and settings.occupied_from >= INSCRIBED
        if settings.map_topic.rsplit("/", 1)[-1] == "costmap" and not known:
            self._host.complain(
                "costmap",
                f"{settings.map_topic}: a costmap has inflated cells, and people; set"
                " obstacles.occupied_from to 100 and obstacles.map_shows_people to true",
            )

    def _hear_scan(self, message: Any) -> None:
        try:
            points = self._into_global(message)
        except InputError:
            self.refused[self._settings.scan_topic] += 1
            raise
        self.surroundings.hear_scan(points, self._host.steady_s())

    def _into_global(self, message: Any) -> Array:
        topic, now_s = self._settings.scan_topic, self._host.now_s()
        at_s = stamp_s(message.header.stamp)
        late_s = now_s - at_s
        if now_s > 0.0 and abs(late_s) > self._settings.scan_timeout_s:
            which = "old" if late_s > 0.0 else "ahead"
            raise InputError(
                f"{topic}: stamp is {abs(late_s):.2f} s {which}; check clocks and use_sim_time"
            )
        try:
            pose = self._frames.into_global(message.header.frame_id, at_s)
        except InputError as error:
            raise InputError(f"{topic}: {error}") from error
        return pose.apply(scan_points(message, self._settings))
