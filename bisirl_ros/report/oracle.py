"""How far the learned policies are from the oracle's: the same learner, given theta*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.learner.device import resolve_device

EPISODES = 256
"""Played per policy."""
CANDIDATES = 144
LUCK = 1


@dataclass(frozen=True)
class Comparison:
    """Mean returns J_l over the same starts and the same luck."""

    late_return: float
    oracle_return: float


def mean_return(scenario: Scenario, phi: Tensor, theta: Array, episodes: int = EPISODES) -> float:
    """J_l of pi_phi (m,), driven past people with true weights theta (P, n) who know it."""
    policy, single = InteractionPolicy(scenario.robot), torch.float32
    people = SoftExpert(scenario, policy, theta, CANDIDATES, single)
    people.phi = phi
    rng = np.random.default_rng(LUCK)
    start = scenario.sample(episodes, rng).to("cpu", single)
    played = play(scenario, PolicyDriver(policy, phi), people, theta, start, rng)
    return float(played.returns.mean())


def compare(
    scenario: Scenario,
    theta: Array,
    late: Sequence[Tensor],
    updates: int,
    settings: LoopConfig,
    seed: int,
    device: str,
    go_on: Callable[[], bool] = lambda: True,
) -> Comparison | None:
    """The policies `late` against the oracle's; None where `go_on` said stop.

    theta: (P, n) true weights; settings, updates, seed, device: of the learner
    """
    torch.set_num_threads(1)
    solver = CrowdSolver(scenario, InteractionPolicy(scenario.robot), device=resolve_device(device))
    oracle = oracle_policy(solver, theta, settings, updates, seed, go_on)
    if oracle is None:
        return None
    returns = []
    for phi in (oracle, *late):
        if not go_on():
            return None
        returns.append(mean_return(scenario, phi, theta))
    return Comparison(float(np.mean(returns[1:])), returns[0])
