"""What a page shows of a recording, and what is said where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.bags.library import message
from bisirl_ros.bags.writing import BagWriter
from bisirl_ros.errors import InputError
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.scene import Scene
from bisirl_ros.view.topics import Topics

STRING = "std_msgs/msg/String"


@pytest.fixture(scope="module")
def scene(bag: Path) -> Scene:
    return scene_of_bag(bag, scenario="crossing")


def test_everybody_is_where_they_were(scene: Scene, crossing: Any) -> None:
    assert scene.names == ("person_0", "person_1")
    assert scene.duration_s == pytest.approx(22.0)
    assert scene.began_s == crossing.START_NS * 1e-9
    x = scene.robot.columns["x"]
    assert x[0] == pytest.approx(-2.455)
    assert x.max() > 1.5
    first = next(track for track in scene.people if track.name == "person_0")
    assert first.columns["y"][0] == pytest.approx(-3.4, abs=0.1)
    assert first.columns["xx"] == pytest.approx(0.006)
    assert first.columns["vy"].max() > 0.8


def test_each_episode_begins_a_new_piece(scene: Scene) -> None:
    begins = [scene.robot.time_s[i] for i in scene.robot.pieces]
    assert begins == pytest.approx([0.0, 10.0, 20.0], abs=0.06)


def test_what_was_learned_is_told_from_then_on(scene: Scene, crossing: Any) -> None:
    assert scene.features == crossing.FEATURES
    assert [e.time_s for e in scene.estimates] == pytest.approx([8.0, 18.0])
    assert scene.estimates[0].std["person_0"] == [0.5, 2.0, 0.7, 0.4]
    assert scene.truth == crossing.TRUTH
    assert scene.around is not None
    assert len(scene.around.tables) == 2


def test_events_last_until_they_are_over(scene: Scene) -> None:
    episodes = [e for e in scene.events if e.kind == "episode"]
    assert [e.text for e in episodes] == ["episode 1: arrived", "episode 2: arrived", "episode 3"]
    spans = [(e.time_s, e.until_s) for e in episodes]
    assert np.allclose(spans, [(0.0, 8.0), (10.0, 18.0), (20.0, 22.0)], atol=0.01)
    held = [e for e in scene.events if e.kind == "gate"]
    assert held
    assert {e.text for e in held} == {"separation: slower"}
    slow = [scene.command.columns["v"][(scene.command.time_s >= e.time_s)
            & (scene.command.time_s < e.until_s)] for e in held]  # fmt: skip
    assert all((v <= 0.25).all() for v in slow)


def test_doubts_and_drift_are_told_once(crossing: Any, tmp_path: Path) -> None:
    scene = scene_of_bag(crossing.write_crossing(tmp_path / "long", 39.0))
    told = [
        (round(e.time_s), e.kind, e.usual) for e in scene.events if e.kind in ("doubt", "drift")
    ]
    assert told == [(28, "doubt", False), (38, "drift", False), (38, "doubt", True)]


def test_a_namespace_may_be_left_out(crossing: Any, tmp_path: Path, scene: Scene) -> None:
    """/robot1/odom and /robot1/people/odom both end in /odom."""
    found = scene_of_bag(crossing.write_crossing(tmp_path / "bag", 5.0, "/robot1"))
    assert len(found.robot) == 100
    assert found.names == scene.names


def test_without_a_scenario_the_page_says_what_it_lacks(bag: Path) -> None:
    scene = scene_of_bag(bag)
    assert scene.around is None
    assert "walls" in scene.missing
    assert "weights" not in scene.missing
    assert any("--scenario" in note for note in scene.notes)


def test_what_makes_no_sense_is_counted_and_left_out(crossing: Any, tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/odom", crossing.KINDS["odom"])
        writer.topic("/learning", STRING)
        for i, x in enumerate((0.0, np.nan, 0.1)):
            pose = np.array([x, 0.0, 0.0])
            said = crossing.odometry(0.1 * i, pose, [0.0, 0.0], "base_link")
            writer.tell("/odom", 100_000_000 * i, said)
        writer.tell("/learning", 300_000_000, message(STRING, data="{}"))
    scene = scene_of_bag(tmp_path / "bag")
    assert len(scene.robot) == 2
    assert [n for n in scene.notes if n.startswith("left out 1 of: odom: not finite")]
    assert [n for n in scene.notes if n.startswith("left out 1 of: learning: schema None")]


def test_a_bag_with_nothing_to_show_is_refused_in_a_line(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/chatter", STRING)
        writer.tell("/chatter", 0, message(STRING, data="hello"))
    with pytest.raises(InputError, match=r"nothing to show on .*there is /chatter"):
        scene_of_bag(tmp_path / "bag")


def test_a_topic_that_is_named_has_to_be_there(bag: Path) -> None:
    with pytest.raises(InputError, match="there is no topic /base/odom"):
        scene_of_bag(bag, Topics(odom="base/odom"))


def test_a_scenario_of_other_features_is_refused(bag: Path) -> None:
    with pytest.raises(InputError, match="scenario guide: its features are company"):
        scene_of_bag(bag, scenario="guide")
