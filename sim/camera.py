"""Pictures of a PyBullet room from its software renderer."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pybullet  # type: ignore[import-not-found]

from bisirl_ros.errors import InputError
from bisirl_sim.shadow import lit_share, matrix

CAMERAS = ("oblique", "top")
FIELD_OF_VIEW_DEG = 32.0
YAW_PITCH_DEG = {"oblique": (-34.0, -25.0), "top": (0.0, -89.9)}
SKY_TOP, SKY_BOTTOM = (0.78, 0.86, 0.94), (0.95, 0.96, 0.97)
LAMP_DIRECTION = (-4.5, -2.6, 7.0)
LIGHT = {"lightAmbientCoeff": 0.62, "lightDiffuseCoeff": 0.44, "lightSpecularCoeff": 0.0}


def take_picture(
    client: int,
    low: np.ndarray,
    high: np.ndarray,
    width: int,
    height: int,
    camera: str,
    supersample: int,
) -> np.ndarray:
    """Picture of `client`'s room, uint8 RGB, shape (height, width, 3).

    low, high: corners (2,) of the floor to show [m]; camera: "oblique" or "top".
    supersample: rendered pixels per picture pixel, along each side, for smooth edges.
    Raises InputError for an unknown camera or a size that is not positive.
    """
    if camera not in CAMERAS:
        raise InputError(f"camera '{camera}' is unknown; choose one of {', '.join(CAMERAS)}")
    if min(width, height, supersample) < 1:
        raise InputError(f"picture of {width} x {height}: give positive numbers of pixels")
    wide, tall = width * supersample, height * supersample
    radius_m = float(np.linalg.norm(high - low)) / 2
    center = (*((low + high) / 2).tolist(), 0.3)
    view = _view(center, low, high, width / height, camera)
    projection = pybullet.computeProjectionMatrixFOV(
        FIELD_OF_VIEW_DEG, width / height, 1.0, 100.0, physicsClientId=client
    )
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
    depth = np.reshape(np.asarray(image[3]), (tall, wide))
    view_projection = matrix(projection) @ matrix(view)
    rgb *= lit_share(client, depth, view_projection, LAMP_DIRECTION, center, radius_m)[..., None]
    empty = np.reshape(np.asarray(image[4]), (tall, wide)) < 0
    rgb[empty] = _sky(tall, wide)[empty]
    fine = rgb.reshape(height, supersample, width, supersample, 3)
    return np.rint(fine.mean(axis=(1, 3))).astype(np.uint8)


def _view(
    center: Sequence[float], low: np.ndarray, high: np.ndarray, aspect: float, camera: str
) -> Sequence[float]:
    """View matrix, 16 numbers, from which the floor fills the picture."""
    yaw_deg, pitch_deg = YAW_PITCH_DEG[camera]
    yaw, pitch = math.radians(yaw_deg), math.radians(-pitch_deg)
    across = abs(math.cos(yaw)) * (high - low)[0] + abs(math.sin(yaw)) * (high - low)[1]
    along = abs(math.sin(yaw)) * (high - low)[0] + abs(math.cos(yaw)) * (high - low)[1]
    shown_m = max(across / aspect, along * math.sin(pitch))
    fill = 1.0 if camera == "top" else 0.66
    distance_m = fill * shown_m / 2 / math.tan(math.radians(FIELD_OF_VIEW_DEG) / 2)
    return list(
        pybullet.computeViewMatrixFromYawPitchRoll(center, distance_m, yaw_deg, pitch_deg, 0.0, 2)
    )


def _sky(tall: int, wide: int) -> np.ndarray:
    """A sky that is paler towards the horizon, shape (tall, wide, 3), in [0, 255]."""
    share = np.linspace(0.0, 1.0, tall, dtype=np.float32)[:, None, None]
    column = 255.0 * ((1.0 - share) * np.asarray(SKY_TOP) + share * np.asarray(SKY_BOTTOM))
    return np.broadcast_to(column, (tall, wide, 3))
