"""From streams of poses to interactions: what the human went for at each of their decisions."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.motion import implied_target
from bisirl_ros.crowd.scenario import Scenario

MAX_GAP_S = 0.35


class InteractionRecorder:
    """Collects stamped states of one episode and cuts them at the human's decisions.

    A decision at t is what the human's velocity did in the second half of [t, t + period]: there
    the intended velocity shows whatever the delay before it took effect. A decision with a gap in
    its data of more than MAX_GAP_S, or made within the goal's tolerance, is left out; so is one for
    a velocity beyond `human.max_speed`, of which a density on that disc says nothing (counted in
    `beyond`).

    scenario: decision period, lag, goal tolerance; with_future: keep the robot's next H poses (for
    a robot that was recorded, not controlled)
    """

    def __init__(self, scenario: Scenario, *, with_future: bool = False) -> None:
        self._scenario, self._with_future = scenario, with_future
        self.beyond = 0
        self._human: list[tuple[float, Array]] = []
        self._robot: list[tuple[float, Array]] = []
        self._start_s: float | None = None

    def begin(
        self, time_s: float, goal: tuple[float, float], policy_version: int, episode: int = -1
    ) -> None:
        """Open an episode whose first decision is at time_s [s]; drops an open one."""
        self._human.clear()
        self._robot.clear()
        self._start_s, self._goal = time_s, np.asarray(goal, float)
        self._version, self._episode = policy_version, episode

    def human(self, time_s: float, state: Array) -> None:
        """The human's state (4,) at time_s; ignored outside an episode or if not newer."""
        if self._start_s is not None:
            _append(self._human, time_s, state)

    def robot(self, time_s: float, state: Array) -> None:
        """The robot's state (5,) at time_s; ignored outside an episode or if not newer."""
        if self._start_s is not None:
            _append(self._robot, time_s, state)

    def finish(self) -> Interactions | None:
        """Close the episode; None where it holds no whole decision."""
        start, self._start_s = self._start_s, None
        if start is None or len(self._human) < 2 or len(self._robot) < 2:
            return None
        return self._cut(start)

    def _cut(self, start: float) -> Interactions | None:
        period = self._scenario.decision_period_s
        human_t, human = _stacked(self._human)
        robot_t, robot = _stacked(self._robot)
        robot[:, 2] = np.unwrap(robot[:, 2])
        ahead = self._scenario.horizon * period if self._with_future else period
        last = min(human_t[-1] - period, robot_t[-1] - (ahead if self._with_future else 0.0))
        first = max(0, math.ceil((max(human_t[0], robot_t[0]) - start) / period - 1e-6))
        step = np.arange(first, math.floor((last - start) / period + 1e-6) + 1)
        times = start + period * step
        future_s = ahead if self._with_future else 0.0
        step = step[_covered(human_t, times, period) & _covered(robot_t, times, future_s)]
        times = start + period * step
        now = _at(human_t, human, times)
        walking = np.linalg.norm(now[:, :2] - self._goal, axis=-1) > (
            self._scenario.human.goal_tolerance_m
        )
        step, times, now = step[walking], times[walking], now[walking]
        if len(times) == 0:
            return None
        half = _at(human_t, human, times + 0.5 * period)[:, 2:]
        end = _at(human_t, human, times + period)[:, 2:]
        lag_s = self._scenario.human.lag_s
        target = implied_target(torch.tensor(half), torch.tensor(end), lag_s, 0.5 * period)
        inside = np.linalg.norm(target.numpy(), axis=-1) <= self._scenario.human.max_speed + 1e-3
        self.beyond += int((~inside).sum())
        target = target[torch.from_numpy(inside)]
        step, times, now = step[inside], times[inside], now[inside]
        if len(times) == 0:
            return None
        steps = period * np.arange(self._scenario.horizon + 1)
        future = _at(robot_t, robot, times[:, None] + steps) if self._with_future else None
        return Interactions(
            human=now,
            robot=_at(robot_t, robot, times),
            target=target.numpy(),
            goal=self._goal,
            policy_version=self._version,
            robot_future=future,
            episode=self._episode,
            step=(step - first).astype(float),
        )


def _append(samples: list[tuple[float, Array]], time_s: float, state: Array) -> None:
    if not samples or time_s > samples[-1][0]:
        samples.append((time_s, np.asarray(state, float)))


def _stacked(samples: list[tuple[float, Array]]) -> tuple[Array, Array]:
    times, states = zip(*samples, strict=True)
    return np.array(times), np.array(states)


def _at(sample_t: Array, samples: Array, times: Array) -> Array:
    """Samples (N, d) interpolated at times (...,): (..., d)."""
    columns = [np.interp(times, sample_t, samples[:, i]) for i in range(samples.shape[1])]
    return np.stack(columns, -1)


def _covered(sample_t: Array, times: Array, length: float) -> NDArray[np.bool_]:
    """Whether no gap of more than MAX_GAP_S falls on [time, time + length]: (T,) bool."""
    gaps = np.flatnonzero(np.diff(sample_t) > MAX_GAP_S)
    covered = np.ones(len(times), bool)
    for gap in gaps:
        covered &= (times + length <= sample_t[gap]) | (times >= sample_t[gap + 1])
    return covered
