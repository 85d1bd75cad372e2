"""Bags of others, of every storage: whole, in order, and a line for what is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from bisirl_ros.bags.library import store
from bisirl_ros.bags.reading import Bag
from bisirl_ros.errors import InputError

from .parts import START_NS, STRING, TWIST, plain, read, rows, string, write

DATA = (
    Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data")) / "rosbags"
)
UNREADABLE = {"talker_sqlite3": ("/rosout",)}
"""Topics whose definitions in these bags are not those of their messages."""
FOLDERS = sorted(path.parent for path in DATA.glob("*/metadata.yaml"))
MODES = (CompressionMode.NONE, CompressionMode.MESSAGE, CompressionMode.FILE)
needs_data = pytest.mark.skipif(not FOLDERS, reason=f"no bags under {DATA}; set BISIRL_DATA")


@needs_data
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_bags_of_others_are_read_whole(folder: Path) -> None:
    about = yaml.safe_load((folder / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    topics = about["topics_with_message_count"]
    stated = {t["topic_metadata"]["name"]: t["message_count"] for t in topics}
    readable = stated.keys() - UNREADABLE.get(folder.name, ())
    counted = dict.fromkeys(readable, 0)
    with Bag(folder) as bag:
        assert bag.counts == stated and sum(stated.values()) == about["message_count"]
        last_ns = 0
        for told in bag.messages(readable):
            assert told.received_ns >= last_ns
            assert told.message.__msgtype__ == told.kind
            counted[told.topic] += 1
            last_ns = told.received_ns
        assert bag.start_s == pytest.approx(
            about["starting_time"]["nanoseconds_since_epoch"] * 1e-9
        )
    assert counted == {topic: stated[topic] for topic in readable}
    assert sum(counted.values()) > 0


@needs_data
def test_a_single_file_of_others_is_read_whole() -> None:
    with Bag(DATA / "nav2_turtlebot.mcap") as bag:
        counted = dict.fromkeys(bag.counts, 0)
        for told in bag.messages():
            counted[told.topic] += 1
        assert counted == bag.counts and sum(counted.values()) > 1000


@pytest.mark.parametrize("storage", list(StoragePlugin))
@pytest.mark.parametrize("mode", MODES)
def test_every_storage_gives_the_messages_in_order(
    storage: StoragePlugin, mode: CompressionMode, tmp_path: Path
) -> None:
    told = rows(10)
    writer = Writer(tmp_path / "bag", version=9, storage_plugin=storage)
    writer.set_compression(mode, CompressionFormat.ZSTD)
    with writer:
        to = {
            name: writer.add_connection(name, kind, typestore=store())
            for name, kind in (("/words", STRING), ("/cmd_vel", TWIST))
        }
        for name, received_ns, said in reversed(told):
            raw = store().serialize_cdr(said, said.__msgtype__)
            writer.write(to[name], received_ns, raw)
    assert plain(read(tmp_path / "bag")) == plain(told)


def test_messages_may_be_of_some_topics(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(10))
    with Bag(tmp_path / "bag") as bag:
        chosen = list(bag.messages(["/cmd_vel"]))
        assert bag.kinds == {"/cmd_vel": TWIST, "/words": STRING}
        assert bag.counts == {"/cmd_vel": 5, "/words": 5}
        assert list(bag.messages([])) == []
    assert {told.topic for told in chosen} == {"/cmd_vel"} and len(chosen) == 5
    assert chosen[0].message.linear.x == pytest.approx(0.1)
    assert chosen[0].received_s == pytest.approx((START_NS + 1_000_000) * 1e-9)


def test_a_topic_is_found_without_its_namespace(tmp_path: Path) -> None:
    told = [(f"/{robot}/words", START_NS, string(robot)) for robot in ("a", "b")]
    write(tmp_path / "bag", told[:1])
    write(tmp_path / "two", told)
    with Bag(tmp_path / "bag") as bag:
        assert bag.find("words", [STRING]) == bag.find("/a/words", [STRING]) == "/a/words"
        with pytest.raises(InputError, match="no topic /odom; of type Twist there is none"):
            bag.find("odom", [TWIST])
        with pytest.raises(InputError, match=r"/a/words is a std_msgs/msg/String; expected Twist"):
            bag.find("words", [TWIST])
    with Bag(tmp_path / "two") as bag, pytest.raises(InputError, match="2 topics end in /words"):
        bag.find("words", [STRING])


def test_a_bag_that_was_cut_off_tells_of_its_repair(tmp_path: Path) -> None:
    write(tmp_path / "bag", rows(10), finish=False)
    for path in (tmp_path / "bag", tmp_path / "bag" / "bag.mcap"):
        with pytest.raises(InputError, match="bisirl bag repair") as caught:
            Bag(path)
        assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_a_path_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        Bag(tmp_path / "nowhere")
