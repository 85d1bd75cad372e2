"""A scene as one mcap file, which Foxglove opens without ROS."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.view.as_mcap import messages
from bisirl_ros.view.foxglove_schemas import schemas
from bisirl_ros.view.output import put
from bisirl_ros.view.scene import Scene


def need_mcap() -> None:
    """Raises InputError, which says how to get it, where mcap is not installed."""
    try:
        import mcap.writer  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError("--format mcap: takes the package mcap: pip install mcap") from error


def mcap_of(scene: Scene) -> bytes:
    """The file's content: messages and their schemas as JSON, in order of time."""
    need_mcap()
    from mcap.writer import Writer

    file = io.BytesIO()
    writer: Any = Writer(file)
    writer.start(profile="", library="bisirl_ros")
    known = schemas(scene.names, scene.features)
    ids: dict[str, int] = {}
    channels: dict[str, int] = {}
    for time_ns, topic, kind, body in messages(scene):
        if kind not in ids:
            ids[kind] = writer.register_schema(kind, "jsonschema", _json(known[kind]))
        if topic not in channels:
            channels[topic] = writer.register_channel(topic, "json", ids[kind])
        writer.add_message(channels[topic], time_ns, _json(body), time_ns)
    writer.finish()
    return file.getvalue()


def write_mcap(scene: Scene, path: Path) -> int:
    """Write the file, whole or not at all; returns its size in bytes.

    Raises InputError where it cannot be written, or mcap is not installed.
    """
    return put(path, mcap_of(scene))


def _json(value: object) -> bytes:
    return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
