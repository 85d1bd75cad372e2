"""What the learned policies are worth, beside others made by the same learner.

The oracle is given theta*; without anticipation, it takes what people do as it comes; for the
average person, it is given the mean of the population in place of each; untrained, it seeks its
goal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.crowd.actors import PolicyDriver, SoftExpert
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.oracle import oracle_policy, oracle_settings
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import average_weights
from bisirl_ros.learner.device import resolve_device

EPISODES = 256
"""Played per policy."""
CANDIDATES = 144
LUCK = 1
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
    """The policies `late` against the oracle's and others; None where `go_on` said stop.

    theta: (P, n) true weights; settings, updates, seed, device: of the learner (`oracle_settings`)
    """
    stay_on_one_core()
    checked, unchecked = (oracle_settings(settings, t) for t in (Through.MEAN, Through.NOTHING))
    policy, on = InteractionPolicy(scenario.robot), resolve_device(device)
    foreseeing = CrowdSolver(scenario, policy, device=on)
    blunt = CrowdSolver(scenario, policy, device=on, through=Through.NOTHING)
    mean = average_weights(scenario)
    start = policy.initial(torch.Generator().manual_seed(seed))
    made: dict[str, Callable[[], Tensor | None]] = {
        ORACLE: lambda: oracle_policy(foreseeing, theta, checked, updates, seed, go_on),
        "no anticipation": lambda: oracle_policy(blunt, theta, unchecked, updates, seed, go_on),
        "average person": lambda: oracle_policy(foreseeing, mean, checked, updates, seed, go_on),
        "untrained": lambda: start,
    }
    returns = {}
    for name, make in made.items():
        phi = make()
        if phi is None or not go_on():
            return None
        returns[name] = mean_return(scenario, phi, theta)
    learned = [mean_return(scenario, phi, theta) for phi in late if go_on()]
    if len(learned) < len(late):
        return None
    return Comparison(float(np.mean(learned)), returns.pop(ORACLE), returns)
