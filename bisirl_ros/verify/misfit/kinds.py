"""People who differ from the model in one thing each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.crowd.actors import Actor, SoftExpert, tell
from bisirl_ros.crowd.actors.noisy import Noisy
from bisirl_ros.crowd.actors.registry import make_people
from bisirl_ros.crowd.person import FeatureSpec
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

SOMEBODY_M = (0.5, 0.5)
"""Where somebody stands whom the robot does not see, beside the way of `crossing`."""
AVOIDED = -4.0
"""The weight on being near them."""
RIGHT, WILD = "the model", "one decision in twenty at random"
USED_TO_IT = "gets used to the robot"

Make = Callable[[Scenario, InteractionPolicy, Array, int], Actor]
"""(scenario, policy, theta (1, n), seed) -> somebody."""


class GoalElsewhere:
    """Somebody whose goal is not where it is thought to be; by: (2,) [m]."""

    def __init__(self, actor: Actor, by: tuple[float, float]) -> None:
        self._actor, self._by = actor, by

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`."""
        tell(self._actor, phi, episode)

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        goals = situation.aims.goals + situation.aims.goals.new_tensor(self._by)
        aims = replace(situation.aims, goals=goals)
        return self._actor.act(replace(situation, aims=aims), luck)


class BesideSomebody:
    """One person who keeps away from somebody standing at SOMEBODY_M, whom nobody else sees."""

    def __init__(self, scenario: Scenario, policy: InteractionPolicy, theta: Array) -> None:
        near = FeatureSpec("person_proximity", 1.0)
        person = replace(scenario.person, features=(*scenario.person.features, near))
        weights = np.concatenate([theta, np.full((1, 1), AVOIDED)], -1)
        both = np.concatenate([weights, np.zeros_like(weights)])
        self._pair = SoftExpert(replace(scenario, person=person, people=2), policy, both)

    def told(self, phi: Tensor, episode: int) -> None:
        """See `Told.told`."""
        self._pair.told(phi, episode)

    def act(self, situation: Situation, luck: Tensor) -> Tensor:
        """See `Actor.act`."""
        stands = situation.people.new_tensor((*SOMEBODY_M, 0.0, 0.0)).expand(len(situation), 1, 4)
        aims = situation.aims
        there = stands[..., None, :2].expand(-1, -1, aims.goals.shape[2], -1)
        pair = replace(
            situation,
            people=torch.cat([situation.people, stands], 1),
            present=torch.ones((len(situation), 2), dtype=torch.bool),
            aims=replace(
                aims,
                goals=torch.cat([aims.goals, there], 1),
                log_belief=aims.log_belief.expand(-1, 2, -1),
            ),
        )
        return self._pair.act(pair, luck.expand(-1, 2))[:, :1]


def _other_person(**changes: Any) -> Make:
    """Whose person differs from the scenario's, as the learner has it."""
    return lambda s, policy, theta, seed: SoftExpert(
        replace(s, person=replace(s.person, **changes)), policy, theta
    )


def _of(kind: str) -> Make:
    return lambda s, policy, theta, seed: make_people(kind, s, policy, theta, seed)


OUTSIDE: dict[str, Make] = {
    "avoids somebody unseen": lambda s, policy, theta, seed: BesideSomebody(s, policy, theta),
    "social force": _of("social_force"),
    "ORCA": _of("orca"),
}
"""No structure of the family explains them."""
INSIDE: dict[str, Make] = {
    "one decision in ten at random": _of("noisy"),
    WILD: lambda s, policy, theta, seed: Noisy(SoftExpert(s, policy, theta), s, 0.05),
    "looks ahead 4, not 8": _other_person(horizon=4),
    "looks ahead 12, not 8": _other_person(horizon=12),
    "discount .8": _other_person(discount=0.8),
    "discount 1": _other_person(discount=1.0),
    "goal 1 m to the left": lambda s, policy, theta, seed: GoalElsewhere(
        SoftExpert(s, policy, theta), (-1.0, 0.0)
    ),
    "goal 1 m beyond": lambda s, policy, theta, seed: GoalElsewhere(
        SoftExpert(s, policy, theta), (0.0, 1.0)
    ),
    "foresees the robot at constant velocity": _of("constant_velocity_view"),
    USED_TO_IT: _of("learning"),
}
RIGHTLY: dict[str, tuple[str, ...]] = {
    RIGHT: (GIVEN,),
    "one decision in ten at random": ("does anything 10% of the time",),
    WILD: ("does anything 3% of the time", "does anything 10% of the time"),
    "looks ahead 4, not 8": ("looks ahead 4 decisions, not 8",),
    "looks ahead 12, not 8": ("looks ahead 12 decisions, not 8",),
    "discount .8": ("discounts by 0.8, not 0.95",),
    "discount 1": ("discounts by 1, not 0.95",),
    "goal 1 m to the left": ("goes 1 m -x of the goal",),
    "goal 1 m beyond": ("goes 1 m +y of the goal",),
    "foresees the robot at constant velocity": ("foresees the robot going straight on",),
    USED_TO_IT: ("foresees the robot as they met it so far",),
}
"""The structures that explain each kind that has any."""
KINDS: dict[str, Make] = {RIGHT: _of("soft_expert"), **OUTSIDE, **INSIDE}
