"""All actors by the names that the field uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.actor import Actor
from bisirl_ros.crowd.actors.constant_velocity import ConstantVelocity
from bisirl_ros.crowd.actors.constant_velocity_view import ConstantVelocityView
from bisirl_ros.crowd.actors.drifting import Drifting
from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.actors.goal_walkers import GoalWalkers
from bisirl_ros.crowd.actors.learning import Learning
from bisirl_ros.crowd.actors.mpc import Mpc
from bisirl_ros.crowd.actors.noisy import Noisy
from bisirl_ros.crowd.actors.orca import Orca
from bisirl_ros.crowd.actors.orca_robot import OrcaRobot
from bisirl_ros.crowd.actors.reactions import REACTIONS
from bisirl_ros.crowd.actors.social_force import SocialForce
from bisirl_ros.crowd.actors.social_force_robot import SocialForceRobot
from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.actors.stop_when_near import StopWhenNear
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

DRIFT = 0.5
"""How far, as a share of it, the `drifting` people's weights end from where they began, at most."""

MakePeople = Callable[[Scenario, InteractionPolicy, Array, int], Actor]
"""(scenario, policy, theta (P, n), seed) -> people; most need but some of it."""
MakeRobot = Callable[[Scenario, int], Actor]
"""(scenario, seed) -> robot."""


def _drifting(s: Scenario, policy: InteractionPolicy, theta: Array, seed: int) -> Actor:
    luck = np.random.default_rng([seed, 2]).uniform(-DRIFT, DRIFT, np.shape(theta))
    return Drifting(lambda now: SoftExpert(s, policy, now), theta, theta * (1.0 + luck))


def _reacting(name: str) -> MakePeople:
    return lambda s, policy, theta, seed: REACTIONS[name](s)


PEOPLE: dict[str, MakePeople] = {
    "soft_expert": lambda s, policy, theta, seed: SoftExpert(s, policy, theta),
    "social_force": lambda s, policy, theta, seed: SocialForce(s),
    "orca": lambda s, policy, theta, seed: Orca(s),
    "orca_blind": lambda s, policy, theta, seed: Orca(s, sees_robot=False),
    **{name: _reacting(name) for name in REACTIONS},
    "noisy": lambda s, policy, theta, seed: Noisy(SoftExpert(s, policy, theta), s),
    "drifting": _drifting,
    "constant_velocity_view": lambda s, policy, theta, seed: ConstantVelocityView(s, policy, theta),
    "learning": lambda s, policy, theta, seed: Learning(s, policy, theta),
    "constant_velocity": lambda s, policy, theta, seed: ConstantVelocity(),
    "goal_walkers": lambda s, policy, theta, seed: GoalWalkers(s),
}
"""Kinds of people."""

ROBOTS: dict[str, MakeRobot] = {
    "go_to_goal": lambda s, seed: GoToGoal(s),
    "stop_when_near": lambda s, seed: StopWhenNear(s),
    "social_force_robot": lambda s, seed: SocialForceRobot(s),
    "orca_robot": lambda s, seed: OrcaRobot(s),
    "mpc": lambda s, seed: Mpc(s, seed=seed),
}
"""Robots that learn nothing."""


def make_people(
    name: str, scenario: Scenario, policy: InteractionPolicy, theta: Array, seed: int = 0
) -> Actor:
    """People of the kind `name`; `tell` them before each episode what they may know.

    theta: (P, n) true weights of those who have any; seed: of the `drifting` people's later weights
    Raises InputError for an unknown name, or where what it needs is not installed.
    """
    _check("people", name, PEOPLE)
    return PEOPLE[name](scenario, policy, theta, seed)


def make_robot(name: str, scenario: Scenario, seed: int = 0) -> Actor:
    """The robot `name`; seed: of the noise that `mpc` tries plans with.

    Raises InputError for an unknown name, or where what it needs is not installed.
    """
    _check("robot", name, ROBOTS)
    return ROBOTS[name](scenario, seed)


def _check(what: str, name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise InputError(f"{what} '{name}' is unknown; choose one of {', '.join(known)}")
