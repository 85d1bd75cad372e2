"""The still part of a PyBullet room: what one drives on, runs into, and sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np
import pybullet  # type: ignore[import-not-found]

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.extent import WALL_HEIGHT_M, used_floor

MODEL_RADIUS_M = 0.25
"""Of `robot.urdf`."""
TILE_M = 1.0
WALL_SEEN_M, WALL_SOLID_M = 0.06, 0.002
"""A wall is a segment: it is drawn thicker than what the robot runs into."""
Colour = tuple[float, float, float, float]
FLOOR_LIGHT: Colour = (0.93, 0.92, 0.89, 1.0)
FLOOR_DARK: Colour = (0.84, 0.85, 0.84, 1.0)
WALL: Colour = (0.60, 0.66, 0.63, 1.0)


def load_robot(client: int, scenario: Scenario) -> tuple[int, float]:
    """The robot's body in `client`, and by how much its model is scaled to the footprint."""
    scale = scenario.robot.radius_m / MODEL_RADIUS_M
    flags = pybullet.URDF_USE_INERTIA_FROM_FILE
    with resources.as_file(resources.files("bisirl_sim") / "assets" / "robot.urdf") as path:
        body = pybullet.loadURDF(
            str(path), globalScaling=scale, flags=flags, physicsClientId=client
        )
    return int(body), scale


def joints_by_name(client: int, body: int) -> dict[str, int]:
    """Index of each joint of a body."""
    count = pybullet.getNumJoints(body, physicsClientId=client)
    infos = (pybullet.getJointInfo(body, i, physicsClientId=client) for i in range(count))
    return {info[1].decode(): info[0] for info in infos}


def build_solids(client: int, scenario: Scenario) -> None:
    """Ground, walls and pillars to run into, not drawn."""
    plane = pybullet.createCollisionShape(pybullet.GEOM_PLANE, physicsClientId=client)
    ground = place(client, plane, -1)
    pybullet.changeDynamics(ground, -1, lateralFriction=1.0, physicsClientId=client)
    for x1, y1, x2, y2 in scenario.floor.walls:
        half = (0.5 * math.dist((x1, y1), (x2, y2)), 0.5 * WALL_SOLID_M, 0.5 * WALL_HEIGHT_M)
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_BOX, halfExtents=half, physicsClientId=client
        )
        place(client, shape, -1, *_wall_pose(x1, y1, x2, y2))
    for x, y, radius_m in scenario.floor.discs:
        shape = pybullet.createCollisionShape(
            pybullet.GEOM_CYLINDER, radius=radius_m, height=WALL_HEIGHT_M, physicsClientId=client
        )
        place(client, shape, -1, (x, y, 0.5 * WALL_HEIGHT_M))


def draw_scene(client: int, scenario: Scenario) -> None:
    """Floor tiles, walls and pillars to look at."""
    _lay_floor(client, *floor_extent(scenario))
    look = {"rgbaColor": WALL, "specularColor": (0, 0, 0), "physicsClientId": client}
    for x1, y1, x2, y2 in scenario.floor.walls:
        long_m = math.dist((x1, y1), (x2, y2)) + WALL_SEEN_M
        half = (0.5 * long_m, 0.5 * WALL_SEEN_M, 0.5 * WALL_HEIGHT_M)
        shape = pybullet.createVisualShape(pybullet.GEOM_BOX, halfExtents=half, **look)
        place(client, -1, shape, *_wall_pose(x1, y1, x2, y2))
    for x, y, radius_m in scenario.floor.discs:
        shape = pybullet.createVisualShape(
            pybullet.GEOM_CYLINDER, radius=radius_m, length=WALL_HEIGHT_M, **look
        )
        place(client, -1, shape, (x, y, 0.5 * WALL_HEIGHT_M))


def floor_extent(scenario: Scenario) -> tuple[Array, Array]:
    """Lower and upper corner (2,) [m] of the floor to draw, whole tiles."""
    low, high = used_floor(scenario)
    return np.floor(low / TILE_M) * TILE_M, np.ceil(high / TILE_M) * TILE_M


def circle(radius_m: float) -> Array:
    """Corners of a regular polygon about the origin, counter-clockwise, (48, 2) [m]."""
    angle = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    return radius_m * np.column_stack((np.cos(angle), np.sin(angle)))


def flat_shape(client: int, polygons: Sequence[Array], colour: Colour) -> int:
    """Visual shape of convex `polygons`, each (n, 2) [m], counter-clockwise, facing up."""
    vertices: list[list[float]] = []
    indices: list[int] = []
    for polygon in polygons:
        first = len(vertices)
        vertices += [[float(x), float(y), 0.0] for x, y in polygon]
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


def place(
    client: int,
    collision: int,
    visual: int,
    position: tuple[float, float, float] = (0.0, 0.0, 0.0),
    yaw: float = 0.0,
) -> int:
    """A static body; -1 for no collision or no visual shape."""
    turn = (0.0, 0.0, math.sin(0.5 * yaw), math.cos(0.5 * yaw))
    body: Any = pybullet.createMultiBody(
        0, collision, visual, position, turn, physicsClientId=client
    )
    return int(body)


def _wall_pose(
    x1: float, y1: float, x2: float, y2: float
) -> tuple[tuple[float, float, float], float]:
    middle = (0.5 * (x1 + x2), 0.5 * (y1 + y2), 0.5 * WALL_HEIGHT_M)
    return middle, math.atan2(y2 - y1, x2 - x1)


def _lay_floor(client: int, low: Array, high: Array) -> None:
    """Square tiles of two colours from `low` to `high`."""
    columns, rows = np.rint((high - low) / TILE_M).astype(int)
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * TILE_M
    tiles: tuple[list[Array], list[Array]] = ([], [])
    for i in range(columns):
        for j in range(rows):
            tiles[(i + j) % 2].append(square + low + np.array((i, j)) * TILE_M)
    place(client, -1, flat_shape(client, tiles[0], FLOOR_LIGHT))
    place(client, -1, flat_shape(client, tiles[1], FLOOR_DARK))
