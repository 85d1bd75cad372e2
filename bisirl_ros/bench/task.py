"""What a method is given, and what it gives back: the interface of everything that is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bisirl_ros.bench.cell import Size, usual_people
from bisirl_ros.bench.plan import Plan
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.actor import Actor
from bisirl_ros.crowd.actors.drifting import Drifting
from bisirl_ros.crowd.actors.registry import make_people
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.true_weights import true_weights

REWARDED = ("soft_expert", "noisy", "drifting", "constant_velocity_view", "learning")
"""Kinds of people who want something that can be learned."""


@dataclass(frozen=True)
class Task:
    """One cell, as a method sees it.

    people: their kind; size: of a planner's work; episodes: that a learner may live through
    """

    scenario: Scenario
    people: str
    seed: int
    size: Size
    episodes: int

    @property
    def theta(self) -> Array:
        """True weights when learning begins: (P, n); of `oracle` and the like to look at."""
        return true_weights(self.scenario, seed=self.seed)

    @property
    def theta_at_end(self) -> Array:
        """True weights after `episodes`, by which all are judged; the same but for `drifting`."""
        people = self.crowd(self.theta)
        return people.theta(self.episodes) if isinstance(people, Drifting) else self.theta

    def crowd(self, theta: Array) -> Actor:
        """People of this kind with weights (P, n)."""
        policy = InteractionPolicy(self.scenario.robot)
        return make_people(self.people, self.scenario, policy, theta, self.seed)

    def judges(self) -> Actor:
        """The people of the episodes by which all methods are judged: as they are at the end."""
        if self.people in ("soft_expert", "drifting"):
            return usual_people(self.scenario, self.theta_at_end)
        return self.crowd(self.theta)


@dataclass(frozen=True)
class Prepared:
    """plan: who drives from now on; figures: of how that came about, plain and by name"""

    plan: Plan
    figures: Mapping[str, Any] = field(default_factory=dict)


Method = Callable[[Task], Prepared]
"""Plans, or learns from interactions with the people of the task; it may look at what its name
says that it knows."""
