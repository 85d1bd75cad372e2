"""A robot among people without ROS: what is heard, what is commanded, what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.control.faults import Fault, Reaction
from bisirl_ros.crowd.episode_log import decisions_in
from bisirl_ros.crowd.recorder import DecisionRecorder
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.errors import InputError

from .conftest import Stage, snapshot_of

Make = Callable[..., Stage]


def test_it_drives_in_an_episode_only_and_logs_what_it_heard(stage: Make) -> None:
    s = stage()
    s.start()
    assert not np.array(s.commands).any(), "driven before the episode"
    s.step(80)
    assert s.commands[-1][0] > 0.3
    s.session.finish()
    s.step(40)
    assert not s.commands[-1].any()
    (log,) = s.session.take()
    assert (log.policy_version, log.episode, log.identities) == (0, 0, ("person_0",))
    batch = decisions_in(log, DecisionRecorder(s.scenario))
    assert batch is not None
    assert len(batch) >= 8
    np.testing.assert_allclose(batch.target[batch.decided], [[0.0, 1.2]] * len(batch), atol=0.02)
    assert s.session.take() == []


def test_silence_is_a_fault_but_nobody_has_to_come_where_none_is_expected(
    stage: Make, crossing: Scenario
) -> None:
    s = stage()
    s.start()
    s.step(40)
    s.step(40, hear=False)
    assert not s.commands[-1].any()
    assert any("silent (" in line for line in s.said)
    alone = Stage(load_scenario("crossing", people=0))
    alone.hear = lambda: alone.session.hear_robot(alone.robot, alone.ros_s, alone.now)  # type: ignore[method-assign]
    alone.session.offer(snapshot_of(alone.scenario))
    alone.session.adopt(alone.now)
    alone.step(20)
    alone.session.begin(alone.ros_s)
    alone.step(40)
    assert alone.commands[-1][0] > 0.3


def test_an_episode_in_which_it_was_stopped_is_not_learned_from(stage: Make) -> None:
    s = stage()
    s.start()
    s.step(20)
    s.session.enabled = False
    s.step(5)
    s.session.enabled = True
    s.step(20)
    s.session.finish()
    assert s.session.take() == []
    assert any("did not follow one policy" in line for line in s.said)


def test_a_policy_waits_for_the_end_of_the_episode(stage: Make) -> None:
    s = stage()
    s.start()
    newer = snapshot_of(s.scenario, version=1)
    s.session.offer(newer)
    s.step(10)
    assert not s.session.adopt(s.now)
    s.session.finish()
    assert s.session.adopt(s.now)
    assert s.session.deployed is newer


@pytest.mark.parametrize("jump_s", [-5.0, -1e6, 3600.0, 90 * 86400.0, 50 * 365 * 86400.0])
def test_a_jump_of_time_drops_the_batch_and_all_goes_on(stage: Make, jump_s: float) -> None:
    """At the same rate, in constant time; and what comes after is learned from."""
    s = stage()
    s.start()
    s.step(30)
    s.ros_s += jump_s
    began = time.perf_counter()
    s.step(1)
    took_s = time.perf_counter() - began
    assert took_s < 2.0
    assert [line for line in s.said if "jumped" in line and "dropped" in line]
    s.step(40)
    assert s.commands[-1][0] > 0.3, "it does not drive any more"
    s.session.finish()
    (log,) = s.session.take()
    began = time.perf_counter()
    batch = decisions_in(log, DecisionRecorder(s.scenario))
    assert time.perf_counter() - began < 5.0
    assert batch is not None
    assert len(batch) >= 3


def test_a_tracker_that_jumps_and_one_who_stands_are_told_apart(stage: Make) -> None:
    s = stage()
    s.start()
    s.step(20)
    before = s.session.people.refused["jump"]
    bystander = s.report(position=np.array([3.0, 3.0]), stamp_s=s.ros_s + 0.01)
    s.session.hear_person(bystander, s.now)
    assert s.session.people.refused["jump"] == before + 1
    found = s.session.situation(s.now)
    assert found is not None
    np.testing.assert_allclose(found[0].people[0, 0, :2], s.person[:2], atol=0.05)


def test_an_identity_that_goes_over_to_a_bystander_is_somebody_else_there(stage: Make) -> None:
    """For 1.5 s of every 4: what the bystander does is not learned of the one who walks."""
    s = stage()
    s.start()
    s.step(40)
    for _ in range(30):
        s.step(1, hear=False)
        s.session.hear_robot(s.robot, s.ros_s, s.now)
        s.session.hear_person(s.report(position=np.array([3.0, 3.0]), velocity=np.zeros(2)), s.now)
    s.step(30)
    s.session.finish()
    (log,) = s.session.take()
    assert log.identities[0] == "person_0"
    assert set(log.identities) == {"person_0", "person_0~2", "person_0~3"}
    batch = decisions_in(log, DecisionRecorder(s.scenario))
    assert batch is not None
    walker = batch.target[:, list(log.identities).index("person_0")]
    assert np.nanmin(walker[:, 1]) > 1.0, "the walker is said to have stood"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"position": np.array([np.nan, 0.0])}, "not_finite"),
        ({"velocity": np.array([np.inf, 0.0])}, "not_finite"),
        ({"position": np.array([1e9, 0.0])}, "absurd"),
        ({"stamp_s": 0.5}, "old"),
        ({"stamp_s": 1e9}, "ahead"),
    ],
)
def test_what_no_tracker_can_mean_is_refused_and_counted(
    stage: Make, changes: dict, kind: str
) -> None:
    s = stage()
    s.hear()
    s.session.hear_person(s.report(**changes), s.now)
    assert s.session.people.refused[kind] == 1
    assert len([line for line in s.said if "refused so far: 1" in line]) == 1


def test_people_come_and_go_and_there_is_an_end_to_how_many(stage: Make) -> None:
    s = stage()
    for k in range(250):
        s.session.hear_person(replace(s.report(), identity=f"p{k}"), s.now)
    found = s.session.situation(s.now)
    assert found is None  # no robot yet
    s.hear()
    found = s.session.situation(s.now)
    assert found is not None
    assert found[0].count == 200
    assert s.session.people.refused["crowd"] == 51
    s.steady_s, s.ros_s = s.steady_s + 60.0, s.ros_s + 60.0
    s.hear()
    found = s.session.situation(s.now)
    assert found is not None
    assert found[1] == ("person_0",)


@pytest.mark.parametrize(
    ("route", "words"),
    [
        ([[np.nan, 0.0]], "not finite"),
        ([], "at least one point"),
        ([[0.0, 3.0]], "from a wall"),
        ([[50.0, 0.0]], "outside the room"),
    ],
)
def test_a_goal_that_cannot_be_is_refused_and_the_last_one_kept(route: list, words: str) -> None:
    s = Stage(load_scenario("doorway"))
    s.hear()
    before = s.session.situation(s.now)
    with pytest.raises(InputError, match=words):
        s.session.go(np.array(route, float).reshape(-1, 2), s.now)
    after = s.session.situation(s.now)
    assert before is not None and after is not None
    assert (before[0].aims.route == after[0].aims.route).all()


def test_a_goal_changes_on_the_way_and_the_log_knows(stage: Make) -> None:
    s = stage()
    s.start()
    s.step(20)
    s.session.go(np.array([[-3.0, 2.0]]), s.now)
    s.step(20)
    assert s.commands[-1][2] > 0.3, "the goal behind to the left, and it does not turn left"
    s.session.finish()
    (log,) = s.session.take()
    assert len(log.routes) == 2
    np.testing.assert_allclose(log.routes[1, 1:], [-3.0, 2.0])
    batch = decisions_in(log, DecisionRecorder(s.scenario))
    assert batch is not None
    assert (batch.route[0, -1] == [2.5, 0.0]).all()
    assert (batch.route[-1, -1] == [-3.0, 2.0]).all()


def test_where_nobody_tells_of_episodes_they_are_cut_by_time(stage: Make) -> None:
    s = stage(batch_s=2.0)
    s.session.go(np.array([[3.0, 0.0]]), s.now)  # nobody told where to either
    s.session.cut_by_time(s.now)
    s.session.offer(snapshot_of(s.scenario))
    for _ in range(140):
        s.step(1)
        s.session.cut_by_time(s.now)
        s.session.adopt(s.now)
    logs = s.session.take()
    assert len(logs) in (2, 3)
    assert all(log.policy_version == 0 for log in logs)
    assert not any("never made" in line for line in s.said)


def test_a_session_that_watches_never_commands(stage: Make) -> None:
    s = stage(observe_only=True)
    s.session.begin(s.ros_s)
    s.step(60)
    s.session.finish()
    (log,) = s.session.take()
    assert log.policy_version == -1
    assert not np.array(s.commands).any()


def driving(s: Stage) -> Stage:
    """Under way, with somebody far off who is always told of."""
    s.start()
    s.step(30)
    assert s.commands[-1][0] > 0.3
    return s


def test_a_policy_that_always_fails_is_stopped_for_good(stage: Make) -> None:
    """Though it is tried again every second: the fallback ends after its time."""
    s = driving(stage())

    def fails(*_: object) -> None:
        raise RuntimeError("no")

    s.session.driver._policy = fails  # type: ignore[assignment]
    s.step(20)
    assert s.session.driver.guard.verdict.reaction is Reaction.FALLBACK
    s.step(120)
    assert not np.array(s.commands[-20:]).any()


def test_a_latched_robot_that_is_pushed_is_not_driven_along(stage: Make) -> None:
    s = driving(stage())
    s.session.driver.guard.latch(Fault.STOP_ASKED)
    s.step(30)
    for _ in range(60):
        s.robot[3] = 0.5
        s.step(1)
        assert not s.commands[-1].any()


def test_odometry_that_is_frozen_stops_it_for_good(stage: Make) -> None:
    s = driving(stage())
    frozen = np.array([*s.robot[:3], 0.0, 0.0, 0.0])
    for _ in range(120):
        s.robot = frozen.copy()
        s.step(1)
    assert s.session.driver.guard.verdict.fault is Fault.LOST
    assert not np.array(s.commands[-20:]).any()


def test_who_is_lost_from_close_by_is_not_driven_into(stage: Make) -> None:
    """Though another is told of all the time."""
    s = driving(stage())
    ahead = s.robot[:2] + np.array([1.6, 0.0])
    s.session.hear_person(s.report(identity="near", position=ahead, velocity=np.zeros(2)), s.now)
    for _ in range(40):
        s.step(1)
    assert s.robot[0] < ahead[0] - 0.5


def test_a_resume_waits_for_who_cannot_see(stage: Make) -> None:
    s = driving(stage())
    s.session.driver.guard.latch(Fault.STOP_ASKED)
    s.step(20, hear=False)
    assert "silent" in s.session.driver.guard.resume()
