"""What of the floor a scenario uses, and what a picture of it has to show; numbers only."""

from __future__ import annotations

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario

HEAD_M, WALL_HEIGHT_M = 1.8, 1.0


def landmarks(scenario: Scenario) -> Array:
    """Corners of all there is to see: starts, goals, route, walls and pillars, (n, 3) [m]."""
    start, person, boxes = scenario.starts.robot, scenario.person, []
    wide = scenario.robot.radius_m
    boxes.append((*start.pose[:2], start.spread[0] + wide, start.spread[1] + wide, WALL_HEIGHT_M))
    near = scenario.robot.goal_tolerance_m
    boxes.append(
        (*start.goal, start.goal_spread[0] + near, start.goal_spread[1] + near, WALL_HEIGHT_M)
    )
    boxes += [(*point, wide, wide, 0.0) for point in start.via]
    for somebody in scenario.starts.people[: scenario.people]:
        dx, dy = somebody.spread
        boxes.append((*somebody.position, dx + person.radius_m, dy + person.radius_m, HEAD_M))
        near = person.goal_tolerance_m
        boxes += [(*goal, near, near, HEAD_M) for goal in somebody.goals]
    for x1, y1, x2, y2 in scenario.floor.walls:
        boxes += [(x1, y1, 0.0, 0.0, WALL_HEIGHT_M), (x2, y2, 0.0, 0.0, WALL_HEIGHT_M)]
    boxes += [(x, y, r, r, WALL_HEIGHT_M) for x, y, r in scenario.floor.discs]
    corners = [
        (x + i * dx, y + j * dy, k * height)
        for x, y, dx, dy, height in boxes
        for i in (-1, 1)
        for j in (-1, 1)
        for k in (0, 1)
    ]
    return np.array(corners)


def used_floor(scenario: Scenario) -> tuple[Array, Array]:
    """Lower and upper corner (2,) [m] around all landmarks and within the scenario's bounds."""
    places, bounds = landmarks(scenario)[:, :2], scenario.floor.bounds
    if bounds:
        places = np.concatenate([places, np.reshape(bounds, (2, 2))])
    return places.min(axis=0), places.max(axis=0)


def reach_m(scenario: Scenario) -> float:
    """Largest |x| or |y| [m] on the floor that the scenario uses."""
    return float(np.abs(used_floor(scenario)).max())
