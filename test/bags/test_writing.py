"""What is written can be read; a flush is on disk; bad places are one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader

from bisirl_ros.bags.mcap_scan import McapScan
from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.errors import InputError

from .parts import START_NS, STRING, plain, read, rows, string, write


@pytest.mark.parametrize("flush_every", [0, 1, 7])
def test_what_was_written_is_read(flush_every: int, tmp_path: Path) -> None:
    told = rows(20)
    write(tmp_path / "bag", told, flush_every)
    assert plain(read(tmp_path / "bag")) == plain(told)


def test_metadata_are_of_jazzy_and_say_how_a_topic_was_offered(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/map", STRING, latched=True)
        writer.topic("/scan", STRING, reliable=False)
        writer.tell("/map", START_NS, string("here"))
    assert "version: 9" in (tmp_path / "bag" / "metadata.yaml").read_text()
    with Reader(tmp_path / "bag") as reader:
        offered = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
    assert offered["/map"].durability is QosDurability.TRANSIENT_LOCAL
    assert offered["/map"].reliability is QosReliability.RELIABLE
    assert offered["/scan"].durability is QosDurability.VOLATILE
    assert offered["/scan"].reliability is QosReliability.BEST_EFFORT


def test_what_was_flushed_is_on_disk_before_the_bag_is_finished(tmp_path: Path) -> None:
    writer = BagWriter(tmp_path / "bag")
    writer.topic("/words", STRING)
    writer.tell("/words", START_NS, string("one"))
    writer.flush()
    scan = McapScan(tmp_path / "bag" / "bag.mcap")
    assert [record.received_ns for record in scan.records()] == [START_NS]
    assert scan.cut_bytes == 0 and not scan.whole
    writer.flush()
    writer.close()
    assert len(read(tmp_path / "bag")) == 1


def test_a_topic_is_announced_once_and_kept_without_messages(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/words", STRING)
        writer.topic("/words", STRING)
    with Bag(tmp_path / "bag") as bag:
        assert bag.kinds == {"/words": STRING} and bag.counts == {"/words": 0}
        assert (bag.start_s, bag.end_s) == (0.0, 0.0)


def test_a_type_without_definition_is_one_line(tmp_path: Path) -> None:
    assert BagWriter.knows(STRING) and not BagWriter.knows("my_msgs/msg/Own")
    with (
        BagWriter(tmp_path / "bag") as writer,
        pytest.raises(InputError, match="/own: type my_msgs/msg/Own is unknown"),
    ):
        writer.topic("/own", "my_msgs/msg/Own")


def test_a_folder_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(2))
    with pytest.raises(InputError, match="is there already; name a new folder"):
        BagWriter(tmp_path / "bag")
    assert len(read(tmp_path / "bag")) == 2


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written") as caught:
        BagWriter(tmp_path / "file" / "bag")
    assert "\n" not in str(caught.value)
