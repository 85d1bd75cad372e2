"""What a killed recorder had written is kept, whatever the moment; what is whole stays as it is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Reader, StoragePlugin, Writer

from bisirl_ros.bags.library import store
from bisirl_ros.bags.repair import Repaired, repair
from bisirl_ros.errors import InputError

from .parts import START_NS, STRING, plain, read, rows, string, write

OWN = "my_msgs/msg/Own"


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bag_without_its_end_is_mended_in_its_place(tmp_path: Path) -> None:
    told, path = rows(20), tmp_path / "bag"
    write(path, told, flush_every=5, finish=False)
    (path / "configuration.json").write_text("{}")
    (path / "more").mkdir()
    before = (path / "bag.mcap").read_bytes()
    found = repair(path)
    assert found == Repaired(20, pytest.approx(0.019), 0, tmp_path / "bag.damaged")
    assert plain(read(path)) == plain(told)
    assert {entry.name for entry in path.iterdir()} == {
        "bag.mcap", "metadata.yaml", "configuration.json", "more",
    }  # fmt: skip
    assert (tmp_path / "bag.damaged" / "bag.mcap").read_bytes() == before
    assert {entry.name for entry in tmp_path.iterdir()} == {"bag", "bag.damaged"}


def test_a_whole_bag_stays_as_it_is(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(10))
    before = files(tmp_path / "bag")
    for path in (tmp_path / "bag", tmp_path / "bag" / "bag.mcap"):
        assert repair(path) == Repaired(10, pytest.approx(0.009), 0, None)
    assert files(tmp_path / "bag") == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["bag"]


def test_a_whole_file_without_metadata_gets_them(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(10))
    (tmp_path / "bag" / "metadata.yaml").unlink()
    assert repair(tmp_path / "bag").messages == 10
    assert plain(read(tmp_path / "bag")) == plain(rows(10))


def test_a_file_alone_is_mended_in_its_place(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(10), finish=False)
    path = tmp_path / "night.run.mcap"
    shutil.copy(tmp_path / "bag" / "bag.mcap", path)
    assert repair(path).damaged == tmp_path / "night.run.mcap.damaged"
    assert plain(read(path)) == plain(rows(10))


def test_how_topics_were_offered_and_those_without_messages_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(4))
    with Reader(tmp_path / "bag") as reader:
        before = {c.topic: (c.ext, c.msgdef, c.digest) for c in reader.connections}
    (tmp_path / "bag" / "metadata.yaml").unlink()
    repair(tmp_path / "bag")
    with Reader(tmp_path / "bag") as reader:
        assert {c.topic: (c.ext, c.msgdef, c.digest) for c in reader.connections} == before


def foreign(path: Path, compression: str = "", storage: Any = StoragePlugin.MCAP) -> list[str]:
    """A bag with a type that is unknown here; what it tells."""
    words = [f"word {i}" for i in range(300)]
    writer = Writer(path, version=9, storage_plugin=storage)
    if compression:
        writer.set_compression(CompressionMode[compression], CompressionFormat.ZSTD)
    with writer:
        digest = "RIHS01_" + 64 * "1"
        own = writer.add_connection("/own", OWN, msgdef="string data\n", rihs01=digest)
        writer.add_connection("/silent", STRING, typestore=store())
        for i, word in enumerate(words):
            writer.write(own, START_NS + i, store().serialize_cdr(string(word), STRING))
    return words


def own_words(path: Path) -> list[str]:
    with Reader(path) as reader:
        assert {c.topic for c in reader.connections} == {"/own", "/silent"}
        return [str(store().deserialize_cdr(raw, STRING).data) for _, _, raw in reader.messages()]


@pytest.mark.parametrize("compression", ["", "MESSAGE", "STORAGE"])
def test_types_unknown_here_and_compressed_ones_survive(compression: str, tmp_path: Path) -> None:
    words, path = foreign(tmp_path / "bag", compression), tmp_path / "bag"
    (path / "metadata.yaml").unlink()
    file = path / "bag.mcap"
    file.write_bytes(file.read_bytes()[:-100])
    found = repair(path)
    assert found.messages == len(words) and found.cut_bytes > 0
    assert own_words(path) == words
    with Reader(path) as reader:
        (own,) = (c for c in reader.connections if c.topic == "/own")
    assert own.msgdef.data == "string data\n"


def test_a_database_without_metadata_gets_them(tmp_path: Path) -> None:
    words, path = foreign(tmp_path / "bag", storage=StoragePlugin.SQLITE3), tmp_path / "bag"
    assert repair(path).damaged is None
    (path / "metadata.yaml").unlink()
    assert repair(path).messages == len(words)
    assert own_words(path) == words and (path / "bag.db3").is_file()


def test_what_a_database_had_not_merged_is_kept(tmp_path: Path) -> None:
    import sqlite3

    words, path = foreign(tmp_path / "bag", storage=StoragePlugin.SQLITE3), tmp_path / "bag"
    base = sqlite3.connect(path / "bag.db3")
    base.execute("PRAGMA journal_mode=WAL")
    raw = bytes(store().serialize_cdr(string("late"), STRING))
    base.execute("INSERT INTO messages VALUES (1000, 1, ?, ?)", (START_NS + 1000, raw))
    base.commit()
    shutil.copytree(path, tmp_path / "killed")
    base.close()
    assert (tmp_path / "killed" / "bag.db3-wal").stat().st_size > 0
    assert repair(tmp_path / "killed").messages == len(words) + 1
    assert own_words(tmp_path / "killed") == [*words, "late"]
    assert (tmp_path / "killed.damaged" / "bag.db3-wal").stat().st_size > 0


def test_files_of_a_split_bag_become_one(tmp_path: Path) -> None:
    path = tmp_path / "bag"
    path.mkdir()
    for number in (9, 10, 11):
        told = [("/words", START_NS + number, string(f"part {number}"))]
        write(tmp_path / f"part{number}", told, finish=number < 11)
        shutil.copy(tmp_path / f"part{number}" / f"part{number}.mcap", path / f"bag_{number}.mcap")
    assert repair(path).messages == 3
    assert [said.data for _, _, said in read(path)] == ["part 9", "part 10", "part 11"]


@pytest.mark.slow
def test_a_file_cut_at_any_byte_keeps_every_whole_chunk(tmp_path: Path) -> None:
    told = [row for row in rows(12) if row[0] == "/words"]
    sizes = write(tmp_path / "bag", told, flush_every=2, finish=False)
    data = (tmp_path / "bag" / "bag.mcap").read_bytes()
    path, expected, refused = tmp_path / "cut", plain(told), 0
    for size in range(0, len(data), 2):
        path.mkdir()
        (path / "cut.mcap").write_bytes(data[:size])
        flushed = 2 * sum(size >= end for end in sizes)
        try:
            found = repair(path)
        except InputError as error:
            refused += 1
            assert "\n" not in str(error)
            assert flushed == 0 and (path / "cut.mcap").read_bytes() == data[:size]
        else:
            kept = plain(read(path))
            assert kept == expected[: len(kept)] and len(kept) >= flushed
            assert found.messages == len(kept) and found.cut_bytes < size
        shutil.rmtree(path)
        shutil.rmtree(tmp_path / "cut.damaged", ignore_errors=True)
    assert len(sizes) == 3 and 0 < refused < sizes[0]


@pytest.mark.parametrize("content", [b"", b"no bag", b"\x89MCAP0\r\n", b"SQLite format 3\0" * 64])
@pytest.mark.parametrize("name", ["a.mcap", "a.db3", "a.txt"])
def test_what_is_no_bag_is_one_line_and_stays(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / name).write_bytes(content)
    for path in (tmp_path / "bag", tmp_path / "bag" / name):
        with pytest.raises(InputError) as caught:
            repair(path)
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)
    assert files(tmp_path / "bag") == {name: content}
    assert [entry.name for entry in tmp_path.iterdir()] == ["bag"]


def test_what_stands_in_the_way_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "bag"
    with pytest.raises(InputError, match="no such file"):
        repair(path)
    write(path, rows(4), finish=False)
    (tmp_path / "bag.damaged").mkdir()
    with pytest.raises(InputError, match="of an earlier repair; move it away"):
        repair(path)
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"bag.damaged is; rename that back"):
        repair(path)
    (tmp_path / "elsewhere").rename(path)
    (path / "old.mcap.zstd").touch()
    with pytest.raises(InputError, match="is compressed as a whole"):
        repair(path)


def test_a_bag_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    from bisirl_ros.bags.writing import BagWriter

    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/words", STRING)
        writer.tell("/words", START_NS, string("one"))
        writer.flush()
        with pytest.raises(InputError, match="is recording it; end that first"):
            repair(tmp_path / "bag")
    assert len(read(tmp_path / "bag")) == 1
