"""JSON schemas of the messages that Foxglove draws: their fields as it names them, and all needed.

Source: docs.foxglove.dev/docs/sdk/schemas. Primitives that are never used are empty arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Schema = dict[str, Any]
"""A JSON schema."""
NUMBER, TEXT, YES_OR_NO = {"type": "number"}, {"type": "string"}, {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
SECONDS = {"sec": COUNT, "nsec": {**COUNT, "maximum": 999_999_999}}
BYTES = {"type": "string", "contentEncoding": "base64"}


def _record(title: str, **fields: Schema) -> Schema:
    return {"title": title, "type": "object", "properties": fields, "required": list(fields)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _one_of(*values: int) -> Schema:
    return {"type": "integer", "enum": list(values)}


TIME, DURATION = _record("time", **SECONDS), _record("duration", **SECONDS)
VECTOR_2 = _record("foxglove.Vector2", x=NUMBER, y=NUMBER)
VECTOR_3 = _record("foxglove.Vector3", x=NUMBER, y=NUMBER, z=NUMBER)
QUATERNION = _record("foxglove.Quaternion", x=NUMBER, y=NUMBER, z=NUMBER, w=NUMBER)
POSE = _record("foxglove.Pose", position=VECTOR_3, orientation=QUATERNION)
COLOUR = _record("foxglove.Color", r=NUMBER, g=NUMBER, b=NUMBER, a=NUMBER)
ARROW = _record(
    "foxglove.ArrowPrimitive",
    pose=POSE,
    shaft_length=NUMBER,
    shaft_diameter=NUMBER,
    head_length=NUMBER,
    head_diameter=NUMBER,
    color=COLOUR,
)
CYLINDER = _record(
    "foxglove.CylinderPrimitive",
    pose=POSE,
    size=VECTOR_3,
    bottom_scale=NUMBER,
    top_scale=NUMBER,
    color=COLOUR,
)
LINE = _record(
    "foxglove.LinePrimitive",
    type=_one_of(0, 1, 2),
    pose=POSE,
    thickness=NUMBER,
    scale_invariant=YES_OR_NO,
    points=_list(VECTOR_3),
    color=COLOUR,
    colors=_list(COLOUR),
    indices=_list(COUNT),
)
LABEL = _record(
    "foxglove.TextPrimitive",
    pose=POSE,
    billboard=YES_OR_NO,
    font_size=NUMBER,
    scale_invariant=YES_OR_NO,
    color=COLOUR,
    text=TEXT,
)
UNUSED: Schema = _list({"type": "object", "properties": {}})
ENTITY = _record(
    "foxglove.SceneEntity",
    timestamp=TIME,
    frame_id=TEXT,
    id=TEXT,
    lifetime=DURATION,
    frame_locked=YES_OR_NO,
    metadata=_list(_record("foxglove.KeyValuePair", key=TEXT, value=TEXT)),
    arrows=_list(ARROW),
    cubes=UNUSED,
    spheres=UNUSED,
    cylinders=_list(CYLINDER),
    lines=_list(LINE),
    triangles=UNUSED,
    texts=_list(LABEL),
    models=UNUSED,
)
DELETION = _record("foxglove.SceneEntityDeletion", timestamp=TIME, type=_one_of(0, 1), id=TEXT)
FIELD = _record("foxglove.PackedElementField", name=TEXT, offset=COUNT, type=_one_of(*range(9)))

SCENE, TRANSFORM = "foxglove.SceneUpdate", "foxglove.FrameTransform"
LOG, GRID = "foxglove.Log", "foxglove.Grid"
VELOCITY, WEIGHTS = "bisirl.Velocity", "bisirl.Weights"


def schemas(names: Iterable[str], features: Iterable[str]) -> dict[str, Schema]:
    """Of every kind of message, by its name; names and features: whose weights there may be."""
    figures = dict.fromkeys(("theta", "std", "low", "high", "true"), NUMBER)
    weight = {"type": "object", "properties": figures}
    person = {"type": "object", "properties": dict.fromkeys(features, weight)}
    return {
        SCENE: _record(SCENE, deletions=_list(DELETION), entities=_list(ENTITY)),
        TRANSFORM: _record(
            TRANSFORM,
            timestamp=TIME,
            parent_frame_id=TEXT,
            child_frame_id=TEXT,
            translation=VECTOR_3,
            rotation=QUATERNION,
        ),
        LOG: _record(
            LOG,
            timestamp=TIME,
            level=_one_of(*range(6)),
            message=TEXT,
            name=TEXT,
            file=TEXT,
            line=COUNT,
        ),
        GRID: _record(
            GRID,
            timestamp=TIME,
            frame_id=TEXT,
            pose=POSE,
            column_count=COUNT,
            cell_size=VECTOR_2,
            row_stride=COUNT,
            cell_stride=COUNT,
            fields=_list(FIELD),
            data=BYTES,
        ),
        VELOCITY: {
            "title": VELOCITY,
            "type": "object",
            "properties": {"v": NUMBER, "w": NUMBER},
        },
        WEIGHTS: {
            "title": WEIGHTS,
            "type": "object",
            "properties": dict.fromkeys(names, person),
        },
    }
