"""A rosbag2 recording (sqlite3 or mcap, compressed, split; Humble's or newer), without ROS."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from bisirl_ros.bags.library import need_rosbags
from bisirl_ros.errors import InputError

MENDED = "`bisirl bag repair` mends what a killed recorder left"


class Told(NamedTuple):
    """A message of a bag.

    topic: "/odom"; kind: "nav_msgs/msg/Odometry"; received_ns: on the recorder's clock [ns]
    message: with the fields of the ROS message, whose type need not be installed
    """

    topic: str
    kind: str
    received_ns: int
    message: Any

    @property
    def received_s(self) -> float:
        """On the recorder's clock [s]."""
        return self.received_ns * 1e-9


class Bag:
    """A bag to read from, as a context: a folder of `ros2 bag record`, or its one file.

    kinds: type of each topic; counts: messages of each; start_s, end_s: first and last [s]
    Types are taken from the bag's own definitions; bags older than Iron hold none, and those of
    Humble are taken then. Raises InputError for a path that is no bag, or a damaged one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        need_rosbags(path)
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; check the path")
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore

        with self._complaining():
            self._reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
            self._reader.open()
            _agree(self._reader)
        topics = self._reader.topics
        self.kinds = {topic: str(info.msgtype) for topic, info in topics.items()}
        self.counts = {topic: int(info.msgcount) for topic, info in topics.items()}
        empty = not any(self.counts.values())
        self.start_s = 0.0 if empty else self._reader.start_time * 1e-9
        self.end_s = 0.0 if empty else self._reader.end_time * 1e-9

    def __enter__(self) -> Bag:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.close()

    def messages(self, topics: Collection[str] | None = None) -> Iterator[Told]:
        """The messages of some topics, or all, in order of receipt; one at a time is in memory.

        Raises InputError where the bag ends early, or a message cannot be read.
        """
        wanted = [c for c in self._reader.connections if topics is None or c.topic in topics]
        if not wanted:
            return
        count = 0
        with self._complaining():
            for connection, received, raw in self._reader.messages(wanted):
                count += 1
                topic, kind = connection.topic, connection.msgtype
                yield Told(topic, kind, received, self._decoded(topic, kind, received, raw))
        stated = sum(c.msgcount for c in wanted)
        if count < stated:
            raise InputError(f"{self.path}: holds {count} of {stated} messages; {MENDED}")

    def find(self, name: str, kinds: Collection[str]) -> str:
        """The full name of a topic of one of the types; the namespace may be left out.

        Raises InputError, which tells the topics there are, where there is none or several.
        """
        full = "/" + name.strip("/")
        found = [full] if full in self.kinds else [t for t in self.kinds if t.endswith(full)]
        wanted = " or ".join(kind.split("/")[-1] for kind in kinds)
        if len(found) != 1:
            fitting = [topic for topic, kind in self.kinds.items() if kind in kinds]
            of_these = f"of type {wanted} there is {', '.join(fitting) or 'none'}"
            many = f"{len(found)} topics end in {full}" if found else f"there is no topic {full}"
            raise InputError(
                f"{self.path}: {many}; {of_these}, of all {', '.join(self.kinds) or 'none'};"
                " name the topic in full"
            )
        if self.kinds[found[0]] not in kinds:
            raise InputError(
                f"{self.path}: {found[0]} is a {self.kinds[found[0]]}; expected {wanted}"
            )
        return found[0]

    def _decoded(self, topic: str, kind: str, received_ns: int, raw: bytes) -> Any:
        try:
            return self._reader.deserialize(raw, kind)
        except Exception as error:  # by whatever the damage trips over
            at_s, reason = received_ns * 1e-9 - self.start_s, " ".join(str(error).split())
            raise InputError(
                f"{self.path}: {topic} at {at_s:.3f} s: is no {kind} as the bag defines it"
                f" ({reason}); leave the topic out, or mend what wrote it"
            ) from error

    @contextlib.contextmanager
    def _complaining(self) -> Iterator[None]:
        """Of a damaged bag the library complains in many ways: each becomes one line."""
        try:
            yield
        except (InputError, GeneratorExit):
            raise
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{self.path}: cannot be read as a bag ({reason}); give the folder or file"
                f" of a finished `ros2 bag record`; {MENDED}"
            ) from error


def _agree(reader: Any) -> None:
    """The metadata of a bag and its files may write the same QoS in two ways: the former holds.

    The library gives no message of a topic for which they differ.
    """
    for bag in reader.readers:
        of_bag = {(c.topic, c.msgtype): c for c in bag.storage.connections}
        for storage in getattr(bag.storage, "storages", ()):
            storage.connections = [
                c._replace(ext=of_bag[c.topic, c.msgtype].ext, digest="")
                if (c.topic, c.msgtype) in of_bag
                else c
                for c in storage.connections
            ]
