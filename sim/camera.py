"""Pictures of a PyBullet room from its software renderer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pybullet  # type: ignore[import-not-found]
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_sim.shadow import lit_share, matrix

CAMERAS = ("oblique", "top")
FIELD_OF_VIEW_DEG = 32.0
YAW_PITCH_DEG = {"oblique": (-34.0, -25.0), "top": (0.0, -90.0)}
FILL = 0.94
"""How much of the picture is used, along each side."""
SIGHT_M = (1.0, 200.0)
"""From how near to how far the camera sees."""
SKY_TOP, SKY_BOTTOM = (0.78, 0.86, 0.94), (0.95, 0.96, 0.97)
LAMP_DIRECTION = (-4.5, -2.6, 7.0)
LIGHT = {"lightAmbientCoeff": 0.62, "lightDiffuseCoeff": 0.44, "lightSpecularCoeff": 0.0}


def take_picture(
    client: int,
    shown: Array,
    low: Array,
    high: Array,
    width: int,
    height: int,
    camera: str,
    supersample: int,
) -> Array:
    """Picture of `client`'s room, uint8 RGB, shape (height, width, 3).

    shown: (n, 3) what it has to show [m]; low, high: corners (2,) of the floor that is lit [m]
    camera: "oblique" or "top"
    supersample: rendered pixels per picture pixel, along each side, for smooth edges.
    Raises InputError for an unknown camera or a size that is not positive.
    """
    if camera not in CAMERAS:
        raise InputError(f"camera '{camera}' is unknown; choose one of {', '.join(CAMERAS)}")
    if min(width, height, supersample) < 1:
        raise InputError(f"picture of {width} x {height}: give positive numbers of pixels")
    wide, tall = width * supersample, height * supersample
    view = _view(shown, width / height, camera)
    projection = pybullet.computeProjectionMatrixFOV(
        FIELD_OF_VIEW_DEG, width / height, *SIGHT_M, physicsClientId=client
    )
    rgb, depth, empty = _rendered(client, wide, tall, view, projection)
    center, radius_m = (*((low + high) / 2).tolist(), 0.3), float(np.linalg.norm(high - low)) / 2
    seen = matrix(projection) @ matrix(view)
    rgb *= lit_share(client, depth, seen, LAMP_DIRECTION, center, radius_m)[..., None]
    rgb[empty] = _sky(tall, wide)[empty]
    fine = rgb.reshape(height, supersample, width, supersample, 3)
    return np.rint(fine.mean(axis=(1, 3))).astype(np.uint8)


def _rendered(
    client: int, wide: int, tall: int, view: Sequence[float], projection: Sequence[float]
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Colours (tall, wide, 3) in [0, 255], OpenGL depth (tall, wide), and where nothing is."""
    image = pybullet.getCameraImage(
        wide,
        tall,
        view,
        projection,
        lightDirection=LAMP_DIRECTION,
        lightColor=(1.0, 1.0, 1.0),
        shadow=0,
        renderer=pybullet.ER_TINY_RENDERER,
        physicsClientId=client,
        **LIGHT,
    )
    rgb = np.reshape(np.asarray(image[2]), (tall, wide, 4))[:, :, :3].astype(np.float32)
    depth, body = (np.reshape(np.asarray(plane), (tall, wide)) for plane in image[3:5])
    return rgb, depth, body < 0


def _view(shown: Array, aspect: float, camera: str) -> Sequence[float]:
    """View matrix, 16 numbers, from as near as shows every point of `shown` (n, 3) [m].

    Along an axis of the picture, a camera at depth e and place x sees what lies at depth p and
    place q if |q - x| <= (e - p) t, t the tangent of half its angle: linear, so that the nearest
    e, and x with it, follow from the outermost points.
    """
    yaw, pitch = (math.radians(angle) for angle in YAW_PITCH_DEG[camera])
    right = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    back = np.array([math.sin(yaw) * math.cos(pitch), -math.cos(yaw) * math.cos(pitch), 0.0])
    back[2] = -math.sin(pitch)
    up = np.cross(back, right)
    depth, away, eye = shown @ back, -math.inf, np.zeros(3)
    tangent = FILL * math.tan(math.radians(FIELD_OF_VIEW_DEG) / 2)
    for axis, t in ((right, tangent * aspect), (up, tangent)):
        highest, lowest = (shown @ axis + depth * t).max(), (shown @ axis - depth * t).min()
        away = max(away, (highest - lowest) / (2 * t))
        eye = eye + axis * (highest + lowest) / 2
    eye = eye + back * away
    target = eye - back
    return list(pybullet.computeViewMatrix(eye.tolist(), target.tolist(), up.tolist()))


def _sky(tall: int, wide: int) -> Array:
    """A sky that is paler towards the horizon, shape (tall, wide, 3), in [0, 255]."""
    share = np.linspace(0.0, 1.0, tall, dtype=np.float32)[:, None, None]
    column = 255.0 * ((1.0 - share) * np.asarray(SKY_TOP) + share * np.asarray(SKY_BOTTOM))
    return np.broadcast_to(column, (tall, wide, 3))
