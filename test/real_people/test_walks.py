"""Which points are decisions, and what was seen and chosen at them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, REALISED
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.errors import InputError
from bisirl_ros.real_people.walks import MOST_OTHERS, SceneRecording, walks_of

from .walkers import PERSON, driven, recording, straight, track


@pytest.mark.parametrize(
    ("stamps", "decisions"),
    [
        ([0, 1, 2, 3, 4], [1, 2, 3]),
        ([0, 1, 2, 4, 5, 6], [1, 5]),
        ([0, 1, 1.4, 2.4, 3.4], [2.4]),
        ([0, 0.6, 2.0, 3.4], [0.6, 2.0]),
        ([0, 1, 2, 3.6, 4.6, 5.6], [1, 4.6]),
    ],
)
def test_decisions_lie_between_points_of_about_a_period(
    stamps: list[float], decisions: list[float]
) -> None:
    found = walks_of([recording("a", {"p": straight(stamps, (1.0, 0.5), (0.0, 0.0))})], PERSON)
    assert found.stamp.tolist() == decisions


def test_the_period_scales_which_points_are_decisions() -> None:
    stamps = 0.4 * np.arange(6)
    short = replace(PERSON, decision_period_s=0.4)
    one = [recording("a", {"p": straight(stamps, (1.0, 0.0), (0.0, 0.0))})]
    assert walks_of(one, short).stamp == pytest.approx(stamps[1:-1])
    with pytest.raises(InputError, match="about every 1 s"):
        walks_of(one, PERSON)


def test_leaps_are_no_decisions() -> None:
    places = [[0, 0], [1, 0], [2, 0], [4.6, 0], [5.6, 0], [6.6, 0], [9.0, 0], [10, 0]]
    found = walks_of([recording("a", {"p": track(np.arange(8), places)})], PERSON)
    assert found.stamp.tolist() == [1, 4, 5, 6], "2.6 m/s is too fast, 2.4 m/s is not"


@pytest.mark.parametrize(
    ("poses", "decisions"),
    [
        (np.arange(0.0, 2.55, 0.1), [1, 2]),
        (np.arange(2.5, 9.0, 0.1), [3, 4, 5, 6]),
        (np.r_[np.arange(0.0, 1.55, 0.1), np.arange(3.5, 9.0, 0.1)], [1, 4, 5, 6]),
        (np.r_[np.arange(0.0, 1.55, 0.1), np.arange(2.4, 9.0, 0.1)], [1, 2, 3, 4, 5, 6]),
    ],
)
def test_decisions_are_made_where_the_robot_is_on_record(
    poses: np.ndarray, decisions: list[float]
) -> None:
    robot = driven(poses, np.zeros((len(poses), 2)))
    walk = straight(np.arange(8.0), (1.0, 0.0), (0.0, 3.0))
    assert walks_of([recording("a", {"p": walk}, robot)], PERSON).stamp.tolist() == decisions


def test_velocities_are_means_before_and_after() -> None:
    walk = track([0, 1.25, 2.0, 3.0], [[0, 0], [1.0, 0.5], [1.3, -0.1], [2.3, 0.4]])
    found = walks_of([recording("a", {"p": walk})], PERSON)
    np.testing.assert_allclose(found.seen.place, [[1.0, 0.5], [1.3, -0.1]])
    np.testing.assert_allclose(found.seen.velocity, [[0.8, 0.4], [0.4, -0.8]])
    np.testing.assert_allclose(found.chosen, [[0.4, -0.8], [1.0, 0.5]])
    np.testing.assert_allclose(found.begin, [[0, 0]])
    np.testing.assert_allclose(found.end, [[2.3, 0.4]])
    assert (found.robot == AWAY_M).all() and (found.seen.ahead == AWAY_M).all()


def test_others_are_where_they_were_going_until_they_are_absent() -> None:
    other = track([1.5, 2.5, 3.5], [[0.0, 2.0], [1.0, 2.5], [1.5, 2.5]])
    walk = straight(np.arange(8.0), (1.0, 0.0), (0.0, 0.0))
    found = walks_of([recording("a", {"p": walk, "q": other})], PERSON)
    mine = found.seen.at(found.walk == found.person.index("p"))
    away = [AWAY_M] * 4
    np.testing.assert_allclose(
        mine.others[:, 0],
        [
            away,  # at 1 s: nobody yet
            away,  # at 2 s: one point tells no velocity
            [1.5, 2.75, 1.0, 0.5],
            [1.75, 2.5, 0.5, 0.0],
            away,  # at 5 s: the last point is 1.5 s old
            away,
        ],
    )


def test_how_long_others_are_there_goes_by_the_period() -> None:
    short = replace(PERSON, decision_period_s=0.4)
    walk = straight(0.4 * np.arange(8), (1.0, 0.0), (0.0, 0.0))
    other = straight([0.0, 0.4, 0.8], (0.0, 1.0), (0.0, 2.0))
    found = walks_of([recording("a", {"p": walk, "q": other})], short)
    mine = found.seen.at(found.walk == found.person.index("p"))
    there = mine.others[:, 0, 0] < AWAY_M
    assert there.tolist() == [True, True, True, False, False, False], "0.4 s old is, 0.8 s is not"


def test_the_future_of_others_is_not_seen() -> None:
    walk = straight(np.arange(6.0), (1.0, 0.0), (0.0, 0.0))
    other = straight(np.arange(6.0), (0.0, 1.0), (2.0, -2.0))
    later = other.copy()
    later[4:, 1:] += 1.0
    ways = [walks_of([recording("a", {"p": walk, "q": q})], PERSON) for q in (other, later)]
    mine = [way.seen.others[way.walk == way.person.index("p")] for way in ways]
    np.testing.assert_array_equal(mine[0][:3], mine[1][:3])
    assert (mine[0][3] != mine[1][3]).any()


def test_the_nearest_others_are_kept() -> None:
    stamps = np.arange(4.0)
    far = np.random.default_rng(0).permutation(np.arange(1.0, 13.0))
    people = {f"q{y:g}": straight(stamps, (1.0, 0.0), (0.0, y)) for y in far}
    found = walks_of(
        [recording("a", {"p": straight(stamps, (1.0, 0.0), (0.0, 0.0)), **people})], PERSON
    )
    mine = found.seen.others[found.walk == found.person.index("p")]
    assert mine.shape == (2, MOST_OTHERS, 4)
    np.testing.assert_allclose(np.sort(mine[..., 1], -1), [np.arange(1.0, 9.0)] * 2)


def test_fewer_others_are_filled_up() -> None:
    stamps = np.arange(4.0)
    alone = recording("a", {"p": straight(stamps, (1.0, 0.0), (0.0, 0.0))})
    many = {f"q{y}": straight(stamps, (1.0, 0.0), (0.0, float(y))) for y in range(3)}
    found = walks_of([alone, recording("b", many)], PERSON)
    assert found.seen.others.shape == (8, 2, 4)
    assert (found.seen.others[:2] == AWAY_M).all()
    assert (found.seen.others[2:] < AWAY_M).all()


def turning() -> np.ndarray:
    """A robot along x at 1 m/s until 4 s, then along y."""
    time = 0.1 * np.arange(101)
    return driven(time, np.stack([np.minimum(time, 4.0), np.maximum(time - 4.0, 0.0)], -1))


def test_the_robot_is_foreseen_to_go_on_or_as_it_did() -> None:
    one = [recording("a", {"p": straight(np.arange(10.0), (0.0, 0.5), (3.0, 3.0))}, turning())]
    on, real = (walks_of(one, PERSON, way) for way in (CONSTANT_VELOCITY, REALISED))
    at = on.stamp.tolist().index(3.0)
    np.testing.assert_allclose(on.robot[at], [3.0, 0.0])
    np.testing.assert_allclose(on.seen.ahead[at], [[4, 0], [5, 0], [6, 0]], atol=1e-9)
    np.testing.assert_allclose(real.seen.ahead[at], [[4, 0], [4, 1], [4, 2]], atol=1e-9)
    np.testing.assert_array_equal(on.chosen, real.chosen)


def runs(*scenes: str) -> list[SceneRecording]:
    """Robots that stand at x = 1, 2, ..., the table of each beginning later."""
    found = []
    for number, scene in enumerate(scenes, 1):
        time = 0.1 * np.arange(51) + number
        walk = straight(np.arange(6.0) + number, (0.0, 1.0), (0.0, 0.0))
        place = np.broadcast_to([float(number), 0.0], (len(time), 2))
        found.append(recording(f"run_{number}", {"p": walk}, driven(time, place), scene))
    return found


def test_the_next_recording_of_the_scene_lends_its_robot() -> None:
    of = runs("a", "b", "a", "b", "a")
    own, other = walks_of(of, PERSON), walks_of(of, PERSON, stand_in=True)
    first = np.flatnonzero(np.diff(own.walk, prepend=-1))
    assert own.robot[first, 0].tolist() == [1, 2, 3, 4, 5]
    assert other.robot[first, 0].tolist() == [3, 4, 5, 2, 1]
    np.testing.assert_allclose(other.seen.ahead[..., 0].max(-1), other.robot[:, 0])
    np.testing.assert_array_equal(own.stamp, other.stamp)
    np.testing.assert_array_equal(own.chosen, other.chosen)


def test_some_walks_are_counted_anew() -> None:
    stamps = np.arange(5.0)
    people = {f"p{i}": straight(stamps[: 4 + i % 2], (1.0, 0.0), (0.0, float(i))) for i in range(4)}
    every = walks_of([recording("a", people, scene="s"), recording("b", people, scene="t")], PERSON)
    kept = np.array([False, True, False, True, True, False, False, False])
    some = every.of(kept)
    assert some.walk.tolist() == [0, 0, 0, 1, 1, 1, 2, 2]
    assert some.whose == (("s", "p1"), ("s", "p3"), ("t", "p0"))
    assert some.scenes == ("s", "t")
    assert some.seen.place[:, 1].tolist() == [1, 1, 1, 3, 3, 3, 0, 0]
    np.testing.assert_array_equal(some.end[:, 0], [4, 4, 3])
    assert len(some.begin) == len(some.recording) == 3
    assert every.in_scenes(["t"]).tolist() == [False] * 4 + [True] * 4
    assert len(some) == len(some.stamp) == len(some.chosen) == len(some.robot) == 8


def test_none_decides() -> None:
    with pytest.raises(InputError, match="no decision in these recordings"):
        walks_of([recording("a", {"p": straight([0.0, 1.0], (1.0, 0.0), (0.0, 0.0))})], PERSON)
