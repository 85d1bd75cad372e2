"""What no walking person does is refused."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.tracking.stream import PersonStream


class Listener:
    """Keeps what was complained of."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def __call__(self, kind: str, line: str) -> None:
        assert kind.split()[0] in line
        self.kinds.append(kind)


@pytest.fixture
def said() -> Listener:
    return Listener()


@pytest.fixture
def stream(said: Listener) -> PersonStream:
    return PersonStream("ann", 1.8, said)


def test_walking_is_believed(stream: PersonStream, said: Listener) -> None:
    rng = np.random.default_rng(0)
    for i in range(200):
        t = 0.05 * i
        velocity = np.array([np.cos(t), np.sin(t)])
        place = np.array([np.sin(t), 1.0 - np.cos(t)]) + rng.normal(0.0, 0.03, 2)
        reading = stream.accept(t, place, velocity + rng.normal(0.0, 0.2, 2))
        assert reading is not None and reading.velocity is not None and not reading.anew
    assert not stream.refused and not said.kinds


def test_two_people_on_one_topic_are_one_track(stream: PersonStream) -> None:
    taken = []
    for i in range(60):
        place = np.array([0.05 * i, 0.0]) if i % 2 == 0 else np.array([8.0, 3.0 - 0.05 * i])
        if stream.accept(0.05 * i, place, None):
            taken.append(place)
    assert len(taken) == 30
    assert np.ptp(np.array(taken)[:, 1]) == 0.0
    assert stream.refused == {"jump": 30}


def test_after_agreeing_jumps_a_new_track_starts(stream: PersonStream, said: Listener) -> None:
    for i in range(10):
        assert stream.accept(0.1 * i, np.array([0.1 * i, 0.0]), None)
    answers = [stream.accept(1.0 + 0.1 * i, np.array([9.0 + 0.1 * i, 5.0]), None) for i in range(8)]
    assert [a is not None for a in answers] == [False] * 4 + [True] * 4
    assert [a.anew for a in answers if a] == [True, False, False, False]
    assert said.kinds == ["ann jump"]


def test_jumps_that_do_not_agree_start_nothing(stream: PersonStream) -> None:
    rng = np.random.default_rng(1)
    assert stream.accept(0.0, np.zeros(2), None)
    for i in range(40):
        place = 20.0 * np.array([(-1.0) ** i, 2.0]) + rng.normal(0.0, 1.0, 2)
        assert stream.accept(0.05 + 0.001 * i, place, None) is None


def test_a_pose_that_is_sent_again_is_not_standing(stream: PersonStream) -> None:
    taken = [
        t for t in np.arange(0.0, 3.0, 1.0 / 30.0)
        if stream.accept(t, np.array([np.floor(t * 5.0 + 1e-9) / 5.0, 0.0]), None)
    ]  # fmt: skip
    assert len(taken) == 15
    assert stream.refused["repeat"] == 75


def test_who_stands_for_long_is_seen_standing(stream: PersonStream) -> None:
    taken = [t for t in np.arange(0.0, 3.0, 0.1) if stream.accept(t, np.ones(2), np.zeros(2))]
    assert len(taken) > 20
    assert taken[-1] == pytest.approx(2.9)


def test_stamps_that_are_not_newer(stream: PersonStream) -> None:
    assert stream.accept(1.0, np.zeros(2), None)
    assert stream.accept(1.0, np.ones(2), None) is None
    assert stream.accept(0.9, np.ones(2), None) is None
    assert stream.refused == {"stamp": 2}
    stream.forget()
    assert stream.accept(0.9, np.ones(2), None)


@pytest.mark.parametrize("told", [(0.0, 0.0), (1.2, 0.0)])
def test_velocities_of_another_frame_are_left_out(
    stream: PersonStream, said: Listener, told: tuple[float, float]
) -> None:
    readings = [
        stream.accept(0.05 * i, np.array([0.0, 0.06 * i]), np.array(told) + 1e-9 * i)
        for i in range(80)
    ]
    assert all(reading is not None for reading in readings)
    assert readings[-1] and readings[-1].velocity is None
    assert sum(r.velocity is not None for r in readings if r) < 25
    assert said.kinds == ["ann velocity"]
