"""The peer at work: MCE-IRL trained to the target, each iteration timed."""

from __future__ import annotations

import math
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from imitation.algorithms.mce_irl import MCEIRL
from imitation.rewards.reward_nets import BasicRewardNet
from imitation.util import logger

from bisirl_ros.theory.peer.problems import SEED, Array, Problem

TARGET = 1e-6  # max abs error of the expected visits per state
DEFAULT_RATE = 0.01  # of Adam, in the package and in its tutorial
LEARNING_RATES = (1.0, 0.7, 0.3, 0.1, DEFAULT_RATE)


@dataclass(frozen=True)
class Run:
    """One run of the peer, iteration by iteration.

    wall, cpu: (iterations,) since training began, [s]; error: (iterations,) of the reward that the
    iteration began with; kept: the iteration whose reward counts, of the least error, or the last
    under the package's own rule; reward: (S,) of that iteration; status: reached (the target),
    time_cap, own_rule (the package's thresholds) or iteration_cap
    """

    wall: Array
    cpu: Array
    error: Array
    kept: int
    reward: Array
    status: str


class Recorder:
    """Stands in for the peer's training step and notes time and error after each, off the clock.

    The package's loop knows no time limit: over the cap, its error threshold is opened instead.
    """

    def __init__(self, irl: Any, cap_s: float) -> None:
        self._irl, self._step, self._cap_s = irl, irl._train_step, cap_s
        self.trace: list[tuple[float, float, float]] = []
        self.least, self.last = (math.inf, np.zeros(0)), np.zeros(0)  # (error, reward), reward
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        irl._train_step = self

    def __call__(self, observations: torch.Tensor) -> tuple[Array, Array]:
        reward, visits = self._step(observations)
        wall, cpu = time.perf_counter(), time.process_time()
        self._note(wall - self._wall, cpu - self._cpu, reward, visits)
        self._cpu += time.process_time() - cpu
        self._wall += time.perf_counter() - wall
        return reward, visits

    def _note(self, wall: float, cpu: float, reward: Array, visits: Array) -> None:
        error = float(np.max(np.abs(self._irl.demo_state_om - visits)))
        self.trace.append((wall, cpu, error))
        self.last = reward.astype(np.float64)
        if error < self.least[0]:
            self.least = error, self.last
        if cpu > self._cap_s:
            self._irl.linf_eps = math.inf


def train(
    problem: Problem,
    learning_rate: float,
    *,
    cap_s: float = math.inf,
    iterations: int = 10**9,
    own_rule: bool = False,
) -> Run:
    """Run the peer from a seeded start until the target, its own thresholds or a cap.

    own_rule: the package's defaults throughout, in float32 too, and the reward it stops with
    """
    torch.manual_seed(SEED)
    env, rng = problem.env, np.random.default_rng(SEED)
    net = BasicRewardNet(env.observation_space, env.action_space, use_action=False, hid_sizes=[])
    irl = MCEIRL(
        problem.visits,
        env,
        net if own_rule else net.double(),
        rng,
        optimizer_kwargs={"lr": learning_rate},
        log_interval=None,
        custom_logger=logger.configure(tempfile.gettempdir(), []),
        **({} if own_rule else {"linf_eps": TARGET, "grad_l2_eps": 0.0}),
    )
    recorder = Recorder(irl, cap_s)
    irl.train(iterations)
    wall, cpu, error = np.array(recorder.trace).T
    if error[-1] <= TARGET:
        status = "reached"
    elif cpu[-1] > cap_s:
        status = "time_cap"
    else:
        status = "iteration_cap" if len(wall) == iterations else "own_rule"
    if own_rule:
        return Run(wall, cpu, error, len(wall) - 1, recorder.last, status)
    return Run(wall, cpu, error, int(np.argmin(error)), recorder.least[1], status)


def tuned(problem: Problem, cap_s: float) -> tuple[float, Run]:
    """The best learning rate and its run; each has the cap, or the time of the best before it."""
    runs: dict[float, Run] = {}
    for learning_rate in LEARNING_RATES:
        run = runs[learning_rate] = train(problem, learning_rate, cap_s=cap_s)
        if run.status == "reached":
            cap_s = min(cap_s, float(run.cpu[-1]))
    best = min(runs, key=lambda rate: _rank(runs[rate]))
    return best, runs[best]


def _rank(run: Run) -> tuple[bool, float]:
    """Less is better: those that arrived by time, then the others by least error."""
    reached = run.status == "reached"
    return not reached, float(run.cpu[-1] if reached else run.error[run.kept])
