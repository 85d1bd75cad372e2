"""What Foxglove is told is the scene: who is where, what was learned, what held the robot back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bisirl_ros.report.record import INTERVAL_STDS
from bisirl_ros.view.as_mcap import messages
from bisirl_ros.view.bodies import CHI_95, PATH_S
from bisirl_ros.view.foxglove import ERROR, INFO, WARNING, Told
from bisirl_ros.view.of_bag import scene_of_bag
from bisirl_ros.view.scene import Estimate, Event, Goals, Prediction, Scene
from bisirl_ros.view.track import Track


@pytest.fixture(scope="module")
def scene(bag: Path) -> Scene:
    return scene_of_bag(bag, scenario="crossing")


@pytest.fixture(scope="module")
def told(scene: Scene) -> list[Told]:
    return list(messages(scene))


def on(told: list[Told], topic: str) -> list[Told]:
    return [message for message in told if message.topic == topic]


def entities(told: list[Told], topic: str) -> Iterator[Any]:
    for message in on(told, topic):
        yield from message.body["entities"]


def walk(name: str, seconds: float, **columns: float) -> Track:
    """Along x at 1 m/s."""
    time = np.arange(0.0, seconds, 0.1)
    still = {column: np.full(len(time), value) for column, value in columns.items()}
    return Track.of(name, time, {"x": time, "y": 0.0 * time, **still})


def turned_by(rotation: Any) -> float:
    return 2 * math.atan2(rotation["z"], rotation["w"])


def test_time_never_runs_back(told: list[Told], crossing: Any) -> None:
    times = [message.time_ns for message in told]
    assert times == sorted(times)
    assert times[0] == crossing.START_NS
    for message in told:
        stamps = [message.body[key] for key in ("timestamp",) if key in message.body]
        stamps += [entity["timestamp"] for entity in message.body.get("entities", [])]
        assert {10**9 * s["sec"] + s["nsec"] for s in stamps} <= {message.time_ns}


@pytest.mark.parametrize("who", ["robot", "person_0", "person_1"])
def test_everybody_is_where_the_scene_has_them(scene: Scene, told: list[Told], who: str) -> None:
    """As bodies, and as frames."""
    track = next(t for t in (scene.robot, *scene.people) if t.name == who).thinned(10**9)
    topic = "/robot" if who == "robot" else f"/people/{who}"
    places = [entity["cylinders"][0]["pose"]["position"] for entity in entities(told, topic)]
    frames = [m.body for m in on(told, "/tf") if m.body["child_frame_id"] == topic[1:]]
    for found in (places, [frame["translation"] for frame in frames]):
        assert [p["x"] for p in found] == pytest.approx(track.columns["x"].tolist(), abs=6e-4)
        assert [p["y"] for p in found] == pytest.approx(track.columns["y"].tolist(), abs=6e-4)
    since = [message.time_ns - told[0].time_ns for message in on(told, topic)]
    assert np.allclose(np.array(since) * 1e-9, track.time_s, atol=1e-6)


def test_each_message_is_all_there_is_on_its_topic(told: list[Told]) -> None:
    """So that after a jump in time the last one is enough."""
    scenes = [message.body for message in told if "entities" in message.body]
    assert len(scenes) > 600
    assert all(body["deletions"][0]["type"] == 1 for body in scenes)


def test_the_ellipse_holds_95_percent() -> None:
    person = walk("a", 0.3, vx=1.0, vy=0.0, xx=0.04, xy=0.0, yy=0.01)
    sizes = [e["cylinders"][1]["size"] for e in entities(told_of(person), "/people/a")]
    assert [s["x"] for s in sizes] == pytest.approx([0.4 * CHI_95] * 3, abs=1e-3)
    assert [s["y"] for s in sizes] == pytest.approx([0.2 * CHI_95] * 3, abs=1e-3)
    slanted = walk("a", 0.3, vx=1.0, vy=0.0, xx=0.02, xy=0.02, yy=0.02)
    poses = [e["cylinders"][1]["pose"] for e in entities(told_of(slanted), "/people/a")]
    assert turned_by(poses[0]["orientation"]) == pytest.approx(math.pi / 4, abs=1e-5)


@pytest.mark.parametrize("spread", [math.nan, math.inf])
def test_a_spread_that_is_not_known_is_not_drawn(spread: float) -> None:
    person = walk("a", 0.3, vx=1.0, vy=0.0, xx=spread, xy=0.0, yy=spread)
    assert all(len(e["cylinders"]) == 1 for e in entities(told_of(person), "/people/a"))


def test_a_persons_frame_looks_to_their_only_goal() -> None:
    person = walk("a", 1.0, vx=1.0, vy=0.0)
    goals = (Goals(0.5, {"a": np.array([[0.5, 5.0]])}),)
    found = messages(Scene("", 1.0, people=(person,), goals=goals))
    yaws = [turned_by(m.body["rotation"]) for m in found if m.topic == "/tf"]
    assert yaws[:5] == [0.0] * 5
    assert yaws[5] == pytest.approx(math.pi / 2, abs=1e-5)


def told_of(person: Track) -> list[Told]:
    return list(messages(Scene("", 1.0, people=(person,))))


def test_the_path_is_of_late_and_ends_where_the_robot_is() -> None:
    robot = walk("robot", 60.0, yaw=0.0, v=1.0, w=0.0)
    lines = [
        e["lines"] for e in entities(list(messages(Scene("", 60.0, robot=robot))), "/robot/path")
    ]
    last = [point["x"] for point in lines[-1][0]["points"]]
    assert (last[0], last[-1]) == pytest.approx((59.9 - PATH_S, 59.9), abs=0.11)
    assert lines[0] == []


def test_the_room_is_drawn_once(scene: Scene, told: list[Told]) -> None:
    walls = ((0.0, 0.0, 2.0, 0.0), (2.0, 0.0, 2.0, 3.0))
    plan = replace(scene.plan, walls=walls, discs=((1.0, 1.0, 0.5),))
    (drawn,) = entities(list(messages(replace(scene, plan=plan))), "/room")
    ends = [(p["x"], p["y"]) for p in drawn["lines"][0]["points"]]
    assert ends == [(0.0, 0.0), (2.0, 0.0), (2.0, 0.0), (2.0, 3.0)]
    assert drawn["cylinders"][0]["size"]["x"] == 1.0
    assert drawn["lifetime"] == {"sec": 0, "nsec": 0}


def test_predicted_motion_is_fainter_the_less_likely() -> None:
    path = np.array([[0.0, 0.0], [1.0, 2.0]])
    foretold = (Prediction(0.5, {"a": [(1.0, path), (0.5, -path), (0.01, path)]}),)
    (fan,) = entities(list(messages(Scene("", 1.0, predictions=foretold))), "/predicted_motion")
    sure, unsure = fan["lines"]
    assert sure["color"]["a"] > unsure["color"]["a"] > 0.15
    assert [(p["x"], p["y"]) for p in unsure["points"]] == [(0.0, 0.0), (-1.0, -2.0)]


def test_weights_have_their_interval_and_the_truth(
    scene: Scene, told: list[Told], crossing: Any
) -> None:
    found = on(told, "/bisirl/weights")
    assert len(found) == len(scene.estimates) == 2
    for message, estimate in zip(found, scene.estimates, strict=True):
        for i, feature in enumerate(crossing.FEATURES):
            weight, theta = message.body["person_1"][feature], estimate.theta["person_1"][i]
            half = INTERVAL_STDS * estimate.std["person_1"][i]
            figures = (theta, theta - half, theta + half, crossing.TRUTH["person_1"][i])
            assert tuple(weight[k] for k in ("theta", "low", "high", "true")) == pytest.approx(
                figures, abs=1e-4
            )


def test_what_is_not_known_of_a_weight_is_left_out() -> None:
    learned = (Estimate(1.0, {"a": [1.0, math.nan]}, {"a": [math.nan, math.nan]}),)
    found = messages(Scene("", 2.0, features=("b", "c"), estimates=learned, truth={"a": [2.0]}))
    bodies = [message.body for message in found if message.topic == "/bisirl/weights"]
    assert bodies == [{"a": {"b": {"theta": 1.0, "true": 2.0}, "c": {}}}]


def test_events_are_logged_when_they_begin(scene: Scene, told: list[Told]) -> None:
    found = on(told, "/bisirl/events")
    lines = [(m.time_ns - told[0].time_ns, m.body["message"]) for m in found]
    assert (0, "episode 1: arrived (8.0 s)") in lines
    assert (10**10, "episode 2: arrived (8.0 s)") in lines
    held = [m.body for m in found if m.body["name"] == "gate"]
    assert held
    assert all(body["message"].startswith("separation: slower") for body in held)


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (Event(0.0, 1.0, "episode", "episode 1: arrived"), INFO),
        (Event(0.0, 1.0, "episode", "episode 1: collision"), WARNING),
        (Event(0.0, 1.0, "gate", "separation: slower", 1, usual=True), INFO),
        (Event(0.0, 1.0, "gate", "people_stale: stop", 3), ERROR),
        (Event(0.0, 0.0, "drift", "a seems to have changed"), WARNING),
    ],
)
def test_what_is_worse_is_logged_as_worse(event: Event, level: int) -> None:
    found = on(list(messages(Scene("", 1.0, events=(event,)))), "/bisirl/events")
    assert [m.body["level"] for m in found if m.body["name"] == event.kind] == [level]


def test_of_nothing_at_all_it_says_what_is_missing() -> None:
    (only,) = messages(Scene("empty", 0.0))
    assert only.body["message"].startswith("not in this source: the robot's motion")
