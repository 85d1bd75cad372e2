"""Bags that others recorded, as they would be if their recorders had been killed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from rosbags.rosbag2 import Reader

from bisirl_ros.bags.repair import repair

DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILES = sorted([*DATA.glob("rosbags/**/*.mcap"), *DATA.glob("rosbags/**/*.db3")])
pytestmark = pytest.mark.skipif(not FILES, reason=f"no bags under {DATA}; set BISIRL_DATA")


def content(path: Path) -> list[tuple[str, str, int, bytes]]:
    """Topic, type, time and bytes of each message."""
    with Reader(path) as reader:
        return [(c.topic, c.msgtype, time, bytes(raw)) for c, time, raw in reader.messages()]


def killed(file: Path, folder: Path, keep: float) -> Path:
    """The first part of a file, without metadata."""
    folder.mkdir()
    data = file.read_bytes()
    (folder / file.name).write_bytes(data[: int(keep * len(data))])
    return folder


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_without_metadata_all_is_kept(file: Path, tmp_path: Path) -> None:
    path = killed(file, tmp_path / "bag", 1.0)
    before = content(file)
    assert repair(path).messages == len(before) > 0
    assert sorted(content(path)) == sorted(before)
    assert {entry.suffix for entry in path.iterdir()} == {".yaml", file.suffix}


@pytest.mark.parametrize("keep", [0.2, 0.5])
def test_the_first_part_of_a_file_is_kept(keep: float, tmp_path: Path) -> None:
    (file,) = (path for path in FILES if path.name == "nav2_turtlebot.mcap")
    path = killed(file, tmp_path / "bag", keep)
    before = content(file)
    found = repair(path)
    after = content(path)
    assert 0 < found.messages == len(after) < len(before)
    assert set(after) <= set(before)


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_what_can_be_read_of_a_part_of_a_database_is_kept(keep: float, tmp_path: Path) -> None:
    (file,) = (path for path in FILES if path.name == "rosbag2_test_0.db3")
    path = killed(file, tmp_path / "bag", keep)
    found = repair(path)
    after = content(path)
    assert 0 < found.messages == len(after) and set(after) <= set(content(file))
    shutil.rmtree(path)
