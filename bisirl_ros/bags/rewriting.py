"""Writes what was found in the files of a bag to a new one: types unknown here come along."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from bisirl_ros.bags.library import store
from bisirl_ros.bags.recorded import Scan, Topic
from bisirl_ros.bags.writing import VERSION
from bisirl_ros.errors import InputError

ENCODINGS: Final = ("ros2msg", "ros2idl", "")
NO_DIGEST: Final = "RIHS01_" + 64 * "0"


class Kept(NamedTuple):
    """What a rewritten bag holds: its messages, and first to last of them [s]."""

    messages: int
    length_s: float


def rewrite(scans: Iterable[Scan], folder: Path, mcap: bool) -> Kept:
    """All whole records into a new bag, in mcap or else sqlite3.

    Raises InputError for a type that is none of ROS 2, OSError where it cannot be written.
    """
    from rosbags.rosbag2 import StoragePlugin, Writer

    plugin = StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3
    with Writer(folder, version=VERSION, storage_plugin=plugin) as writer:
        connections: dict[tuple[str, str], Any] = {}
        for scan in scans:
            for topic, received_ns, raw in scan.records():
                to = connections.get(topic[:2]) or _announce(writer, topic, connections)
                writer.write(to, received_ns, raw)
            for topic in scan.topics:
                if topic[:2] not in connections:
                    _announce(writer, topic, connections)
    messages = sum(writer.counts.values())
    length_ns = writer.max_timestamp - writer.min_timestamp if messages else 0
    return Kept(messages, length_ns * 1e-9)


def _announce(writer: Any, topic: Topic, connections: dict[tuple[str, str], Any]) -> Any:
    if topic.encoding not in ENCODINGS:
        raise InputError(f"{topic.name}: its type is in {topic.encoding}; only ROS 2 bags are kept")
    definition = topic.definition
    if not topic.encoding and topic.kind in store().types:
        definition = store().generate_msgdef(topic.kind, ros_version=2)[0]
    connections[topic[:2]] = writer.add_connection(
        topic.name,
        topic.kind,
        msgdef=definition,
        rihs01=topic.digest or _digest(topic.kind, definition),
        serialization_format=topic.serialization,
        offered_qos_profiles=_qos(topic.qos),
    )
    return connections[topic[:2]]


@cache
def _digest(kind: str, definition: str) -> str:
    """The hash of a type, out of its definition; zeros for one that cannot be understood."""
    from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

    types: dict[str, Any] = {}
    try:
        first, *more = definition.split("=" * 80 + "\n")
        if more and not first and more[0].startswith("IDL: "):
            for part in more:
                types.update(get_types_from_idl(part.split("\n", 1)[1]))
        else:
            types.update(get_types_from_msg(definition, kind))
        empty = get_typestore(Stores.EMPTY)
        empty.register(types)
        return empty.hash_rihs01(kind)
    except Exception:  # the parsers complain in many ways
        return NO_DIGEST


def _qos(text: str) -> list[Any]:
    from rosbags.rosbag2.metadata import parse_qos

    try:
        return parse_qos(text)
    except Exception:  # damaged, or of a version to come
        return []
