"""The gatekeeper of a pose stream."""

from __future__ import annotations

import numpy as np
import pytest

from bisirl_ros.session.state_input import StateInput

STATE = np.array([1.0, 2.0, 0.3, 0.4])
TIMEOUT_S = 0.5


class Desk:
    """A StateInput, what it complained about, and two clocks that differ."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.input = StateInput(
            "human", "odom", TIMEOUT_S, lambda _, line: self.complaints.append(line)
        )

    def offer(
        self,
        state: np.ndarray = STATE,
        frame: str = "odom",
        stamp_s: float = 100.0,
        ros_s: float = 100.0,
        steady_s: float = 5.0,
    ) -> bool:
        """Offer one state, good unless told otherwise."""
        return self.input.accept(state, frame, stamp_s, ros_s, steady_s)


@pytest.fixture
def desk() -> Desk:
    """Nothing has come yet."""
    return Desk()


def test_a_good_state_is_kept(desk: Desk) -> None:
    assert desk.offer()
    np.testing.assert_array_equal(desk.input.state, STATE)
    assert desk.input.stamp_s == 100.0
    assert not desk.complaints
    assert not desk.input.refused


@pytest.mark.parametrize(
    ("fault", "kind", "line"),
    [
        ({"state": STATE * np.nan}, "not_finite", "a value is not finite; check the tracker"),
        (
            {"state": np.array([0.0, np.inf, 0.0, 0.0])},
            "not_finite",
            "a value is not finite; check the tracker",
        ),
        (
            {"frame": "map"},
            "frame",
            "frame_id 'map', expected 'odom'; set global_frame or fix",
        ),
        ({"frame": ""}, "frame", "frame_id '', expected 'odom'; set global_frame or fix"),
        (
            {"stamp_s": 101.0, "ros_s": 103.0},
            "old",
            "stamp is 2.00 s old; check clocks and use_sim_time",
        ),
        ({"stamp_s": 100.0}, "not_newer", "stamp is not newer than the last; check for two publi"),
        ({"stamp_s": 99.9}, "not_newer", "stamp is not newer than the last; check for two publi"),
    ],
)
def test_a_bad_state_is_refused_counted_and_told(
    desk: Desk, fault: dict, kind: str, line: str
) -> None:
    assert desk.offer()
    assert not desk.offer(**{"stamp_s": 100.1, "ros_s": 100.1, **fault})
    np.testing.assert_array_equal(desk.input.state, STATE)
    assert desk.input.stamp_s == 100.0
    assert desk.input.refused == {kind: 1}
    (complaint,) = desk.complaints
    assert complaint.startswith(f"human: {line}")
    assert complaint.endswith("(refused so far: 1)")


def test_refusals_are_counted_by_kind_and_told_in_all(desk: Desk) -> None:
    for fault in ({"frame": "map"}, {"frame": "x"}, {"state": STATE * np.nan}, {"ros_s": 200.0}):
        assert not desk.offer(**fault)
    assert desk.input.refused == {"frame": 2, "not_finite": 1, "old": 1}
    assert desk.complaints[-1].endswith("(refused so far: 4)")
    assert desk.input.state is None


def test_a_delay_within_the_timeout_is_not_old(desk: Desk) -> None:
    assert desk.offer(stamp_s=100.0, ros_s=100.0 + 0.99 * TIMEOUT_S)


def test_a_stamp_ahead_of_the_clock_is_taken(desk: Desk) -> None:
    """/clock may come after the state that was made at that time."""
    assert desk.offer(stamp_s=100.05, ros_s=100.0)


def test_freshness_is_told_by_the_steady_clock(desk: Desk) -> None:
    assert not desk.input.fresh(0.0)
    desk.offer(steady_s=5.0)
    assert desk.input.fresh(5.0)
    assert desk.input.fresh(5.0 + 0.99 * TIMEOUT_S)
    assert not desk.input.fresh(5.0 + 1.01 * TIMEOUT_S)


def test_a_refused_state_does_not_freshen(desk: Desk) -> None:
    desk.offer(steady_s=5.0)
    assert not desk.offer(steady_s=5.4)  # the same stamp again
    assert not desk.input.fresh(5.6)


def test_it_recovers_with_the_next_good_state(desk: Desk) -> None:
    desk.offer()
    desk.offer(state=STATE * np.nan, stamp_s=100.1, ros_s=100.1, steady_s=5.1)
    assert desk.offer(stamp_s=102.0, ros_s=102.0, steady_s=7.0)
    assert desk.input.fresh(7.0)


def test_forgetting_takes_an_earlier_stamp_again(desk: Desk) -> None:
    desk.offer()
    desk.input.forget()
    assert desk.input.state is None
    assert not desk.input.fresh(5.0)
    assert desk.offer(stamp_s=1.0, ros_s=1.0)


@pytest.mark.parametrize("turn", [0.0, 0.8, -2.0])
def test_a_state_is_carried_on_by_its_twist(turn: float) -> None:
    """Against the exact arc, which a step at the heading half way misses in third order."""
    desk, age_s, v = Desk(), 0.1, np.array([0.9, -0.3])
    desk.offer(np.array([1.0, 2.0, 0.4, *v, turn]))
    found = desk.input.at(100.0 + age_s)
    assert found is not None
    steps = 2000
    yaws = 0.4 + turn * (np.arange(steps) + 0.5) * age_s / steps
    way = np.stack(
        [np.cos(yaws) * v[0] - np.sin(yaws) * v[1], np.sin(yaws) * v[0] + np.cos(yaws) * v[1]]
    )
    np.testing.assert_allclose(found[:2], [1.0, 2.0] + way.mean(1) * age_s, atol=2e-4)
    np.testing.assert_allclose(found[2:], [0.4 + turn * age_s, *v, turn])


def test_no_state_is_carried_back_or_beyond_its_timeout() -> None:
    desk = Desk()
    assert desk.input.at(1.0) is None
    state = np.array([1.0, 2.0, 0.0, 1.0, 0.0, 0.0])
    desk.offer(state)
    for ros_s in (0.0, 99.0, 100.0):
        np.testing.assert_array_equal(desk.input.at(ros_s), state)
    np.testing.assert_allclose(desk.input.at(1e6)[0], 1.0 + TIMEOUT_S)
