"""Shadows cast by a distant lamp, computed from two depth pictures of a PyBullet room.

The software renderer's own shadows do not cover a room, hence this shadow map in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pybullet  # type: ignore[import-not-found]

LAMP_DISTANCE_M = 60.0
MAP_SIZE = 1024
BIAS_M = 0.07
DARKNESS = 0.36


def matrix(columns: Sequence[float]) -> np.ndarray:
    """PyBullet's 16 numbers, column by column, as a (4, 4) matrix."""
    return np.asarray(columns, dtype=np.float64).reshape(4, 4).T


def lit_share(
    client: int,
    depth: np.ndarray,
    view_projection: np.ndarray,
    lamp_direction: Sequence[float],
    center: Sequence[float],
    radius_m: float,
) -> np.ndarray:
    """How much lamp light each pixel gets: 1 in the light, 1 - DARKNESS in shadow, shape (h, w).

    depth: OpenGL depth buffer in [0, 1] of the picture, shape (h, w).
    view_projection: of the picture, shape (4, 4).
    lamp_direction: towards the lamp, shape (3,); center, radius_m: the ball it shines on [m].
    """
    height, width = depth.shape
    x = (np.arange(width) + 0.5) / width * 2.0 - 1.0
    y = 1.0 - (np.arange(height) + 0.5) / height * 2.0
    ndc = np.empty((height, width, 4))
    ndc[..., 0], ndc[..., 1], ndc[..., 2], ndc[..., 3] = x, y[:, None], 2.0 * depth - 1.0, 1.0

    lamp_view, lamp_projection = _lamp(lamp_direction, center, radius_m)
    lamp_depth = pybullet.getCameraImage(
        MAP_SIZE,
        MAP_SIZE,
        lamp_view,
        lamp_projection,
        shadow=0,
        flags=pybullet.ER_NO_SEGMENTATION_MASK,
        renderer=pybullet.ER_TINY_RENDERER,
        physicsClientId=client,
    )[3]
    to_lamp = matrix(lamp_projection) @ matrix(lamp_view) @ np.linalg.inv(view_projection)
    seen = (ndc.reshape(-1, 4) @ to_lamp.T).reshape(height, width, 4)
    seen /= seen[..., 3:]
    column = np.clip(((seen[..., 0] + 1.0) / 2.0 * MAP_SIZE).astype(int), 0, MAP_SIZE - 1)
    row = np.clip(((1.0 - seen[..., 1]) / 2.0 * MAP_SIZE).astype(int), 0, MAP_SIZE - 1)
    nearest = np.reshape(np.asarray(lamp_depth), (MAP_SIZE, MAP_SIZE))[row, column]
    near, far = LAMP_DISTANCE_M - radius_m, LAMP_DISTANCE_M + radius_m
    hidden = _metres(nearest, near, far) < _metres(seen[..., 2] / 2 + 0.5, near, far) - BIAS_M
    return np.where(hidden, 1.0 - DARKNESS, 1.0)


def _lamp(
    direction: Sequence[float], center: Sequence[float], radius_m: float
) -> tuple[Sequence[float], Sequence[float]]:
    """View and projection of the lamp, as PyBullet's 16 numbers each."""
    unit = np.asarray(direction) / np.linalg.norm(direction)
    eye = np.asarray(center) + LAMP_DISTANCE_M * unit
    view = pybullet.computeViewMatrix(eye.tolist(), list(center), (0.0, 0.0, 1.0))
    angle_deg = 2.0 * np.degrees(np.arctan(radius_m / LAMP_DISTANCE_M))
    projection = pybullet.computeProjectionMatrixFOV(
        angle_deg, 1.0, LAMP_DISTANCE_M - radius_m, LAMP_DISTANCE_M + radius_m
    )
    return view, projection


def _metres(depth: np.ndarray, near: float, far: float) -> np.ndarray:
    """Distance along the view [m] from an OpenGL depth buffer in [0, 1]."""
    return far * near / (far - (far - near) * depth)
