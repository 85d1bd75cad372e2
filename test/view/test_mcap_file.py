"""The mcap file, read back by mcap's own reader: every message is what its schema says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.errors import InputError
from bisirl_ros.view.as_mcap import messages
from bisirl_ros.view.mcap_file import mcap_of, write_mcap
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.scene import Scene

reader = pytest.importorskip("mcap.reader")
KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def faults(value: Any, schema: Any, where: str = "") -> Iterator[str]:
    """Where a value is not what a schema says, or has a field of which it says nothing."""
    kind = schema["type"]
    wrong_bool = isinstance(value, bool) and kind != "boolean"
    if not isinstance(value, KINDS[kind]) or wrong_bool:
        yield f"{where}: {value!r} is no {kind}"
        return
    if kind == "object":
        missing, known = set(schema.get("required", ())) - set(value), schema["properties"]
        yield from (f"{where}: {name} is missing" for name in missing)
        for name, inner in value.items():
            if name in known:
                yield from faults(inner, known[name], f"{where}.{name}")
            else:
                yield f"{where}: {name} is not in the schema"
    elif kind == "array":
        for inner in value:
            yield from faults(inner, schema["items"], f"{where}[]")
    elif value not in schema.get("enum", [value]):
        yield f"{where}: {value} is none of {schema['enum']}"
    elif "minimum" in schema and not schema["minimum"] <= value <= schema.get("maximum", value):
        yield f"{where}: {value} is out of range"


@pytest.fixture(scope="module")
def scene(bag: Path) -> Scene:
    return scene_of_bag(bag, scenario="crossing")


@pytest.fixture(scope="module")
def read(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Schema, channel and message, in the order of the file."""
    path = tmp_path_factory.mktemp("mcap") / "view.mcap"
    assert write_mcap(scene, path) == path.stat().st_size
    with path.open("rb") as file:
        found = reader.make_reader(file, validate_crcs=True)
        return list(found.iter_messages(log_time_order=False))


def test_every_message_is_what_its_schema_says(read: list[Any]) -> None:
    kinds = set()
    for schema, channel, message in read:
        assert (schema.encoding, channel.message_encoding) == ("jsonschema", "json")
        told = json.loads(schema.data)
        assert told["title"] == schema.name
        assert list(faults(json.loads(message.data), told, channel.topic)) == []
        kinds.add(schema.name)
    assert kinds == {
        "foxglove.SceneUpdate",
        "foxglove.FrameTransform",
        "foxglove.Log",
        "foxglove.Grid",
        "bisirl.Velocity",
        "bisirl.Weights",
    }


def test_the_file_holds_the_scenes_messages(scene: Scene, read: list[Any]) -> None:
    found = [(m.log_time, c.topic, s.name, json.loads(m.data)) for s, c, m in read]
    assert found == [(*told[:3], json.loads(json.dumps(told.body))) for told in messages(scene)]
    times = [time for time, *_ in found]
    assert times == sorted(times)


def test_the_same_scene_gives_the_same_file(scene: Scene) -> None:
    assert mcap_of(scene) == mcap_of(scene)


def test_where_it_cannot_be_written_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_mcap(Scene("a", 1.0), tmp_path / "nowhere" / "view.mcap")
