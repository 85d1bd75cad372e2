"""The steps of the ladder (FORMULATION section 6): what a robot plans that knows the truth or not.

Each takes a scenario, people's true weights, a seed and the size of the work, and gives a robot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.actors.actor import Actor
from bisirl_ros.crowd.actors.policy_driver import PolicyDriver
from bisirl_ros.crowd.adjoint import Through
from bisirl_ros.crowd.oracle import oracle_policy, oracle_settings
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.true_weights import true_weights

if TYPE_CHECKING:
    from bisirl_ros.bench.cell import Size


@dataclass(frozen=True)
class Plan:
    """robot: who drives; phi: (m,) the policy that people foresee, the robot's own if it has one"""

    robot: Actor
    phi: Tensor


Planner = Callable[[Scenario, Array, int, "Size"], Plan]
"""(scenario, true weights (P, n), seed, size) -> plan."""


def untrained(scenario: Scenario, seed: int) -> Tensor:
    """phi of the goal seeker that every learner starts from: (m,)."""
    policy = InteractionPolicy(scenario.robot)
    return policy.initial(torch.Generator().manual_seed(seed))


def go_to_goal(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """Seeks its goal and looks at nobody."""
    return _driven(scenario, untrained(scenario, seed))


def passive(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """Foresees people as if they were alone: they never answer the robot."""
    return _learned(scenario, theta, seed, size, answered=False)


def wrong_person(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """Made for other people of the same population: those of the next seed."""
    others = true_weights(scenario, seed=seed + 1)
    return _learned(scenario, others, seed, size)


def no_anticipation(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """Foresees what people will do, but takes it as it comes: the gradient leaves it out."""
    return _learned(scenario, theta, seed, size, through=Through.NOTHING)


def full(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """Knows the truth and anticipates; the same start and work as the steps below."""
    return _learned(scenario, theta, seed, size)


def oracle(scenario: Scenario, theta: Array, seed: int, size: Size) -> Plan:
    """The same, longer, and the best of several starts."""
    return _learned(scenario, theta, seed, size, size.longer, size.starts)


LADDER: dict[str, Planner] = {
    f.__name__: f for f in (go_to_goal, passive, wrong_person, no_anticipation, full, oracle)
}
"""From the bottom to the top."""


def _learned(
    scenario: Scenario,
    theta: Array,
    seed: int,
    size: Size,
    longer: int = 1,
    starts: int = 1,
    through: Through = Through.MEAN,
    answered: bool = True,
) -> Plan:
    policy = InteractionPolicy(scenario.robot)
    solver = CrowdSolver(scenario, policy, through=through, answered=answered)
    settings = replace(oracle_settings(LoopConfig(), through), policy_starts=starts)
    phi = oracle_policy(solver, theta, settings, size.updates * longer, seed)
    assert phi is not None
    return _driven(scenario, phi)


def _driven(scenario: Scenario, phi: Tensor) -> Plan:
    return Plan(PolicyDriver(InteractionPolicy(scenario.robot), phi), phi)
