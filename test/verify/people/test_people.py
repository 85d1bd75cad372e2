"""The suite `people`: its experiments hold small, and can fail."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.bags.library import message
from bisirl_ros.bags.reading import Bag
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.verify.experiment import Setup
from bisirl_ros.verify.people import bags, determinism, speed
from bisirl_ros.verify.suites import experiments_of


def test_the_suite_has_its_experiments() -> None:
    of_bags = ["bags", "determinism", "recorder", "speed"]
    of_people = ["constant_velocity", "prediction", "crowds", "compliant", "coverage"]
    assert [e.key for e in experiments_of("people")] == [*of_bags, *of_people, "page"]


def numbered(path: Path, count: int, first: int = 0) -> Path:
    """A bag of so many numbered words of two topics."""
    with BagWriter(path) as bag:
        for topic in ("/one", "/other"):
            bag.topic(topic, "std_msgs/msg/String")
        for number in range(count):
            for topic in ("/one", "/other"):
                said = f"{number + first * (number > 3)} {number * 10**9}"
                bag.tell(topic, number * 10**9, message("std_msgs/msg/String", data=said))
    return path


def test_bags_are_counted_and_what_is_missing_is_told(tmp_path: Path) -> None:
    none = bags.measure(Setup(quick=True), lambda line: None)
    assert none.holds is None and "needs --data" in none.note
    folder = tmp_path / "rosbags"
    folder.mkdir()
    numbered(folder / "words", 10)
    found = bags.measure(Setup(data=tmp_path), lambda line: None)
    assert found.holds
    row = found.figures["bags"]["words"]
    assert (row["read"], row["stated"], row["refused"]) == (20, 20, {})
    metadata = folder / "words" / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("message_count: 10", "message_count: 12"))
    lacking = bags.measure(Setup(data=tmp_path), lambda line: None)
    told = lacking.figures["bags"]["words"]
    assert not lacking.holds or told["refused"], "a bag that holds less than it says passed"


def test_differences_of_other_people_are_infinite() -> None:
    assert determinism.apart(np.array([1.0, 2.0]), np.array([1.0, 2.5])) == 0.5
    assert determinism.apart(np.zeros(2), np.zeros(4)) == np.inf


def test_a_walk_can_be_replayed_and_reading_holds_one_message_at_a_time(tmp_path: Path) -> None:
    speed.write_walk(tmp_path / "walk", 2.0, 0)
    with Bag(tmp_path / "walk") as bag:
        assert bag.counts == {"/odom": 40, "/people/odom": 20}
    size = speed.write_large(tmp_path / "large", 96 * speed.CHUNK)
    assert size > 96 * speed.CHUNK
    assert speed.reading_grows(tmp_path / "large") < speed.GROWTH_MIB


def test_what_a_killed_recorder_kept_is_measured(tmp_path: Path) -> None:
    pytest.importorskip("rclpy", reason="needs rclpy")
    from bisirl_ros.verify.people import recorder

    bag = numbered(tmp_path / "bag", 10)
    whole = recorder.kept(bag, ["/one", "/other"], round(9.4e9))
    assert whole["gaps"] == 0 and whole["lost_s"] == pytest.approx(0.4)
    holed = numbered(tmp_path / "holed", 10, first=2)
    assert recorder.kept(holed, ["/one", "/other"], 10**10)["gaps"] == 2


@pytest.mark.ros
@pytest.mark.slow
def test_a_recorder_is_killed_and_little_is_lost() -> None:
    pytest.importorskip("rclpy", reason="needs rclpy")
    from bisirl_ros.verify.people import recorder

    found = recorder.killed(1.0)
    assert found["gaps"] == 0
    assert found["lost_s"] < 5.0, "on a busy machine even more than the bar is little"


@pytest.mark.skipif("BISIRL_DATA" not in os.environ, reason="needs BISIRL_DATA")
def test_outside_bags_are_read_whole() -> None:
    found = bags.measure(Setup(data=Path(os.environ["BISIRL_DATA"])), lambda line: None)
    assert found.holds and found.figures["lost"] == 0
