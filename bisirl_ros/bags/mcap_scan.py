"""Reads an MCAP file front to back, without its index: https://mcap.dev/spec."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bisirl_ros.bags.compression import begun_chunk, unpacked_chunk, unpacked_message
from bisirl_ros.bags.recorded import Record, Topic

MAGIC: Final = b"\x89MCAP0\r\n"
FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, DATA_END = 0x02, 0x03, 0x04, 0x05, 0x06, 0x0F
FIRST_OF_OTHERS: Final = 0x80
"""Opcodes from here on are anybody's; those between DATA_END and this are nobody's."""
LATEST_NS: Final = 2**63

Data = mmap.mmap | bytes


class DamageError(Exception):
    """Here the file holds no whole record."""


class McapScan:
    """A `Scan` of an MCAP file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.topics: list[Topic] = []
        self.whole = False
        self.cut_bytes = path.stat().st_size
        self._schemas: dict[int, tuple[str, str, str]] = {}
        self._channels: dict[int, Topic] = {}

    def records(self) -> Iterator[Record]:
        """The whole messages, those of a last chunk that is cut off too."""
        if not self.cut_bytes:
            return
        with (
            self.path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            try:
                yield from self._file(data)
            except DamageError:
                return

    def _file(self, data: Data) -> Iterator[Record]:
        size, position, ended = len(data), len(MAGIC), False
        if data[:position] != MAGIC:
            raise DamageError
        while True:
            self.cut_bytes = max(0, size - position)
            opcode, begin, end = _record(data, position, size)
            if opcode == CHUNK:
                yield from self._chunk(data, begin, end, size)
            elif end > size:
                raise DamageError
            elif opcode == FOOTER:
                self.whole = ended and data[end:] == MAGIC
                self.cut_bytes = size - min(size, end + len(MAGIC))
                return
            elif not ended:  # what comes after the data repeats it
                ended = opcode == DATA_END
                yield from self._content(opcode, data, begin, end)
            position = end

    def _chunk(self, data: Data, begin: int, end: int, size: int) -> Iterator[Record]:
        """The records inside, before `size`, where a chunk that ends later is cut off."""
        fields = Fields(data, begin, min(end, size))
        _, _, plain_bytes, crc = fields.numbers("<QQQI")
        compression = fields.text()
        (packed_bytes,) = fields.numbers("<Q")
        first, last = fields.position, fields.position + packed_bytes
        if last > end:
            raise DamageError
        inside, limit = data, min(last, size)
        if compression or (crc and end <= size):
            try:
                if end > size:
                    inside = begun_chunk(data[first:size], compression)
                else:
                    inside = unpacked_chunk(data[first:last], compression, plain_bytes, crc)
            except ValueError as error:
                raise DamageError from error
            first, last, limit = 0, plain_bytes, len(inside)
        while first < last:
            opcode, begin, after = _record(inside, first, limit)
            if after > limit:
                raise DamageError
            yield from self._content(opcode, inside, begin, after)
            first = after
            if inside is data and end > size:
                self.cut_bytes = size - first

    def _content(self, opcode: int, data: Data, begin: int, end: int) -> Iterator[Record]:
        """The message, if it is one; schemas and channels are noted."""
        fields = Fields(data, begin, end)
        if opcode == MESSAGE:
            channel, _, received_ns, _ = fields.numbers("<HIQQ")
            if channel not in self._channels or received_ns >= LATEST_NS:
                raise DamageError
            try:
                raw = unpacked_message(data[fields.position : end])
            except ValueError as error:
                raise DamageError from error
            yield Record(self._channels[channel], received_ns, raw)
        elif opcode == SCHEMA:
            (key,) = fields.numbers("<H")
            self._schemas[key] = (fields.text(), fields.text(), fields.text())
        elif opcode == CHANNEL:
            key, schema = fields.numbers("<HH")
            name, serialization, more = fields.text(), fields.text(), fields.texts()
            if schema and schema not in self._schemas:
                raise DamageError
            kind, encoding, definition = self._schemas.get(schema, ("", "", ""))
            qos, digest = more.get("offered_qos_profiles", ""), more.get("topic_type_hash", "")
            topic = Topic(name, kind, encoding, definition, serialization, qos, digest)
            self._channels[key] = topic
            if topic not in self.topics:
                self.topics.append(topic)


class Fields:
    """Reads the fields of a record in turn; raises DamageError where one reaches beyond its end."""

    def __init__(self, data: Data, begin: int, end: int) -> None:
        self._data, self.position, self._end = data, begin, end

    def numbers(self, layout: str) -> tuple[int, ...]:
        """As `struct.unpack`."""
        return struct.unpack(layout, self._bytes(struct.calcsize(layout)))

    def text(self) -> str:
        """UTF-8 after its length."""
        try:
            return self._bytes(*self.numbers("<I")).decode()
        except UnicodeDecodeError as error:
            raise DamageError from error

    def texts(self) -> dict[str, str]:
        """Pairs of texts, after their length."""
        (length,) = self.numbers("<I")
        last, found = self.position + length, {}
        while self.position < last:
            key = self.text()
            found[key] = self.text()
        return found

    def _bytes(self, count: int) -> bytes:
        begin, self.position = self.position, self.position + count
        if self.position > self._end:
            raise DamageError
        return self._data[begin : self.position]


def _record(data: Data, position: int, limit: int) -> tuple[int, int, int]:
    """Opcode, and where the content begins and ends, which may be beyond the limit."""
    opcode, length = Fields(data, position, limit).numbers("<BQ")
    if opcode == 0 or DATA_END < opcode < FIRST_OF_OTHERS:
        raise DamageError
    begin = position + struct.calcsize("<BQ")
    return opcode, begin, begin + length
