"""People whose places are TF frames: `hri`, and `tf` by a prefix."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.sources import Source, SourceOptions, source

from .definitions import IdsList, header

pytestmark = pytest.mark.usefixtures("installed")
Frames = dict[str, tuple[float, float, float]]


def reader(name: str, frames: Frames, **more: Any) -> Source:
    """A source whose TF buffer is `frames`."""
    return source(name, SourceOptions(lookup=frames.get, frame="map", **more))


def told(sighting: Any) -> dict[str, tuple[float, ...]]:
    """Place and stamp of each, by identity."""
    return {p.identity: (*p.position, p.stamp_s) for p in sighting.people}


# -- hri --------------------------------------------------------------------------------------
def test_bodies_are_where_tf_has_them_and_as_old_as_it_says() -> None:
    frames = {"body_a1": (1.0, 2.0, 12.3), "body_b2": (3.0, 4.0, 9.0), "body_gone": (0.0, 0.0, 1.0)}
    sighting = reader("hri", frames).read(IdsList(header=header("camera"), ids=["a1", "b2"]))
    assert told(sighting) == {"a1": (1.0, 2.0, 12.3), "b2": (3.0, 4.0, 9.0)}
    assert (sighting.frame_id, sighting.stamp_s, sighting.complete) == ("map", 12.5, True)
    assert all(p.velocity is None and p.position_covariance is None for p in sighting.people)


def test_an_empty_list_says_that_nobody_is_there() -> None:
    sighting = reader("hri", {}).read(IdsList(header=header("camera")))
    assert (sighting.people, sighting.complete, sighting.frame_id) == ((), True, "map")


@pytest.mark.parametrize("ids", [["a1", "b2"], ["b2"]])
def test_a_body_that_tf_does_not_know_is_not_said_to_be_gone(ids: list[str]) -> None:
    sighting = reader("hri", {"body_a1": (1.0, 2.0, 12.3)}).read(IdsList(ids=ids))
    assert not sighting.complete
    assert set(told(sighting)) == set(ids) - {"b2"}


@pytest.mark.parametrize("unmoved_s", [0.0, math.inf])
def test_a_transform_without_a_stamp_is_as_old_as_the_list(unmoved_s: float) -> None:
    frames = {"body_a1": (1.0, 2.0, unmoved_s)}
    listed = reader("hri", frames).read(IdsList(header=header(), ids=["a1"]))
    assert told(listed) == {"a1": (1.0, 2.0, 12.5)}
    untold = reader("hri", frames).read(IdsList(ids=["a1"]))
    assert (untold.stamp_s, told(untold.stamped(7.0))) == (None, {"a1": (1.0, 2.0, 7.0)})


def test_a_frame_has_its_id_as_it_is_and_a_report_one_that_can_be_kept() -> None:
    sighting = reader("hri", {"body_a\n1": (1.0, 2.0, 3.0)}).read(IdsList(ids=["a\n1"]))
    assert set(told(sighting)) == {"a1"}
    with pytest.raises(InputError, match=r"^humans/bodies/tracked: 'a1' is there twice"):
        reader("hri", {"body_a1": (1.0, 2.0, 3.0)}).read(IdsList(ids=["a1", "a1"]))


# -- tf ---------------------------------------------------------------------------------------
def test_frames_with_the_prefix_are_people() -> None:
    frames = {
        "person_anna": (1.0, 2.0, 5.0),
        "person_ben": (3.0, 4.0, 5.5),
        "person_": (0.0, 0.0, 5.0),
        "head_person_anna": (0.0, 0.0, 5.0),
        "base_link": (0.0, 0.0, 5.0),
    }
    sighting = reader("tf", frames).read([*frames, "person_unreachable"])
    assert told(sighting) == {"anna": (1.0, 2.0, 5.0), "ben": (3.0, 4.0, 5.5)}
    assert (sighting.frame_id, sighting.stamp_s, sighting.complete) == ("map", 5.5, False)
    assert (reader("tf", {}).topic, reader("tf", {}).kind) == ("", None)


@pytest.mark.parametrize("prefix", ["human", "human*"])
def test_a_prefix_may_end_in_a_star(prefix: str) -> None:
    frames = {"human7": (1.0, 2.0, 5.0), "person_anna": (3.0, 4.0, 5.0)}
    assert set(told(reader("tf", frames, tf_prefix=prefix).read(frames))) == {"7"}


def test_a_frame_that_tf_merely_keeps_is_no_news() -> None:
    """Anna left; her last transform stays in the buffer. Time may be set back, too."""
    frames = {"person_anna": (1.0, 2.0, 5.0), "person_ben": (3.0, 4.0, 5.0)}
    tracker = reader("tf", frames)
    assert set(told(tracker.read(frames))) == {"anna", "ben"}
    for stamp_s in (5.1, 5.2, 0.7):
        frames["person_ben"] = (3.0, 4.0, stamp_s)
        assert told(tracker.read(frames)) == {"ben": (3.0, 4.0, stamp_s)}
    quiet = tracker.read(frames)
    assert (quiet.people, quiet.stamp_s, quiet.complete) == ((), None, False)


@pytest.mark.parametrize("unmoved_s", [0.0, math.inf])
def test_a_static_frame_is_always_there(unmoved_s: float) -> None:
    frames = {"person_dummy": (1.0, 2.0, unmoved_s)}
    tracker = reader("tf", frames)
    for now_s in (1.0, 2.0):
        sighting = tracker.read(frames)
        assert sighting.stamp_s is None
        assert told(sighting.stamped(now_s)) == {"dummy": (1.0, 2.0, now_s)}


@pytest.mark.parametrize("prefix", ["", "*"])
def test_a_prefix_that_everything_has_is_refused(prefix: str) -> None:
    with pytest.raises(InputError, match=r"prefix of people's TF frames is empty.*person_"):
        reader("tf", {}, tf_prefix=prefix)


@pytest.mark.parametrize("name", ["hri", "tf"])
def test_without_tf_there_are_no_places(name: str) -> None:
    with pytest.raises(InputError, match=rf"human_source '{name}'.*install tf2_msgs") as raised:
        source(name)
    assert "\n" not in str(raised.value)
