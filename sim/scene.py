"""The still part of the PyBullet room: ground, floor tiles, obstacles and goal markers."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
import pybullet  # type: ignore[import-not-found]

from bisirl_ros.crowd.scenario import ObstacleSpec, Scenario

TILE_M = 1.0
MARGIN_M = 1.5
MARKER_HEIGHT_M = 0.004
Colour = tuple[float, float, float, float]
FLOOR_LIGHT: Colour = (0.93, 0.92, 0.89, 1.0)
FLOOR_DARK: Colour = (0.84, 0.85, 0.84, 1.0)
OBSTACLE: Colour = (0.60, 0.66, 0.63, 1.0)
ROBOT_GOAL: Colour = (0.52, 0.70, 0.95, 1.0)
HUMAN_GOAL: Colour = (0.98, 0.72, 0.50, 1.0)


def load_asset(client: int, name: str, **options: Any) -> int:
    """Load a URDF of this package's assets into `client`; returns its body id."""
    with resources.as_file(resources.files("bisirl_sim") / "assets" / name) as path:
        return int(pybullet.loadURDF(str(path), physicsClientId=client, **options))


def floor_extent(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper corner (2,) [m] of what the scenario uses of the floor, whole tiles."""
    robot, human = scenario.robot, scenario.human
    places = [robot.start[:2], robot.goal, human.start, human.goal]
    for spec in scenario.obstacles:
        places += [
            (spec.center[0] + sign * spec.size[0] / 2, spec.center[1] + sign * spec.size[1] / 2)
            for sign in (-1, 1)
        ]
    points = np.asarray(places)
    low, high = points.min(axis=0) - MARGIN_M, points.max(axis=0) + MARGIN_M
    return np.floor(low / TILE_M) * TILE_M, np.ceil(high / TILE_M) * TILE_M


def build_scene(client: int, scenario: Scenario) -> None:
    """Create ground, floor, obstacles and goal markers in `client`."""
    _lay_floor(client, *floor_extent(scenario))
    for spec in scenario.obstacles:
        _place_obstacle(client, spec)
    for goal, radius_m, colour in (
        (scenario.robot.goal, scenario.robot.goal_tolerance_m, ROBOT_GOAL),
        (scenario.human.goal, scenario.human.goal_tolerance_m, HUMAN_GOAL),
    ):
        _place(client, -1, _flat_shape(client, [_circle(goal, radius_m)], colour, MARKER_HEIGHT_M))


def _lay_floor(client: int, low: np.ndarray, high: np.ndarray) -> None:
    """Endless ground to drive on, shown as square tiles of two colours from `low` to `high`."""
    columns, rows = np.rint((high - low) / TILE_M).astype(int)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * TILE_M
    tiles: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for i in range(columns):
        for j in range(rows):
            tiles[(i + j) % 2].append(square + low + np.array((i, j)) * TILE_M)
    plane = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=client)
    ground = _place(client, plane, _flat_shape(client, tiles[0], FLOOR_LIGHT))
    pybullet.changeDynamics(ground, -1, lateralFriction=1.0, physicsClientId=client)
    _place(client, -1, _flat_shape(client, tiles[1], FLOOR_DARK))


def _circle(center: tuple[float, float], radius_m: float) -> np.ndarray:
    """Corners of a regular polygon, counter-clockwise, shape (48, 2) [m]."""
    angle = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    return np.asarray(center) + radius_m * np.column_stack((np.cos(angle), np.sin(angle)))


def _flat_shape(
    client: int, polygons: list[np.ndarray], colour: Colour, height_m: float = 0.0
) -> int:
    """Visual shape of convex `polygons`, each (n, 2) [m], counter-clockwise, facing up."""
    vertices: list[list[float]] = []
    indices: list[int] = []
    for polygon in polygons:
        first = len(vertices)
        vertices += [[float(x), float(y), height_m] for x, y in polygon]
        for k in range(1, len(polygon) - 1):
            indices += [first, first + k, first + k + 1]
    shape = pybullet.createVisualShape(
        pybullet.GEOM_MESH,
        vertices=vertices,
        indices=indices,
        normals=[[0.0, 0.0, 1.0]] * len(vertices),
        uvs=[[0.0, 0.0]] * len(vertices),
        rgbaColor=colour,
        specularColor=(0, 0, 0),
        physicsClientId=client,
    )
    return int(shape)


def _place_obstacle(client: int, spec: ObstacleSpec) -> None:
    """One static body with the same collision and visual shape."""
    if spec.shape == "box":
        kind = pybullet.GEOM_BOX
        half = (spec.size[0] / 2, spec.size[1] / 2, spec.height_m / 2)
        solid: dict[str, Any] = {"halfExtents": half}
        shown: dict[str, Any] = solid
    else:
        kind, radius_m = pybullet.GEOM_CYLINDER, spec.size[0] / 2
        solid = {"radius": radius_m, "height": spec.height_m}
        shown = {"radius": radius_m, "length": spec.height_m}
    collision = pybullet.createCollisionShape(kind, physicsClientId=client, **solid)
    visual = pybullet.createVisualShape(
        kind, rgbaColor=OBSTACLE, specularColor=(0, 0, 0), physicsClientId=client, **shown
    )
    _place(client, collision, visual, (*spec.center, spec.height_m / 2))


def _place(
    client: int,
    collision: int,
    visual: int,
    position: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> int:
    """A static body; -1 for no collision shape."""
    return int(pybullet.createMultiBody(0, collision, visual, position, physicsClientId=client))
