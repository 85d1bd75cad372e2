"""Records as JSON: there and back, and refused in one line."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from std_msgs.msg import String

from bisirl_ros.errors import InputError
from bisirl_ros.messages import records as mrec
from bisirl_ros.nodes import conversions as c
from bisirl_ros.nodes.learning_topics import reward_message

STARTED = {
    "schema": mrec.EPISODE,
    "event": "started",
    "episode": 3,
    "stamp_s": 12.5,
    "route": [[0.0, 1.0], [2.5, 0.0]],
    "goals": {"person_0": [[0.0, 3.6]], "person_1": [[1.0, 2.0], [3.0, 4.0]]},
    "backend": "kinematic",
}
INTENT = {"schema": mrec.INTENT, "episode": 3, "stamp_s": 12.5, "goals": {"person_0": [0.0, 3.6]}}
LEARNED = {
    "schema": mrec.LEARNING,
    "episode": 0,
    "people": {
        "anna": {"theta": [1.0, 2.0, 3.0], "std": [0.1, 0.2, None]},
        "ben": {"theta": [4.0, 5.0, 6.0], "std": [0.4, 0.5, 0.6]},
    },
}


def message(record: dict[str, Any], **changes: Any) -> String:
    """A record with some fields changed, or left out where they are `...`; NaN may be in it."""
    changed = {k: v for k, v in {**record, **changes}.items() if v is not ...}
    return String(data=json.dumps(changed))


def assert_refused(read: Any, told: String, *words: str) -> None:
    """One line that has these words."""
    with pytest.raises(InputError) as refusal:
        read(told)
    assert "\n" not in str(refusal.value)
    for word in words:
        assert word in str(refusal.value)


def test_a_record_comes_back_from_json() -> None:
    record = {"schema": mrec.EPISODE, "event": "started", "x": None, "goals": {"a": [[0.0, 3.6]]}}
    assert mrec.read_json(c.json_message(record), mrec.EPISODE, "episode") == record


def test_a_record_that_is_not_finite_is_not_sent() -> None:
    with pytest.raises(ValueError, match="JSON"):
        c.json_message({"schema": mrec.EPISODE, "stamp_s": math.nan})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON record"),
        ("nonsense", "not a JSON record"),
        ("[1, 2]", "not a JSON record"),
        ("3.0", "not a JSON record"),
        ("[" * 100000, "not a JSON record"),
        ("{}", f"schema None, expected {mrec.EPISODE}"),
        (json.dumps({"schema": mrec.LEARNING}), f"schema {mrec.LEARNING}, expected {mrec.EPISODE}"),
        (json.dumps({"schema": mrec.EPISODE}), "a record without 'event'"),
    ],
)
def test_a_foreign_record_is_refused_in_one_line(text: str, why: str) -> None:
    def read(told: String) -> Any:
        return mrec.read_json(told, mrec.EPISODE, "episode", ("event",))

    assert_refused(read, String(data=text), f"episode: {why}")


def test_an_episode_is_read() -> None:
    record = mrec.read_episode(message(STARTED))
    assert (record["event"], record["episode"], record["stamp_s"]) == ("started", 3, 12.5)
    assert record["backend"] == "kinematic"
    np.testing.assert_array_equal(record["route"], STARTED["route"])
    assert set(record["goals"]) == {"person_0", "person_1"}
    assert record["goals"]["person_1"].shape == (2, 2)


def test_an_episode_that_tells_no_route_and_no_goals_is_read() -> None:
    record = mrec.read_episode(message(STARTED, route=..., goals=...))
    assert record["route"] is None and record["goals"] == {}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"event": ...}, "event"),
        ({"episode": ...}, "episode"),
        ({"episode": "first"}, "first"),
        ({"episode": math.inf}, "infinity"),
        ({"stamp_s": ...}, "stamp_s"),
        ({"stamp_s": "soon"}, "soon"),
        ({"stamp_s": math.nan}, "stamp_s is not finite"),
        ({"route": 3}, "route: shape ()"),
        ({"route": []}, "route: shape (0,)"),
        ({"route": [[1.0]]}, "route: shape (1, 1)"),
        ({"route": [[1.0, 2.0], [3.0]]}, "route: expected points"),
        ({"route": [[1.0, "far"]]}, "route: expected points"),
        ({"route": [[1.0, math.nan]]}, "route: holds a value that is not finite"),
        ({"goals": [[0.0, 1.0]]}, "goals: expected values by identity, got list"),
        ({"goals": {"anna": [0.0, 1.0]}}, "goals of anna: shape (2,)"),
        ({"goals": {"anna": []}}, "goals of anna: shape (0,)"),
        ({"goals": {"anna": [[0.0, math.inf]]}}, "goals of anna: holds a value"),
    ],
)
def test_a_bad_episode_is_refused_in_one_line(changes: dict[str, Any], why: str) -> None:
    assert_refused(mrec.read_episode, message(STARTED, **changes), "episode: ", why)


def test_an_intent_is_read() -> None:
    episode, stamp_s, goals = mrec.read_intent(message(INTENT))
    assert (episode, stamp_s, list(goals)) == (3, 12.5, ["person_0"])
    np.testing.assert_array_equal(goals["person_0"], [0.0, 3.6])
    assert mrec.read_intent(message(INTENT, goals={}))[2] == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"goals": ...},
        {"goals": {"person_0": [[0.0, 3.6]]}},
        {"goals": {"person_0": [0.0]}},
        {"goals": {"person_0": [0.0, math.nan]}},
        {"episode": None},
        {"stamp_s": ...},
    ],
)
def test_a_bad_intent_is_refused_in_one_line(changes: dict[str, Any]) -> None:
    assert_refused(mrec.read_intent, message(INTENT, **changes), "people/intent: ")


def test_the_truth_is_read_or_refused() -> None:
    truth = {"schema": mrec.TRUTH, "theta": {"anna": [1, -2.5]}}
    assert mrec.read_truth(message(truth)) == {"anna": [1.0, -2.5]}
    assert mrec.read_truth(message(truth, theta={})) == {}
    for theta in (None, [1.0], {"anna": 3.0}, {"anna": ["much"]}):
        assert_refused(mrec.read_truth, message(truth, theta=theta), "people/truth: ")


def test_estimates_are_read() -> None:
    theta, std = mrec.read_estimates(LEARNED, 3)
    assert theta == {"anna": [1.0, 2.0, 3.0], "ben": [4.0, 5.0, 6.0]}
    assert std["anna"][:2] == [0.1, 0.2] and math.isnan(std["anna"][2])
    assert mrec.read_estimates({"people": {}}, 3) == ({}, {})


@pytest.mark.parametrize(
    "people",
    [
        None,
        [1.0],
        {"anna": {"theta": [1.0, 2.0, 3.0]}},
        {"anna": {"theta": [1.0, 2.0], "std": [1.0, 2.0]}},
        {"anna": {"theta": "abc", "std": [1.0, 2.0, 3.0]}},
        {"anna": [1.0, 2.0, 3.0]},
    ],
)
def test_bad_estimates_are_refused_in_one_line(people: Any) -> None:
    assert_refused(lambda told: mrec.read_estimates(told, 3), {"people": people}, "learning: ")


def test_the_reward_message_tells_who_what_and_which() -> None:
    told = reward_message(("a", "b", "c"), LEARNED)
    p, moments, n = told.layout.dim
    assert (p.label, moments.label, n.label) == ("anna,ben", "mean,std", "a,b,c")
    assert [(d.size, d.stride) for d in told.layout.dim] == [(2, 12), (2, 6), (3, 3)]
    data = np.array(told.data).reshape(p.size, moments.size, n.size)
    np.testing.assert_array_equal(data[1], [[4.0, 5.0, 6.0], [0.4, 0.5, 0.6]])
    np.testing.assert_array_equal(data[0, 0], [1.0, 2.0, 3.0])
    assert list(reward_message(("a",), {"people": {}}).data) == []
