"""From faults to what the robot does."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bisirl_ros.control.faults import TABLE, Fault, Reaction
from bisirl_ros.control.guard import Guard, GuardSettings

PAIRS = list(itertools.combinations(Fault, 2))


def test_the_table_knows_every_fault() -> None:
    assert set(TABLE) == set(Fault)
    assert all(rule.when for rule in TABLE.values())


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_faults_together_are_never_less_than_the_stronger(one: Fault, other: Fault) -> None:
    strongest = max(TABLE[one].reaction, TABLE[other].reaction)
    assert Guard().judge([one, other], 0.0).reaction == strongest
    guard = Guard()
    guard.judge([one], 0.0)
    assert guard.judge([one, other], 0.1).reaction == strongest


@given(st.lists(st.tuples(st.sets(st.sampled_from(Fault), max_size=4), st.floats(0.0, 3.0))))
def test_at_any_time_it_is_at_least_what_each_fault_asks(
    events: list[tuple[set[Fault], float]],
) -> None:
    guard, now_s, latched = Guard(), 0.0, False
    for faults, wait_s in events:
        now_s += wait_s
        found = guard.judge(faults, now_s)
        latched |= any(TABLE[f].reaction is Reaction.LATCH for f in faults)
        least = max((TABLE[f].reaction for f in faults), default=Reaction.DRIVE)
        assert found.reaction >= (Reaction.LATCH if latched else least)
        assert (found.fault is None) == (not faults and not latched)


def test_a_latch_holds_until_somebody_resumes_and_not_while_it_is_still_so() -> None:
    guard = Guard()
    guard.judge([Fault.TOO_NEAR], 1.0)
    assert guard.resume() == "too near: still so"
    found = guard.judge([], 50.0)
    assert (found.reaction, found.fault, found.since_s) == (Reaction.LATCH, Fault.TOO_NEAR, 1.0)
    assert guard.resume() == ""
    assert guard.judge([], 51.0).reaction is Reaction.DRIVE


def test_in_a_simulator_it_goes_on_by_itself_a_little_later() -> None:
    guard = Guard(GuardSettings(auto_resume=True, resume_after_s=0.5))
    assert guard.judge([Fault.TOO_NEAR], 1.0).reaction is Reaction.STOP
    assert guard.judge([], 1.4).reaction is Reaction.STOP
    assert guard.judge([], 1.6).reaction is Reaction.DRIVE
    guard.judge([Fault.STOP_ASKED], 2.0)
    assert guard.judge([], 90.0).reaction is Reaction.LATCH


def test_the_fallback_ends_in_a_stop_and_begins_anew_once_the_policy_works() -> None:
    guard = Guard(GuardSettings(fallback_s=2.0))
    failed = [Fault.POLICY_FAILED]
    assert guard.judge(failed, 0.0).reaction is Reaction.FALLBACK
    assert guard.judge(failed, 1.9).reaction is Reaction.FALLBACK
    assert guard.judge(failed, 2.0).reaction is Reaction.STOP
    assert guard.judge(failed, 9.0).reaction is Reaction.STOP
    assert guard.judge([], 9.1).reaction is Reaction.DRIVE
    assert guard.judge(failed, 9.2).reaction is Reaction.STOP, "tried again, and failed again"
    guard.judge([], 9.3)
    guard.policy_works()
    assert guard.judge(failed, 9.4).reaction is Reaction.FALLBACK


def test_nobody_resumes_who_cannot_see() -> None:
    guard = Guard()
    guard.judge([Fault.TOO_NEAR], 0.0)
    guard.judge([Fault.TRACKER_SILENT], 1.0)
    assert guard.resume() == "tracker silent: still so"
    guard.judge([], 2.0)
    assert guard.resume() == ""


def test_a_stop_that_was_asked_for_shows_behind_another_latch() -> None:
    guard = Guard()
    guard.judge([Fault.TOO_NEAR], 0.0)
    guard.latch(Fault.STOP_ASKED)
    assert guard.judge([], 1.0).fault is Fault.STOP_ASKED
    assert guard.latched == {Fault.TOO_NEAR, Fault.STOP_ASKED}


def test_a_stop_that_was_asked_for_once_holds_until_resumed() -> None:
    guard = Guard()
    guard.latch(Fault.STOP_ASKED)
    assert guard.judge([], 1.0).reaction is Reaction.LATCH
    assert guard.judge([Fault.NO_GOAL], 2.0).fault is Fault.STOP_ASKED
    assert guard.resume() == ""
    assert guard.judge([], 3.0).reaction is Reaction.DRIVE
