"""What stands in the robot's way that is no person: a map, a laser, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bisirl_ros.config import setting
from bisirl_ros.control.grid import Grid
from bisirl_ros.control.offsets import clear_of, each_way, nearest, none
from bisirl_ros.core.arrays import Array


@dataclass(frozen=True)
class ObstacleSettings:
    """Who tells of what stands around, and how it is read."""

    map_topic: str = setting(
        "", doc="OccupancyGrid of a map, or local_costmap/costmap; empty: none"
    )
    map_subscribe_transient_local: bool = setting(
        True, doc="ask for the last map; false hears publishers that keep none, as Nav2 names it"
    )
    occupied_from: int = setting(
        65,
        doc="cells stand in the way from this value on; 65: of maps; 100: of Nav2's costmaps, where"
        " less is inflated",
        low=1,
        high=100,
    )
    unknown_is_free: bool = setting(True, doc="cells of which nothing is known are no obstacle")
    map_shows_people: bool = setting(
        False,
        doc="tracked people are cells of it too, as in a costmap: they are left to their rule",
    )
    scan_topic: str = setting("", doc="LaserScan for a stop without a map; empty: none")
    scan_timeout_s: float = setting(
        0.5, doc="the robot stops without a scan for so long", unit="s", low=0.05, high=10.0
    )
    scan_beams: int = setting(
        2, doc="neighbouring beams that have to see a thing; 1: any stray one", low=1, high=20
    )
    scan_step_m: float = setting(
        0.2, doc="neighbouring beams see one thing within", unit="m", low=0.01, high=5.0
    )
    people_margin_m: float = setting(
        0.3,
        doc="what is no further than this from the body of somebody tracked is them",
        unit="m",
        low=0.0,
        high=2.0,
    )
    reach_m: float = setting(
        4.0,
        doc="what is further from the robot's centre does not matter",
        unit="m",
        low=0.5,
        high=20.0,
    )


class Obstacles(Protocol):
    """Who knows what stands around: `Surroundings`, or a node's input that keeps one."""

    def each_way(self, x: float, y: float, people: Array) -> Array:
        """The nearest thing in each direction from x, y [m] that is none of people (P, 4)."""

    def silent(self, steady_s: float) -> bool:
        """Whether less is known than should be, on the steady clock [s]."""


class Surroundings:
    """The newest map and scan, and what they say stands around a place; all in one fixed frame.

    grid: the map where it is now, None without one; person_radius_m: of everybody [m]
    A person whom the laser sees is an obstacle to it as much as a chair. What is near somebody
    tracked is left to the rule for people, which knows their velocity and keeps more distance; so
    that nobody makes the robot stop twice, a thing that stands right beside them hides in their
    shadow. Who is not tracked stays an obstacle.
    """

    def __init__(self, settings: ObstacleSettings, person_radius_m: float) -> None:
        self._settings = settings
        self._shadow_m = person_radius_m + settings.people_margin_m
        self.grid: Grid | None = None
        self._points = none()
        self._heard_s = -math.inf

    def hear_scan(self, points: Array, steady_s: float) -> None:
        """Where beams end (M, 2) [m]; steady_s: now, on the steady clock [s]."""
        self._points, self._heard_s = points, steady_s

    def scan_age_s(self, steady_s: float) -> float:
        """Since a usable scan came, on the steady clock; inf where none did [s]."""
        return steady_s - self._heard_s

    def silent(self, steady_s: float) -> bool:
        """Whether there should be a scan, and is none, or not yet."""
        settings = self._settings
        return bool(settings.scan_topic) and self.scan_age_s(steady_s) > settings.scan_timeout_s

    def each_way(self, x: float, y: float, people: Array) -> Array:
        """The nearest thing in each direction from x, y [m]: (O, 3), nearest first.

        people: (P, 4) x, y [m] and what is not looked at; rows: as `offsets.each_way`
        """
        return each_way(self._seen_from(x, y, people))

    def nearest(self, x: float, y: float, people: Array) -> tuple[float, tuple[float, float]]:
        """Distance [m] from x, y to the nearest thing, inf without one; the unit vector to it.

        One that is further, but ahead, is not told of: `each_way` is what a gate needs.
        """
        return nearest(self._seen_from(x, y, people))

    def _seen_from(self, x: float, y: float, people: Array) -> Array:
        """From x, y [m] to all that stands within reach: (N, 2) [m]."""
        settings, here = self._settings, np.array([x, y])
        around = people[:, :2] - here
        around = around[np.hypot(around[:, 0], around[:, 1]) <= settings.reach_m + self._shadow_m]
        mapped = none() if self.grid is None else self.grid.seen_from(x, y, settings.reach_m)
        if settings.map_shows_people:
            mapped = clear_of(mapped, around, self._shadow_m)
        scanned = self._points - here
        scanned = scanned[np.square(scanned).sum(1) <= settings.reach_m**2]
        return np.concatenate([mapped, clear_of(scanned, around, self._shadow_m)])
