"""What the learned policies are worth, beside others made by the same learner.

The oracle is given theta*; without anticipation, it takes what people do as it comes; for the
average person, it is given the mean of the population in place of each; untrained, it seeks its
goal.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from multiprocessing.context import BaseContext
from multiprocessing.synchronize import Event
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy, oracle_settings
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import average_weights
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.parent import begin_work, cores

EPISODES = 128
"""Played per policy, and imagined at most for a check of one: somebody waits for the table."""
CANDIDATES = 144
LUCK = 1
POLL_S = 0.1
ORACLE = "oracle"


@dataclass(frozen=True)
class Comparison:
    """Mean returns J_l over the same starts and the same luck; others: by what was left out."""

    late_return: float
    oracle_return: float
    others: dict[str, float]


def mean_return(scenario: Scenario, phi: Tensor, theta: Array, episodes: int = EPISODES) -> float:
    """J_l of pi_phi (m,), driven past people with true weights theta (P, n) who know it."""
    policy, single = InteractionPolicy(scenario.robot), torch.float32
    people = SoftExpert(scenario, policy, theta, CANDIDATES, single)
    people.phi = phi
    rng = np.random.default_rng(LUCK)
    start = scenario.sample(episodes, rng).to("cpu", single)
    played = play(scenario, PolicyDriver(policy, phi), people, theta, start, rng)
    return float(played.returns.mean())


GoOn = Callable[[], bool]
"""Whether to go on."""
Plan = tuple[Array, Through]
"""What a planner is told, weights (P, n), and how its gradient passes what people choose."""


@dataclass(frozen=True)
class Planner:
    """The learner as a planner that is told weights; settings, updates, seed, device: its own."""

    scenario: Scenario
    updates: int
    settings: LoopConfig
    seed: int
    device: str

    @property
    def untrained(self) -> Tensor:
        """The learner's first policy, phi (m,)."""
        (phi,) = InteractionPolicy(self.scenario.robot).starts(self.seed, 1)
        return phi

    def plan(self, plan: Plan, go_on: GoOn) -> Tensor | None:
        """Its last policy, phi (m,); None where `go_on` said stop."""
        (told, through), on = plan, resolve_device(self.device)
        policy = InteractionPolicy(self.scenario.robot)
        solver = CrowdSolver(self.scenario, policy, device=on, through=through)
        settings = oracle_settings(self.settings, through)
        settings = replace(settings, checked_episodes=min(settings.checked_episodes, EPISODES))
        return oracle_policy(solver, told, settings, self.updates, self.seed, go_on)


def compare(
    planner: Planner, theta: Array, late: Sequence[Tensor], go_on: GoOn = lambda: True
) -> Comparison | None:
    """The policies `late` against the oracle's and others; None where `go_on` said stop.

    theta: (P, n) true weights. Side by side in processes, as many as there are cores; raises
    BrokenProcessPool where one is killed
    """
    scenario = planner.scenario
    plans = {
        ORACLE: (theta, Through.MEAN),
        "average person": (average_weights(scenario), Through.MEAN),
        "no anticipation": (theta, Through.NOTHING),
    }  # what takes longest first
    spawn: BaseContext = multiprocessing.get_context("spawn")
    stop, count = spawn.Event(), min(cores(), len(plans) + 1)
    with ProcessPoolExecutor(count, spawn, _begin, (stop,)) as pool:
        planned = {
            name: pool.submit(_planned, planner, plan, theta) for name, plan in plans.items()
        }
        drivers = (planner.untrained, *late)
        driven = [pool.submit(mean_return, scenario, phi, theta) for phi in drivers]
        waiting: set[Future[Any]] = {*planned.values(), *driven}
        while waiting and go_on():
            waiting = wait(waiting, POLL_S).not_done
        if waiting:
            stop.set()
            pool.shutdown(cancel_futures=True)
            return None
    returns = {name: future.result() for name, future in planned.items()}
    untrained, *learned = (future.result() for future in driven)
    oracle = returns.pop(ORACLE)
    return Comparison(float(np.mean(learned)), oracle, returns | {"untrained": untrained})


_stop: Event


def _begin(stop: Event) -> None:
    global _stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a whole terminal; `stop` tells them
    begin_work()
    _stop = stop


def _planned(planner: Planner, plan: Plan, theta: Array) -> float:
    """What a plan earns among people of true weights theta (P, n); NaN where it was stopped."""
    phi = planner.plan(plan, lambda: not _stop.is_set())
    return float("nan") if phi is None else mean_return(planner.scenario, phi, theta)
