"""A rosbag2 recording in the making: what was flushed stays readable, whatever happens then."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from bisirl_ros.bags.library import need_rosbags, store
from bisirl_ros.errors import InputError

VERSION: Final = 9
"""Of the metadata, as Jazzy and later read it."""


class BagWriter:
    """A bag to write to, as a context: a folder that is not there yet, in mcap, metadata of Jazzy.

    Raises InputError for a folder that is there, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        need_rosbags(path)
        from rosbags.rosbag2 import StoragePlugin, Writer

        self.path = path
        if path.exists():
            raise InputError(f"{path}: is there already; name a new folder")
        self._writer: Any = Writer(path, version=VERSION, storage_plugin=StoragePlugin.MCAP)
        try:
            self._writer.open()
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from error
        self._topics: dict[str, Any] = {}

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @staticmethod
    def knows(kind: str) -> bool:
        """Whether messages of a type can be written: its definition is known."""
        return kind in store().types

    def topic(self, name: str, kind: str, latched: bool = False, reliable: bool = True) -> None:
        """Announce a topic, once, as it was offered; raises InputError for an unknown type."""
        if name in self._topics:
            return
        if not self.knows(kind):
            raise InputError(f"{self.path}: {name}: type {kind} is unknown, and cannot be written")
        self._topics[name] = self._writer.add_connection(
            name, kind, typestore=store(), offered_qos_profiles=[_qos(latched, reliable)]
        )

    def write(self, topic: str, received_ns: int, raw: bytes) -> None:
        """A message as CDR bytes; received_ns: when it came [ns]."""
        self._writer.write(self._topics[topic], received_ns, raw)

    def tell(self, topic: str, received_ns: int, message: Any) -> None:
        """A message as `library.message` makes it."""
        raw = store().serialize_cdr(message, self._topics[topic].msgtype)
        self.write(topic, received_ns, bytes(raw))

    def flush(self) -> None:
        """What was written until now is on disk from here on."""
        storage = self._writer.storage
        if storage.chunk.bio.tell():
            storage.close_chunk()
        storage.bio.flush()
        os.fsync(storage.bio.fileno())

    def close(self) -> None:
        """The bag is whole; raises InputError where that cannot be written."""
        try:
            self._writer.close()
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be finished ({error.strerror}); `bisirl bag repair` mends it"
            ) from error


def _qos(latched: bool, reliable: bool) -> Any:
    from rosbags.interfaces import (
        Qos,
        QosDurability,
        QosHistory,
        QosLiveliness,
        QosReliability,
        QosTime,
    )

    none = QosTime(0, 0)
    return Qos(
        QosHistory.KEEP_LAST,
        1 if latched else 10,
        QosReliability.RELIABLE if reliable or latched else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        none,
        none,
        QosLiveliness.AUTOMATIC,
        none,
        False,
    )
