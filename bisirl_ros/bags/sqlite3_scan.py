"""Reads the sqlite3 file of a bag, with what its recorder had not yet merged into it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bisirl_ros.bags.compression import unpacked_message
from bisirl_ros.bags.recorded import Record, Topic

SIDE_FILES: Final = ("-wal", "-journal", "-shm")
"""Beside the database while a recorder writes to it."""


class Sqlite3Scan:
    """A `Scan` of a sqlite3 database; cut_bytes stays 0: what is lost of one is not known."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.topics: list[Topic] = []
        self.whole = False
        self.cut_bytes = 0

    def records(self) -> Iterator[Record]:
        """The messages, up to the first that cannot be read."""
        pending = [side for side in map(self._side, SIDE_FILES[:2]) if _size(side)]
        stated_bytes = _stated_bytes(self.path)
        amiss = bool(pending) or _size(self.path) < stated_bytes
        with contextlib.ExitStack() as stack:
            path, how = self.path, "mode=ro&immutable=1"
            if amiss:  # to mend it changes the file: of a copy
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self.path.parent))
                for file in (self.path, *pending):
                    shutil.copy2(file, folder)
                path, how = Path(folder, self.path.name), "mode=rw"
                if not pending:  # a database that is too short is refused as a whole
                    os.truncate(path, stated_bytes)
            try:
                base = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
                stack.callback(base.close)
                yield from self._read(base)
            except (sqlite3.Error, KeyError, TypeError, ValueError):
                return
            self.whole = not amiss

    def _read(self, base: sqlite3.Connection) -> Iterator[Record]:
        base.text_factory = lambda text: text.decode(errors="replace")
        topics: dict[int, Topic] = {}
        definitions = {row["topic_type"]: row for row in _rows(base, "message_definitions")}
        for row in _rows(base, "topics"):
            kind = str(row["type"])
            known = definitions.get(kind, {})
            topics[row["id"]] = Topic(
                str(row["name"]),
                kind,
                str(known.get("encoding", "")),
                str(known.get("encoded_message_definition", "")),
                str(row["serialization_format"]),
                str(row.get("offered_qos_profiles", "")),
                str(row.get("type_description_hash", "")),
            )
        self.topics = list(topics.values())
        asked = "SELECT topic_id, timestamp, data FROM messages ORDER BY id"
        for key, received_ns, raw in base.execute(asked):
            yield Record(topics[int(key)], int(received_ns), unpacked_message(bytes(raw)))

    def _side(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)


def _rows(base: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    """All of a small table; none where there is no such table: older bags have fewer."""
    known = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
    if not base.execute(known, (table,)).fetchone()[0]:
        return []
    cursor = base.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _stated_bytes(path: Path) -> int:
    """How long a database is by its header; 0 where it has none. https://sqlite.org/fileformat"""
    with path.open("rb") as file:
        header = file.read(100)
    if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
        return 0
    page_bytes, pages = struct.unpack_from(">H10xI", header, 16)
    return int(pages) * (65536 if page_bytes == 1 else int(page_bytes))
