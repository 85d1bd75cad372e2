"""What a bag tells of where everybody was, went and was to go."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.messages.people import odometry_to_person
from bisirl_ros.messages.robot import command_of, odometry_to_robot, route_of, stamp_s
from bisirl_ros.view.scene import Prediction, Route
from bisirl_ros.view.track import Track, on_recorders_clock

ROBOT = ("x", "y", "yaw", "v", "w")
PERSON = ("x", "y", "vx", "vy", "xx", "xy", "yy")
COMMAND = ("v", "w")
ROUTE_POINTS = 60
"""Of a long plan so many points are kept."""
Row = tuple[float, float, list[float]]
"""When it came, when it is said to have been [s], and what."""


class Motion:
    """Takes messages one by one; `..._s` is when they came, from the beginning of the bag on.

    left_out: how often something could not be taken, by why; frames: of what was told, by who
    """

    def __init__(self) -> None:
        self._robot: list[Row] = []
        self._people: dict[str, list[Row]] = defaultdict(list)
        self._command: list[Row] = []
        self.routes: list[Route] = []
        self.predictions: list[Prediction] = []
        self.left_out: Counter[str] = Counter()
        self.frames: dict[str, str] = {}

    def on_odom(self, came_s: float, message: Any) -> None:
        """Where the robot is."""
        x, y, yaw, vx, vy, wz = odometry_to_robot(message).tolist()
        self.frames["the robot"] = message.header.frame_id
        self._take(self._robot, came_s, message, [x, y, yaw, _signed(vx, vy), wz], 3, "odom")

    def on_people(self, came_s: float, message: Any) -> None:
        """Where somebody is."""
        try:
            seen = odometry_to_person(message)
        except InputError as error:
            self.left_out[str(error)] += 1
            return
        velocity = [np.nan] * 2 if seen.velocity is None else seen.velocity.tolist()
        block = seen.position_covariance
        spread = [np.nan] * 3 if block is None else [block[0, 0], block[0, 1], block[1, 1]]
        self.frames["people"] = message.header.frame_id
        values = [*seen.position.tolist(), *velocity, *spread]
        self._take(self._people[seen.identity], came_s, message, values, 2, "people")

    def on_cmd_vel(self, came_s: float, message: Any) -> None:
        """What the robot was told to do."""
        vx, vy, wz = command_of(message).tolist()
        self._take(self._command, came_s, message, [_signed(vx, vy), wz], 2, "cmd_vel")

    def on_goal_pose(self, came_s: float, message: Any) -> None:
        """Where the robot is sent."""
        try:
            self.route(came_s, route_of(message))
        except InputError as error:
            self.left_out[str(error)] += 1

    on_plan = on_goal_pose

    def route(self, came_s: float, points: Array) -> None:
        """The robot is sent along points (L, 2) [m]; what repeats the last is none."""
        kept = np.unique(np.linspace(0, len(points) - 1, ROUTE_POINTS).round().astype(int))
        points = points[kept]
        if not self.routes or not np.array_equal(points, self.routes[-1].points):
            self.routes.append(Route(came_s, points))

    def on_predicted_motion(self, came_s: float, message: Any) -> None:
        """Where people may walk: a line a motion, as strong as it is likely."""
        paths: dict[str, list[tuple[float, Array]]] = defaultdict(list)
        for marker in message.markers:
            points = np.array([(p.x, p.y) for p in marker.points]).reshape(-1, 2)
            if len(points) > 1 and np.isfinite(points).all():
                paths[marker.ns].append((float(marker.color.a), points))
        if paths:
            self.predictions.append(Prediction(came_s, dict(paths)))

    def robot(self) -> Track:
        """The robot's track."""
        return _track("robot", ROBOT, self._robot)

    def people(self) -> tuple[Track, ...]:
        """Everybody's track."""
        return tuple(_track(name, PERSON, rows) for name, rows in self._people.items() if rows)

    def command(self) -> Track:
        """What was sent."""
        return _track("command", COMMAND, self._command)

    def _take(
        self,
        rows: list[Row],
        came_s: float,
        message: Any,
        values: list[float],
        needed: int,
        of: str,
    ) -> None:
        if not np.isfinite(values[:needed]).all():
            self.left_out[f"{of}: not finite"] += 1
            return
        stamp = stamp_s(message.header.stamp) if hasattr(message, "header") else np.nan
        rows.append((came_s, stamp, values))


def _track(name: str, columns: tuple[str, ...], rows: list[Row]) -> Track:
    came, stamp = (np.array([row[i] for row in rows], float) for i in (0, 1))
    values = np.array([row[2] for row in rows], float).reshape(-1, len(columns))
    time = on_recorders_clock(came, stamp).clip(min=0.0)
    return Track.of(name, time, dict(zip(columns, values.T, strict=True)))


def _signed(vx: float, vy: float) -> float:
    """A speed [m/s], negative backwards."""
    return float(np.copysign(np.hypot(vx, vy), vx)) if vx else float(np.hypot(vx, vy))
