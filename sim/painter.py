"""Who draws a scenario: pictures, or a window, of the robot and people of any world."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pybullet  # type: ignore[import-not-found]

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.camera import take_picture
from bisirl_sim.commands import checked_bodies, nominal_bodies
from bisirl_sim.extent import landmarks
from bisirl_sim.figure import Figure, shirt
from bisirl_sim.scene import (
    Colour,
    circle,
    draw_scene,
    flat_shape,
    floor_extent,
    load_robot,
    place,
)

AXLE_HEIGHT_M = 0.08
"""Of `robot.urdf`, which is scaled to the scenario's radius."""
MARKER_HEIGHT_M, MARKER_APART_M = 0.004, 0.002
"""Markers lie on the floor, one above the other where they overlap."""
RING_SHARE = 0.88
"""Inner over outer radius of a goal's ring."""
PALENESS = 0.55
"""How far the inside of a ring goes towards white."""
ROBOT_BLUE = (0.24, 0.50, 0.90)
ROUTE_WIDTH_M = 0.06
WET, GREEN = (0.62, 0.80, 0.92), (0.72, 0.86, 0.66)


class Painter:
    """Draws in a physics client of its own, in which nothing moves by itself.

    Goals are rings as wide as the tolerance of arrival: blue the robot's, others in the colour of
    the shirt of whoever may go there. Where the robot is paid for people to be, or not to be, the
    floor is green or wet.

    gui: show a window.
    """

    def __init__(self, scenario: Scenario, gui: bool = False) -> None:
        self._scenario = scenario
        self._client = int(pybullet.connect(pybullet.GUI if gui else pybullet.DIRECT))
        self._marks = 0
        draw_scene(self._client, scenario)
        self._mark_goals()
        self._robot, self._scale = load_robot(self._client, scenario)
        self._people = []
        for index, start in enumerate(scenario.starts.people[: scenario.people]):
            dx, dy = np.subtract(start.goals[0], start.position)
            self._people.append(Figure(self._client, index, math.atan2(dy, dx)))
        self.show(*nominal_bodies(scenario))

    def show(self, robot: Array, people: Array, robot_goal: Array | None = None) -> None:
        """Put everybody where a world, or a recording, has them.

        robot: (6,); people: (P, 4), see `World`; robot_goal: (2,) [m] where it is another than
        the scenario's. Raises InputError for another shape or a value that is not finite.
        """
        body, others = checked_bodies(self._scenario, robot, people)
        x, y, yaw = body[:3].tolist()
        pybullet.resetBasePositionAndOrientation(
            self._robot,
            (x, y, AXLE_HEIGHT_M * self._scale),
            (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw)),
            physicsClientId=self._client,
        )
        for figure, (px, py, vx, vy) in zip(self._people, others.tolist(), strict=True):
            figure.show(px, py, vx, vy)
        if robot_goal is not None:
            for marker, height_m in self._robot_goal:
                pybullet.resetBasePositionAndOrientation(
                    marker,
                    (float(robot_goal[0]), float(robot_goal[1]), height_m),
                    (0.0, 0.0, 0.0, 1.0),
                    physicsClientId=self._client,
                )

    def render(
        self, width: int = 960, height: int = 540, camera: str = "oblique", supersample: int = 2
    ) -> Array:
        """Picture of the room from the software renderer, uint8 RGB, shape (height, width, 3).

        camera: "oblique" or "top"; supersample: 1 is fast, 2 has smooth edges.
        Raises InputError for another camera or an empty picture.
        """
        low, high = floor_extent(self._scenario)
        shown = landmarks(self._scenario)
        return take_picture(self._client, shown, low, high, width, height, camera, supersample)

    def close(self) -> None:
        """Free the physics client; calling it again does nothing."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def _mark_goals(self) -> None:
        scenario, start = self._scenario, self._scenario.starts.robot
        self._paint_floor()
        self._draw_route([(start.pose[0], start.pose[1]), *start.via, start.goal])
        for index, person in enumerate(scenario.starts.people[: scenario.people]):
            for goal in person.goals:
                self._ring(goal, scenario.person.goal_tolerance_m, shirt(index))
        self._robot_goal = self._ring(start.goal, scenario.robot.goal_tolerance_m, ROBOT_BLUE)

    def _ring(
        self, goal: tuple[float, float], radius_m: float, colour: tuple[float, float, float]
    ) -> list[tuple[int, float]]:
        """A ring and its paler inside, as bodies and their heights [m]."""
        pale = tuple(value + PALENESS * (1.0 - value) for value in colour)
        return [
            self._mark(circle(radius_m), (*colour, 1.0), goal),
            self._mark(circle(RING_SHARE * radius_m), (pale[0], pale[1], pale[2], 1.0), goal),
        ]

    def _paint_floor(self) -> None:
        """Boxes that task terms speak of, as far as there is floor."""
        low, high = floor_extent(self._scenario)
        for term in self._scenario.task.terms:
            if term.name != "people_inside":
                continue
            (x0, y0), (x1, y1) = (np.clip(c, low, high) for c in (term.box[:2], term.box[2:]))
            corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
            colour = GREEN if term.weight > 0.0 else WET
            self._mark(corners, (*colour, 1.0), (0.0, 0.0))

    def _draw_route(self, points: list[tuple[float, float]]) -> None:
        """A band along the robot's path, where it has one."""
        if len(points) < 3:
            return
        r, g, b = (value + PALENESS * (1.0 - value) for value in ROBOT_BLUE)
        for start, end in pairwise(points):
            along = np.subtract(end, start)
            left = np.array([-along[1], along[0]]) * 0.5 * ROUTE_WIDTH_M / np.linalg.norm(along)
            corners = np.array([start - left, end - left, end + left, start + left])
            self._mark(corners, (r, g, b, 1.0), (0.0, 0.0))

    def _mark(
        self, polygon: Array, colour: Colour, centre: tuple[float, float]
    ) -> tuple[int, float]:
        """Paint a convex polygon (n, 2) [m] on the floor above what is there."""
        height_m = MARKER_HEIGHT_M + MARKER_APART_M * self._marks
        self._marks += 1
        shape = flat_shape(self._client, [polygon], colour)
        return place(self._client, -1, shape, (*centre, height_m)), height_m
