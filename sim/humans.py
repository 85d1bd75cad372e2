"""Who decides where people walk, and the simplest such people."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np
import torch

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors import GoalWalkers
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation


class PersonController(Protocol):
    """Everybody's decisions, one each per decision period."""

    def reset(self, seed: int) -> None:
        """Start an episode; everything random in it follows from `seed`."""

    def decide(self, situation: Situation) -> Array:
        """Target velocities in the fixed frame, (P, 2) [m/s].

        situation: one (B = 1), as people know it: each of them has one goal.
        """


class StraightWalker:
    """`GoalWalkers` in a world: everybody walks straight to their goal, whatever others do.

    noise: standard deviation of each component of a target velocity [m/s].
    """

    def __init__(self, scenario: Scenario, noise: float = 0.05) -> None:
        self._walkers = GoalWalkers(scenario, noise)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """See `PersonController.reset`."""
        self._rng = np.random.default_rng(seed)

    def decide(self, situation: Situation) -> Array:
        """See `PersonController.decide`."""
        luck = torch.from_numpy(self._rng.random((1, situation.count)))
        return np.asarray(self._walkers.act(situation, luck)[0])


def draw_goals(situation: Situation, rng: np.random.Generator) -> Array:
    """Where people really go in one situation, drawn as likely as believed: (P, 2) [m]."""
    goals, belief = situation.aims.goals[0], situation.aims.log_belief[0].exp()
    luck = torch.from_numpy(rng.uniform(size=(len(goals), 1)))
    total = belief.cumsum(-1)
    index = (luck * total[:, -1:] >= total).sum(-1)
    return np.asarray(goals[torch.arange(len(goals)), index])


def told_goals(situation: Situation, goals: Array) -> Situation:
    """One situation as people know it: where each goes is certain; goals: (P, 2) [m]."""
    certain = torch.as_tensor(goals).to(situation.people)[None, :, None]
    aims = Aims(situation.aims.route, certain, torch.zeros_like(certain[..., 0]))
    return replace(situation, aims=aims)
