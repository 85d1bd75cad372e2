"""Messages that Foxglove draws, as plain values; lengths [m], angles [rad], times [ns].

Source: docs.foxglove.dev/docs/sdk/schemas
"""

from __future__ import annotations

import base64
import math
from typing import Any, NamedTuple

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.view.foxglove_schemas import GRID, LOG, SCENE, TRANSFORM

ROOM = "room"
"""The frame in which everything is told."""
STRIP, PAIRS = 0, 2
"""Points of a line one after the other, or two and two."""
INFO, WARNING, ERROR = 2, 3, 4
"""How bad a logged event is."""
DELETE_ALL = 1
LABEL_PIXELS = 14.0
NUMERIC = {"u1": 1, "f4": 7}
PRIMITIVES = ("arrows", "cubes", "spheres", "cylinders", "lines", "triangles", "texts", "models")
Body = dict[str, Any]
"""A message or a part of one."""


class Told(NamedTuple):
    """A message: when [ns], on which topic, of which schema, and what."""

    time_ns: int
    topic: str
    kind: str
    body: Body


def stamp(time_ns: int) -> Body:
    """A time, or a duration that is not negative."""
    return dict(zip(("sec", "nsec"), divmod(time_ns, 1_000_000_000), strict=True))


def vector(x: float, y: float, z: float) -> Body:
    """To the millimetre."""
    return {"x": round(float(x), 3), "y": round(float(y), 3), "z": round(float(z), 3)}


def turned(yaw: float) -> Body:
    """A turn about the z axis."""
    sine, cosine = math.sin(yaw / 2), math.cos(yaw / 2)
    return {"x": 0.0, "y": 0.0, "z": round(sine, 6), "w": round(cosine, 6)}


def pose(x: float, y: float, z: float = 0.0, yaw: float = 0.0) -> Body:
    """A place and a direction."""
    return {"position": vector(x, y, z), "orientation": turned(yaw)}


def colour(code: str, alpha: float = 1.0) -> Body:
    """Of a code "#RRGGBB"."""
    r, g, b = (round(int(code[i : i + 2], 16) / 255, 3) for i in (1, 3, 5))
    return {"r": r, "g": g, "b": b, "a": round(alpha, 3)}


def cylinder(at: Body, size: tuple[float, float, float], look: Body) -> Body:
    """Upright, its middle at a pose; size: along the pose's x, y and z."""
    return {
        "pose": at,
        "size": vector(*size),
        "bottom_scale": 1.0,
        "top_scale": 1.0,
        "color": look,
    }


def arrow(at: Body, length: float, width: float, look: Body) -> Body:
    """From a pose on, along its x axis; width: of its head, which is a third of its length."""
    return {
        "pose": at,
        "shaft_length": round(2 * length / 3, 3),
        "shaft_diameter": round(0.4 * width, 3),
        "head_length": round(length / 3, 3),
        "head_diameter": round(width, 3),
        "color": look,
    }


def line(points: Array, z: float, width: float, look: Body, kind: int = STRIP) -> Body:
    """Along points (N, 2)."""
    return {
        "type": kind,
        "pose": pose(0.0, 0.0),
        "thickness": width,
        "scale_invariant": False,
        "points": [{"x": x, "y": y, "z": z} for x, y in np.round(points, 3).tolist()],
        "color": look,
        "colors": [],
        "indices": [],
    }


def label(x: float, y: float, z: float, said: str, look: Body) -> Body:
    """Words of the same size however far away, towards whoever looks."""
    return {
        "pose": pose(x, y, z),
        "billboard": True,
        "font_size": LABEL_PIXELS,
        "scale_invariant": True,
        "color": look,
        "text": said,
    }


def entity(time_ns: int, name: str, life_s: float = 0.0, **drawn: list[Body]) -> Body:
    """What is drawn in the room under one name, by kind of primitive; life_s 0: until replaced."""
    return {
        "timestamp": stamp(time_ns),
        "frame_id": ROOM,
        "id": name,
        "lifetime": stamp(round(life_s * 1e9)),
        "frame_locked": False,
        "metadata": [],
        **{kind: drawn.get(kind, []) for kind in PRIMITIVES},
    }


def scene(time_ns: int, topic: str, *entities: Body) -> Told:
    """All that there is on a topic from now on: after a jump in time the last message is enough."""
    emptied = {"timestamp": stamp(time_ns), "type": DELETE_ALL, "id": ""}
    body = {"deletions": [emptied], "entities": list(entities)}
    return Told(time_ns, topic, SCENE, body)


def transform(time_ns: int, frame: str, x: float, y: float, yaw: float) -> Told:
    """Where a frame is in the room."""
    body = {
        "timestamp": stamp(time_ns),
        "parent_frame_id": ROOM,
        "child_frame_id": frame,
        "translation": vector(x, y, 0.0),
        "rotation": turned(yaw),
    }
    return Told(time_ns, "/tf", TRANSFORM, body)


def log(time_ns: int, topic: str, level: int, name: str, said: str) -> Told:
    """A line in Foxglove's log; name: of what kind."""
    body = {
        "timestamp": stamp(time_ns),
        "level": level,
        "message": said,
        "name": name,
        "file": "",
        "line": 0,
    }
    return Told(time_ns, topic, LOG, body)


def grid(time_ns: int, topic: str, frame: str, corner: Body, cell_m: float, cells: Any) -> Told:
    """cells: (H, W) of a packed structured type, little-endian, rows along y from the corner on."""
    kind: np.dtype[Any] = cells.dtype
    fields = [
        {"name": name, "offset": offset, "type": NUMERIC[inner.str[1:]]}
        for name, (inner, offset, *_) in (kind.fields or {}).items()
    ]
    body = {
        "timestamp": stamp(time_ns),
        "frame_id": frame,
        "pose": corner,
        "column_count": cells.shape[1],
        "cell_size": {"x": cell_m, "y": cell_m},
        "row_stride": cells.shape[1] * kind.itemsize,
        "cell_stride": kind.itemsize,
        "fields": fields,
        "data": base64.b64encode(cells.tobytes()).decode(),
    }
    return Told(time_ns, topic, GRID, body)
