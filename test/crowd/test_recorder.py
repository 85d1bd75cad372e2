"""From streams of reports to decisions."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.person import lagged
from bisirl_ros.crowd.recorder import DecisionRecorder
from bisirl_ros.crowd.scenario import Scenario, load_scenario

TICK_S, FINE_S, START_S = 0.05, 0.01, 100.0
EXACT = np.zeros((2, 2))
FAR = np.array([[0.0, 50.0]])


@pytest.fixture
def crossing() -> Scenario:
    return load_scenario("crossing")


def walk(scenario: Scenario, targets: Array, late_s: float = 0.0) -> Array:
    """States every TICK_S of somebody who holds each target for a period, late_s after it."""
    period = scenario.decision_period_s
    state, last = torch.tensor([0.0, -3.0, 0.0, 0.9]).double(), torch.zeros(2).double()
    states = [state.numpy()]
    for target in torch.tensor(targets):
        for tick in range(round(period / FINE_S)):
            held = target if tick * FINE_S >= late_s - 1e-9 else last
            state = lagged(state, held, scenario.person.lag_s, FINE_S)
            if (tick + 1) % round(TICK_S / FINE_S) == 0:
                states.append(state.numpy())
        last = target
    return np.array(states)


def begin(recorder: DecisionRecorder, goals: Array = FAR, **more: Array) -> None:
    every = {"ann": goals, **more}
    belief = {name: np.full(len(g), -np.log(len(g))) for name, g in every.items()}
    recorder.begin(START_S, 3, 7, np.array([[5.0, 0.0]]), every, belief)


def drive(recorder: DecisionRecorder, ticks: int, start_s: float = START_S) -> None:
    for tick in range(ticks):
        t = tick * TICK_S
        yaw = (3.0 + t + np.pi) % (2 * np.pi) - np.pi
        recorder.robot(start_s + t, np.array([t, 1.0, yaw, 1.0, 0.0, 1.0]))


def show(
    recorder: DecisionRecorder,
    states: Array,
    name: str = "ann",
    missing: tuple[float, float] = (9e9, 9e9),
    since_s: float = START_S,
) -> None:
    for tick, state in enumerate(states):
        if not missing[0] < tick * TICK_S < missing[1]:
            told = (state[:2], state[2:], EXACT, EXACT)
            recorder.person(name, since_s + tick * TICK_S, *told)


def some_targets(count: int) -> Array:
    return np.random.default_rng(0).uniform(-0.6, 0.6, (count, 2)) + np.array([0.0, 0.5])


@pytest.mark.parametrize(("late_s", "within"), [(0.0, 1e-3), (0.03, 0.01), (0.06, 0.01)])
def test_targets_and_states_come_back(crossing: Scenario, late_s: float, within: float) -> None:
    recorder, targets = DecisionRecorder(crossing), some_targets(9)
    begin(recorder)
    states = walk(crossing, targets, late_s)
    drive(recorder, len(states))
    show(recorder, states)
    batch = recorder.finish()
    assert batch is not None
    assert batch.target[:, 0] == pytest.approx(targets, abs=within)
    assert batch.people[:, 0] == pytest.approx(states[:-1:8], abs=0.01)
    assert not batch.spread.any()
    assert (batch.policy_version, batch.episode, batch.identities) == (3, 7, ("ann",))
    assert batch.robot[:, 0] == pytest.approx(0.4 * np.arange(9))
    assert batch.robot[:, 2] == pytest.approx(3.0 + 0.4 * np.arange(9))
    assert batch.step.tolist() == list(range(9)) and batch.unbroken == 9
    assert recorder.finish() is None


@pytest.mark.parametrize(
    ("changes", "waits_s"), [({}, 0.2), ({"decision_period_s": 0.6}, 0.0), ({"lag_s": 0.6}, 0.0)]
)
def test_people_may_decide_otherwise_than_was_thought(
    crossing: Scenario, changes: dict[str, float], waits_s: float
) -> None:
    """Later, or at another pace, or with another body: it is seen, and told with the decisions."""
    person = replace(crossing.person, **changes)  # type: ignore[arg-type]
    recorder, targets = DecisionRecorder(crossing, learn_timing=True), some_targets(9)
    walked = walk(replace(crossing, person=person), targets)
    waited = TICK_S * np.arange(round(waits_s / TICK_S), 0, -1)[:, None]
    before = walked[0] - waited * [*walked[0, 2:], 0.0, 0.0]
    for _ in range(2):
        begin(recorder)
        states = np.concatenate([before, walked])
        drive(recorder, len(states))
        show(recorder, states)
        batch = recorder.finish()
    assert batch is not None
    told = (person.decision_period_s, person.lag_s) if changes else (0.0, 0.0)
    assert (batch.period_s, batch.lag_s) == pytest.approx(told)
    assert batch.replayable is not bool(changes)
    moments = waits_s + person.decision_period_s * np.arange(9)
    assert batch.robot[:9, 0] == pytest.approx(moments, abs=1e-6)
    assert batch.target[:9, 0] == pytest.approx(targets, abs=0.01)


def test_a_gap_costs_only_the_decisions_it_touches(crossing: Scenario) -> None:
    recorder = DecisionRecorder(crossing)
    begin(recorder)
    states = walk(crossing, np.tile([0.0, 1.0], (10, 1)))
    drive(recorder, len(states))
    show(recorder, states, missing=(1.24, 1.61))
    batch = recorder.finish()
    assert batch is not None
    assert np.flatnonzero(~batch.decided[:, 0]).tolist() == [3]
    assert batch.present.all() and batch.unbroken == 3
    begin(recorder)
    drive(recorder, len(states))
    show(recorder, states, missing=(1.24, 2.45))
    batch = recorder.finish()
    assert batch is not None
    assert batch.present[:, 0].tolist() == [True] * 5 + [False] * 2 + [True] * 3
    assert batch.decided[:, 0].tolist() == [True] * 3 + [False] * 4 + [True] * 3


def test_targets_beyond_the_support_are_counted(crossing: Scenario) -> None:
    recorder = DecisionRecorder(crossing)
    begin(recorder)
    states = walk(crossing, np.array([[0.0, 1.0], [0.0, 2.5], [0.0, 1.0]]))
    drive(recorder, len(states))
    show(recorder, states)
    batch = recorder.finish()
    assert batch is not None
    assert batch.decided[:, 0].tolist() == [True, False, True]
    assert recorder.beyond == 1


def test_noise_does_not_choose_among_decisions_at_full_speed(crossing: Scenario) -> None:
    recorder, rng, known, faster = DecisionRecorder(crossing), np.random.default_rng(1), 0, 0
    states = walk(crossing, np.tile([0.0, 1.75], (15, 1)))
    for _ in range(4):
        begin(recorder)
        drive(recorder, len(states))
        for tick, state in enumerate(states):
            place, velocity = state[:2] + rng.normal(0, 0.02, 2), state[2:] + rng.normal(0, 0.1, 2)
            told = (4e-4 * np.eye(2), 0.01 * np.eye(2))
            recorder.person("ann", START_S + tick * TICK_S, place, velocity, *told)
        batch = recorder.finish()
        assert batch is not None
        known += len(batch)
        faster += int((np.linalg.norm(batch.target[:, 0], axis=-1) > 1.8).sum())
    assert known == 60 and recorder.beyond == 0
    assert faster > 10


def test_standing_is_a_decision_and_arriving_ends_them(crossing: Scenario) -> None:
    recorder = DecisionRecorder(crossing)
    begin(recorder, np.array([[0.0, 0.0]]))
    states = walk(crossing, np.array([[0.0, 1.2]] * 5 + [[0.0, 0.0]] * 3))
    drive(recorder, len(states))
    show(recorder, states)
    batch = recorder.finish()
    assert batch is not None
    assert batch.decided[:, 0].tolist() == [True] * len(batch)
    assert (np.linalg.norm(batch.people[:, 0, :2], axis=-1) > 0.8).all()
    begin(recorder)
    show(recorder, walk(crossing, np.zeros((6, 2))))
    drive(recorder, 49)
    batch = recorder.finish()
    assert batch is not None
    assert len(batch) == 6
    assert batch.target[:, 0] == pytest.approx(0.0, abs=1e-3)


def test_the_arrived_stay_in_sight_of_others(crossing: Scenario) -> None:
    recorder, targets = DecisionRecorder(crossing), np.tile([0.0, 1.0], (8, 1))
    states = walk(crossing, targets)
    begin(recorder, ben=np.array([[0.0, -2.0]]))
    drive(recorder, len(states))
    show(recorder, states)
    show(recorder, states, "ben")
    batch = recorder.finish()
    assert batch is not None
    assert batch.present.all()
    assert batch.decided[:, 0].all() and not batch.decided[2:, 1].any()


def test_people_come_and_go(crossing: Scenario) -> None:
    recorder, targets = DecisionRecorder(crossing), np.tile([0.0, 1.0], (12, 1))
    states = walk(crossing, targets)
    begin(recorder, ben=FAR, nobody=FAR)
    drive(recorder, len(states))
    show(recorder, states)
    show(recorder, states[20:60], "ben", since_s=START_S + 1.0)
    recorder.person("stranger", START_S + 1.0, np.zeros(2))
    batch = recorder.finish()
    assert batch is not None
    assert batch.identities == ("ann", "ben")
    assert np.flatnonzero(batch.decided[:, 1]).tolist() == [3, 4, 5, 6, 7]
    assert batch.present[:, 1].tolist() == [False] * 3 + [True] * 6 + [False] * 3


@pytest.mark.parametrize("jump_s", [1e9, 1e5, 30.0, -30.0, -1e9])
def test_a_jump_of_time_cuts_the_record_at_once(crossing: Scenario, jump_s: float) -> None:
    recorder, states = DecisionRecorder(crossing), walk(crossing, some_targets(8))
    begin(recorder)
    drive(recorder, 41)
    show(recorder, states[:41])
    drive(recorder, 41, START_S + 2.0 + jump_s)
    show(recorder, states, since_s=START_S + 2.0 + jump_s)
    before = time.process_time()
    batch = recorder.finish()
    assert time.process_time() - before < 2.0
    assert batch is not None
    assert 5 <= len(batch) <= 6
    assert batch.unbroken == len(batch.step)
    assert (batch.robot[:, 0] <= 2.0 + 1e-9).all()


def test_late_and_repeated_stamps_are_ignored(crossing: Scenario) -> None:
    recorder = DecisionRecorder(crossing)
    assert recorder.finish() is None
    recorder.person("ann", 0.0, np.zeros(2))
    recorder.robot(0.0, np.zeros(6))
    begin(recorder)
    states = walk(crossing, some_targets(3))
    drive(recorder, len(states))
    for tick, state in enumerate(states):
        for time_s in (tick * TICK_S, tick * TICK_S, (tick - 2) * TICK_S):
            recorder.person("ann", START_S + time_s, state[:2], state[2:], EXACT, EXACT)
    batch = recorder.finish()
    assert batch is not None
    assert batch.target[:, 0] == pytest.approx(some_targets(3), abs=1e-3)


def test_a_recorded_robots_future_is_kept(crossing: Scenario) -> None:
    recorder, states = DecisionRecorder(crossing, "realised"), walk(crossing, some_targets(12))
    begin(recorder)
    drive(recorder, len(states))
    show(recorder, states)
    batch = recorder.finish()
    assert batch is not None and batch.robot_future is not None
    assert len(batch) == 12 - crossing.person.horizon + 1
    steps = 0.4 * np.arange(crossing.person.horizon + 1)
    assert batch.robot_future[2, :, 0] == pytest.approx(0.8 + steps)


def test_routes_and_beliefs_hold_from_when_they_were_told(crossing: Scenario) -> None:
    recorder, states = DecisionRecorder(crossing), walk(crossing, some_targets(4))
    begin(recorder, np.array([[0.0, 50.0], [9.0, 50.0]]))
    drive(recorder, len(states))
    show(recorder, states)
    recorder.route(START_S + 0.8, np.array([[1.0, 1.0], [2.0, 2.0]]))
    recorder.belief(START_S + 0.5, "ann", np.log([0.9, 0.1]))
    recorder.belief(START_S + 0.5, "stranger", np.zeros(1))
    batch = recorder.finish()
    assert batch is not None
    assert batch.route[1].tolist() == [[5.0, 0.0], [5.0, 0.0]]
    assert batch.route[2].tolist() == [[1.0, 1.0], [2.0, 2.0]]
    assert np.exp(batch.log_belief[:, 0, 0]) == pytest.approx([0.5, 0.5, 0.9, 0.9])


def test_a_new_track_is_not_joined_to_the_last(crossing: Scenario) -> None:
    recorder, states = DecisionRecorder(crossing), walk(crossing, some_targets(6))
    begin(recorder)
    drive(recorder, len(states))
    for tick, state in enumerate(states):
        place = state[:2] + (np.array([30.0, 0.0]) if tick >= 20 else 0.0)
        told = (place, state[2:], EXACT, EXACT)
        recorder.person("ann", START_S + tick * TICK_S, *told, anew=tick == 20)
    batch = recorder.finish()
    assert batch is not None
    assert batch.decided.all() and batch.present.all()
    assert batch.target[2, 0] == pytest.approx(some_targets(6)[2], abs=0.05)
    assert batch.target[3:, 0] == pytest.approx(some_targets(6)[3:], abs=5e-3)


def test_noise_that_is_not_told_is_found_out(crossing: Scenario) -> None:
    recorder, rng, states = (
        DecisionRecorder(crossing),
        np.random.default_rng(2),
        walk(crossing, some_targets(20)),
    )
    batch: Decisions | None = None
    for _ in range(3):
        begin(recorder)
        drive(recorder, len(states))
        for tick, state in enumerate(states):
            recorder.person("ann", START_S + tick * TICK_S, state[:2] + rng.normal(0, 0.03, 2))
        batch = recorder.finish()
    assert batch is not None
    off = batch.target[:, 0, 0] - some_targets(20)[1:, 0]  # the first is left out
    assert 0.5 < np.mean(np.square(off) / batch.spread[:, 0, 4, 4]) < 1.6


@pytest.mark.parametrize("velocity", [False, True])
def test_whose_velocity_is_vague_at_a_decision_has_decided_nothing(
    crossing: Scenario, velocity: bool
) -> None:
    """The first decision from positions alone: a ridge of velocities and targets."""
    recorder, states = DecisionRecorder(crossing), walk(crossing, some_targets(6))
    begin(recorder)
    drive(recorder, len(states))
    cov = 0.02**2 * np.eye(2)
    for tick, state in enumerate(states):
        speed = (state[2:], cov) if velocity else (None, None)
        recorder.person("ann", START_S + tick * TICK_S, state[:2], speed[0], cov, speed[1])
    batch = recorder.finish()
    assert batch is not None
    first = batch.target[0, 0] - some_targets(6)[0 if velocity else 1]
    assert float(np.abs(first).max()) < 0.15 and len(batch) == (6 if velocity else 5)


def test_nobody_at_all(crossing: Scenario) -> None:
    recorder = DecisionRecorder(replace(crossing, people=0))
    recorder.begin(START_S, 0, 0, np.zeros((1, 2)), {}, {})
    drive(recorder, 20)
    assert recorder.finish() is None


@pytest.mark.parametrize("phase_s", np.arange(0.0, 0.4, 0.05))
def test_a_tracker_of_one_report_per_decision_is_learned_from_whatever_its_phase(
    crossing: Scenario, phase_s: float
) -> None:
    """Where nobody told when people decide; just after a decision nothing of it shows."""
    states = walk(crossing, np.tile([[0.0, 1.2]], (12, 1)))
    recorder = DecisionRecorder(crossing)
    belief = {"ann": np.zeros(1)}
    recorder.begin(START_S, 3, -1, np.array([[5.0, 0.0]]), {"ann": FAR}, belief)
    drive(recorder, len(states))
    first = round(phase_s / TICK_S)
    for tick in range(first, len(states), round(crossing.decision_period_s / TICK_S)):
        at_s, state = START_S + tick * TICK_S, states[tick]
        recorder.person("ann", at_s, state[:2], state[2:], EXACT, EXACT)
    batch = recorder.finish()
    assert batch is not None
    assert batch.decided.sum() >= 8
    np.testing.assert_allclose(batch.target[batch.decided][:, 1], 1.2, atol=0.15)
