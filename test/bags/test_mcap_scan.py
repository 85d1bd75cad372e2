"""Files of others and damaged ones, read front to back: whole records and no more."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import lz4.frame
import numpy as np
import pytest
from rosbags.rosbag2.storage_mcap import zstd

from bisirl_ros.bags.mcap_scan import (
    CHANNEL,
    CHUNK,
    DATA_END,
    FOOTER,
    MAGIC,
    MESSAGE,
    SCHEMA,
    McapScan,
)
from bisirl_ros.bags.recorded import Record

from .parts import rows, write

PACK = {"": bytes, "lz4": lz4.frame.compress, "zstd": zstd.compress}


def text(value: str) -> bytes:
    return struct.pack("<I", len(value.encode())) + value.encode()


def record(opcode: int, content: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(content)) + content


def said(*numbers: int) -> bytes:
    """Messages of channel 7, each received at its number."""
    return b"".join(
        record(MESSAGE, struct.pack("<HIQQ", 7, 0, n, n) + f"message {n}".encode()) for n in numbers
    )


def announced() -> bytes:
    """Schema 3 and channel 7."""
    schema = struct.pack("<H", 3) + text("my_msgs/msg/Own") + text("ros2msg") + text("string data")
    more = text("topic_type_hash") + text("RIHS01_1") + text("offered_qos_profiles") + text("[]")
    channel = struct.pack("<HH", 7, 3) + text("/own") + text("cdr")
    channel += struct.pack("<I", len(more)) + more
    return record(SCHEMA, schema) + record(CHANNEL, channel)


def chunk(content: bytes, compression: str = "", checked: bool = True) -> bytes:
    packed = PACK[compression](content)
    head = struct.pack("<QQQI", 0, 0, len(content), zlib.crc32(content) if checked else 0)
    return record(CHUNK, head + text(compression) + struct.pack("<Q", len(packed)) + packed)


def scanned(path: Path, data: bytes) -> tuple[list[Record], McapScan]:
    path.write_bytes(MAGIC + record(1, text("ros2") + text("test")) + data)
    scan = McapScan(path)
    return list(scan.records()), scan


END = record(DATA_END, bytes(4)) + record(FOOTER, bytes(20)) + MAGIC


@pytest.mark.parametrize("checked", [False, True])
@pytest.mark.parametrize("compression", sorted(PACK))
def test_records_in_chunks_and_outside(compression: str, checked: bool, tmp_path: Path) -> None:
    data = said(3) + chunk(announced() + said(1, 2), compression, checked)
    found, scan = scanned(tmp_path / "a.mcap", announced() + data + said(4) + record(200, b"x"))
    assert [(r.received_ns, r.raw) for r in found] == [
        (n, f"message {n}".encode()) for n in (3, 1, 2, 4)
    ]
    (topic,) = scan.topics
    assert topic == found[0].topic
    assert topic == (
        "/own", "my_msgs/msg/Own", "ros2msg", "string data", "cdr", "[]", "RIHS01_1",
    )  # fmt: skip
    assert scan.cut_bytes == 0 and not scan.whole
    _, scan = scanned(tmp_path / "a.mcap", announced() + data + END)
    assert scan.whole and scan.cut_bytes == 0
    assert not scanned(tmp_path / "a.mcap", announced() + data + END + b"x")[1].whole


@pytest.mark.parametrize("compression", sorted(PACK))
def test_a_chunk_whose_checksum_is_wrong_ends_what_is_kept(
    compression: str, tmp_path: Path
) -> None:
    bad = bytearray(chunk(said(2, 3), compression))
    bad[9 + 24] ^= 1
    found, scan = scanned(tmp_path / "a.mcap", announced() + said(1) + bad + said(4) + END)
    assert [r.received_ns for r in found] == [1]
    assert scan.cut_bytes == len(bad) + len(said(4) + END) and not scan.whole


@pytest.mark.parametrize("compression", sorted(PACK))
def test_of_a_chunk_that_is_cut_off_the_first_messages_are_kept(
    compression: str, tmp_path: Path
) -> None:
    numbers = np.random.default_rng(0).integers(0, 2**62, 40_000).tolist()
    data = announced() + chunk(said(*numbers), compression)
    counts = []
    for part in (0.2, 0.5, 0.9):
        found, scan = scanned(tmp_path / "a.mcap", data[: int(part * len(data))])
        times = [r.received_ns for r in found]
        assert times == numbers[: len(times)] and not scan.whole and scan.cut_bytes > 0
        counts.append(len(times) / len(numbers))
    assert counts == pytest.approx([0.2, 0.5, 0.9], abs=0.15)


@pytest.mark.parametrize(
    "bad",
    [
        record(0, b""),
        bytes(100),
        record(MESSAGE, b"short"),
        record(MESSAGE, struct.pack("<HIQQ", 8, 0, 1, 1)),
        record(MESSAGE, struct.pack("<HIQQ", 7, 0, 2**63, 1)),
        record(CHANNEL, struct.pack("<HH", 9, 99) + text("/a") + text("cdr") + text("")),
        record(SCHEMA, struct.pack("<HI", 9, 2**31)),
        record(SCHEMA, struct.pack("<HI", 9, 1) + b"\xff"),
        record(CHUNK, struct.pack("<QQQI", 0, 0, 2**62, 0) + text("zstd") + bytes(8)),
        record(CHUNK, struct.pack("<QQQI", 0, 0, 10, 0) + text("") + struct.pack("<Q", 2**63)),
        record(CHUNK, struct.pack("<QQQI", 0, 0, 0, 0) + text("other") + bytes(8)),
        struct.pack("<BQ", MESSAGE, 2**64 - 1),
    ],
)
def test_what_is_no_record_ends_what_is_kept(bad: bytes, tmp_path: Path) -> None:
    found, scan = scanned(tmp_path / "a.mcap", announced() + said(1) + bad + said(2) + END)
    assert [r.received_ns for r in found] == [1]
    assert scan.cut_bytes == len(bad + said(2) + END) and not scan.whole


@pytest.mark.slow
def test_of_a_file_cut_at_any_byte_every_whole_chunk_is_read(tmp_path: Path) -> None:
    sizes = write(tmp_path / "bag", rows(12), flush_every=4)
    data, path = (tmp_path / "bag" / "bag.mcap").read_bytes(), tmp_path / "cut.mcap"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        scan = McapScan(path)
        times = [found.received_ns for found in scan.records()]
        assert times == [received_ns for _, received_ns, _ in rows(len(times))]
        assert len(times) >= 4 * sum(size >= end for end in sizes)
        assert not scan.whole and 0 <= scan.cut_bytes <= size


def test_a_file_with_wrong_bytes_never_gives_more_than_there_was(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(40), flush_every=10)
    data, rng = (tmp_path / "bag" / "bag.mcap").read_bytes(), np.random.default_rng(0)
    path, cut = tmp_path / "spoilt.mcap", 0
    for _ in range(300):
        spoilt = bytearray(data)
        for place in rng.integers(0, len(data), 3).tolist():
            spoilt[place] = int(rng.integers(256))
        path.write_bytes(spoilt)
        scan = McapScan(path)
        assert sum(1 for _ in scan.records()) <= 40 and 0 <= scan.cut_bytes <= len(data)
        cut += scan.cut_bytes > 0
    assert cut > 10
