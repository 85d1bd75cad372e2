"""The drift test: power, calibration, and what must not set it off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, forget_after_drift, solve_inner
from bisirl_ros.core.drift import Drift, detect_drift
from bisirl_ros.core.evidence import Evidence
from bisirl_ros.core.lower_level import solve_lower_level
from bisirl_ros.core.posterior import EXPERT

from .conftest import ConditionalLogit, chosen_by

BEFORE, AFTER = np.array([1.0, -2.0, 0.5]), np.array([-1.0, 1.0, 0.5])


def batch(rng: np.random.Generator, theta: Array, decisions: int = 60) -> ConditionalLogit:
    """Decisions of a conditional logit among five alternatives."""
    return chosen_by(theta, decisions, rng)


def evidence_of(batches: list[ConditionalLogit], precision: float = 0.1) -> Evidence:
    return replace(Evidence.start(3, precision), batches=tuple(batches))


def drift_in(evidence: Evidence, false_alarm: float) -> Drift | None:
    start = np.zeros(len(evidence.mean))
    n = evidence.trajectories
    found = solve_lower_level(evidence, start, trajectories=n, tolerance=1e-8)
    return detect_drift(evidence, found.theta, false_alarm)


@pytest.mark.parametrize("newer", [1, 2, 4])
def test_a_change_is_found_with_the_batches_that_came_after_it(newer: int) -> None:
    rng = np.random.default_rng(newer)
    batches = [batch(rng, BEFORE) for _ in range(10)] + [batch(rng, AFTER) for _ in range(newer)]
    drift = drift_in(evidence_of(batches), 0.01)
    assert drift is not None
    assert drift.batches == newer
    assert drift.p_value < 1e-5


def test_a_change_is_found_where_what_came_before_is_condensed() -> None:
    rng = np.random.default_rng(5)
    evidence = replace(evidence_of([batch(rng, BEFORE) for _ in range(10)]), window=1)
    evidence = evidence.carry(BEFORE).add(batch(rng, AFTER))
    drift = drift_in(evidence, 0.01)
    assert drift is not None
    assert drift.batches == 1


@pytest.mark.parametrize("decisions", [8, 60])
def test_without_a_change_alarms_are_as_rare_as_was_asked(decisions: int) -> None:
    """The test after batch k gets the share 1 / (k (k + 1)): asked for 20 % in this one alone."""
    runs, k, level = 120, 9, 0.2
    alarms = 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        evidence = evidence_of([batch(rng, BEFORE, decisions) for _ in range(k)])
        alarms += drift_in(evidence, level * k * (k + 1)) is not None
    assert 0.02 < alarms / runs < level + 3 * np.sqrt(level * (1 - level) / runs)


def test_one_unlikely_action_is_no_change() -> None:
    """Chosen once in 30 where 0.03 is expected: the score is 5.6 deviations off, P is 3 %."""

    def choices(taken: int, of: int) -> ConditionalLogit:
        chosen = np.array([[1.0]] * taken + [[0.0]] * (of - taken))
        return ConditionalLogit(chosen, np.tile([[0.0], [1.0]], (of, 1, 1)), np.zeros(2))

    evidence = Evidence.start(1, 1e-6).add(choices(20, 20000)).add(choices(1, 30))
    assert drift_in(evidence, 0.01) is None
    evidence = Evidence.start(1, 1e-6).add(choices(20, 20000)).add(choices(5, 30))
    assert drift_in(evidence, 0.01) is not None


def test_a_prior_that_was_wrong_is_no_person_who_changed() -> None:
    rng = np.random.default_rng(8)
    evidence = evidence_of([batch(rng, BEFORE) for _ in range(8)], precision=30.0)
    assert drift_in(evidence.forget(BEFORE, 4, 0.0), 0.01) is None


def test_nothing_to_compare_with_is_no_change() -> None:
    rng = np.random.default_rng(3)
    assert drift_in(evidence_of([batch(rng, BEFORE)]), 0.5) is None
    few = [batch(rng, BEFORE), batch(rng, AFTER, 29)]
    assert drift_in(evidence_of(few), 0.5) is None


def test_after_a_drift_the_loop_replays_nobody_of_before() -> None:
    rng = np.random.default_rng(1)
    config = LoopConfig(drift_alarm=0.01)
    state: LoopState[str] = LoopState.start(torch.zeros(2), 3, config, seed=0)
    batches = [batch(rng, BEFORE) for _ in range(8)] + [batch(rng, AFTER) for _ in range(2)]
    state.evidence = evidence_of(batches)
    state.collected = [(f"batch {i}", state.phi) for i in range(4, 10)]
    state.theta = solve_inner(state, config).theta
    assert forget_after_drift(state, config) == {EXPERT: 2}
    assert state.recent == ["batch 8", "batch 9"]
    assert (state.evidence.trajectories, state.evidence.seen) == (2, 10)
    assert forget_after_drift(state, LoopConfig(drift_alarm=0.0)) == {}


def test_where_every_window_is_certain_the_change_is_where_it_explains_most() -> None:
    """A change so large that every p-value is zero must not cost the newer batches."""
    rng = np.random.default_rng(2)
    batches = [batch(rng, BEFORE, 4000) for _ in range(8)]
    batches += [batch(rng, AFTER, 4000) for _ in range(4)]
    drift = drift_in(evidence_of(batches), 0.01)
    assert drift is not None
    assert (drift.batches, drift.p_value) == (4, 0.0)
