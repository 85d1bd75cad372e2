"""From streams of states to decisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.motion import human_step
from bisirl_ros.crowd.recorder import InteractionRecorder
from bisirl_ros.crowd.scenario import Scenario

TICK_S = 0.05


def play(
    recorder: InteractionRecorder,
    scenario: Scenario,
    targets: np.ndarray,
    *,
    latency_s: float = 0.0,
    missing: tuple[float, float] = (9e9, 9e9),
    tail_s: float = 0.0,
) -> np.ndarray:
    """Stream a human who holds each target for a decision period; their states at decisions."""
    period, start = scenario.decision_period_s, 100.0
    recorder.begin(start, (0.0, 50.0), policy_version=3, episode=7)
    human = torch.tensor([0.0, -3.0, 0.0, 0.9], dtype=torch.float64)
    at_decisions, active = [], torch.zeros(2, dtype=torch.float64)
    ticks = round((len(targets) * period + tail_s) / TICK_S)
    fine = 10
    for tick in range(ticks + 1):
        time_s = tick * TICK_S
        if tick % round(period / TICK_S) == 0 and len(at_decisions) < len(targets):
            at_decisions.append(human.numpy().copy())
        if not missing[0] < time_s < missing[1]:
            recorder.human(start + time_s, human.numpy())
            recorder.robot(start + time_s, np.array([time_s, 1.0, 0.1 * time_s, 1.0, 0.1]))
        for part in range(fine):
            now = time_s + part * TICK_S / fine
            index = int((now - latency_s) / period + 1e-9)
            if now >= latency_s - 1e-9 and 0 <= index < len(targets):
                active = torch.tensor(targets[index])
            human = human_step(human, active, scenario.human.lag_s, TICK_S / fine)
    return np.array(at_decisions)


@pytest.mark.parametrize("latency_s", [0.0, 0.03, 0.1])
def test_targets_and_states_come_back_whatever_the_latency(
    crossing: Scenario, latency_s: float
) -> None:
    targets = np.random.default_rng(0).uniform(-0.8, 0.8, (9, 2)) + np.array([0.0, 0.4])
    recorder = InteractionRecorder(crossing)
    states = play(recorder, crossing, targets, latency_s=latency_s)
    batch = recorder.finish()
    assert batch is not None
    assert batch.target == pytest.approx(targets, abs=1e-9)
    assert batch.human == pytest.approx(states, abs=1e-9)
    assert (batch.policy_version, batch.episode) == (3, 7)
    assert batch.robot[:, 0] == pytest.approx(crossing.decision_period_s * np.arange(9))
    assert recorder.finish() is None


def test_a_gap_costs_only_the_decisions_it_touches(crossing: Scenario) -> None:
    targets = np.tile([0.0, 1.0], (10, 1))
    recorder = InteractionRecorder(crossing)
    play(recorder, crossing, targets, missing=(1.3, 1.9))
    batch = recorder.finish()
    assert batch is not None
    assert len(batch) == 8  # [1.2, 1.6] and [1.6, 2.0] are touched
    assert batch.step is not None
    assert list(batch.step) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert batch.unbroken == 3


def test_decisions_at_the_goal_and_beyond_the_support_are_left_out(crossing: Scenario) -> None:
    targets = np.array([[0.0, 1.0], [0.0, 2.5], [0.0, 1.0]])
    recorder = InteractionRecorder(crossing)
    play(recorder, crossing, targets)
    batch = recorder.finish()
    assert batch is not None
    assert len(batch) == 2
    assert recorder.beyond == 1
    recorder.begin(0.0, (0.0, 0.0), 0)
    for i in range(20):
        recorder.human(0.05 * i, np.array([0.1, 0.1, 0.0, 0.2]))
        recorder.robot(0.05 * i, np.zeros(5))
    assert recorder.finish() is None


def test_a_recorded_robots_future_is_kept(crossing: Scenario) -> None:
    targets = np.tile([0.0, 1.0], (12, 1))
    recorder = InteractionRecorder(crossing, with_future=True)
    play(recorder, crossing, targets)
    batch = recorder.finish()
    assert batch is not None and batch.robot_future is not None
    assert len(batch) == 12 - crossing.horizon + 1
    steps = crossing.decision_period_s * np.arange(crossing.horizon + 1)
    assert batch.robot_future[2, :, 0] == pytest.approx(2 * crossing.decision_period_s + steps)


def test_late_and_repeated_stamps_are_ignored(crossing: Scenario) -> None:
    recorder = InteractionRecorder(crossing)
    assert recorder.finish() is None
    recorder.begin(0.0, (0.0, 9.0), 0)
    for time_s in (0.0, 0.2, 0.2, 0.1, 0.4):
        recorder.human(time_s, np.array([time_s, 0.0, 1.0, 0.0]))
        recorder.robot(time_s, np.zeros(5))
    batch = recorder.finish()
    assert batch is not None
    assert len(batch) == 1
