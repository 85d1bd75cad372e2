"""The outer objective where nobody answers the robot: people's crossings are scenery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.hypergradient import OuterTerms
from bisirl_ros.core.posterior import Posterior
from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.believed import cast_of, weights_of
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.plane import bodies
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.crowd.task_terms import task_reward

LONGEST = 1.0
"""A longer gradient is shortened: those of crossings are far longer where a robot is cut off
(Pascanu et al. 2013)."""
Scenes = tuple[Situation, Tensor]
"""Starts of B crossings, and where people (T + 1, B, P, 4) are then."""
SCENES = 192
"""Crossings that people are imagined in, for each estimate of their reward."""


class ScenerySolver(CrowdSolver):
    """People are explained with the robot in sight, and imagined without: `passive` (section 7).

    What such people do is the same for every phi. So they are imagined once for an estimate; every
    update drives the robot anew past them, and the gradient is that of the unrolled crossings.
    Of r_l it plans for r_task alone.
    crossings: driven per outer update
    """

    def __init__(
        self, scenario: Scenario, policy: InteractionPolicy, crossings: int = 64, **settings: Any
    ) -> None:
        super().__init__(scenario, policy, answered=False, **settings)
        self._crossings = crossings
        self._imagined_by: Array = np.zeros(0)
        self._drawn = 0
        self._scenes: Scenes | None = None

    def outer_terms(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        rng: np.random.Generator,
        beta_i: float = 0.0,
    ) -> OuterTerms:
        """See `CrowdSolver.outer_terms`; theta moves nothing that the robot could change."""
        leaf = phi.detach().clone().requires_grad_()
        value = self._earned(leaf, theta, evidence, recent, self._crossings, rng).mean()
        (d_phi,) = torch.autograd.grad(value, leaf)
        d_phi = d_phi * (LONGEST / d_phi.norm().clamp(min=LONGEST))
        nothing = torch.zeros((1, len(phi)), dtype=phi.dtype)
        return OuterTerms(value.item(), d_phi, np.zeros_like(theta), lambda w: nothing)

    @torch.no_grad()
    def returns(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        episodes: int,
        rng: np.random.Generator,
    ) -> Array:
        """See `CrowdSolver.returns`."""
        return np.asarray(self._earned(phi, theta, evidence, recent, episodes, rng))

    def _earned(
        self,
        phi: Tensor,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
        count: int,
        rng: np.random.Generator,
    ) -> Tensor:
        """J_l of `count` crossings: (count,)."""
        scenes, paths = self._imagined_once(theta, evidence, recent)
        rows = torch.from_numpy(rng.permutation(len(scenes))[np.arange(count) % len(scenes)])
        start, people = scenes.chosen(rows), paths[:, rows]
        robots = self._driven(phi, start, people)
        moments = len(robots) - 1
        many = start.chosen(torch.arange(count).repeat(moments))
        before = many.with_bodies(robots[:-1].flatten(0, 1), people[:-1].flatten(0, 1))
        after = robots[1:].flatten(0, 1), people[1:].flatten(0, 1)
        reward = task_reward(self.model.scenario, before, *after).view(moments, count)
        return (reward * self._discounts).sum(0)

    def _driven(self, phi: Tensor, start: Situation, people: Tensor) -> Tensor:
        """Robots (T + 1, B, 6) past people (T + 1, B, P, 4)."""
        policy, period_s = self.model.policy, self.model.scenario.decision_period_s
        weights, course = policy.weights(phi), Course.of(start.aims.route)
        place, velocity = bodies(people)
        motion = policy.robot.motion(start.robot)
        robots = [motion]
        for h in range(len(people) - 1):
            wanted = policy.velocity(weights, motion, place[h], velocity[h], course, start.room)
            motion = policy.robot.advance(motion, wanted, period_s, start.room)
            robots.append(motion)
        return torch.stack([policy.robot.state(motion) for motion in robots])

    def _imagined_once(
        self,
        theta: Array,
        evidence: Posterior,
        recent: Sequence[Decisions],
    ) -> Scenes:
        """What people do by theta, by luck of its own."""
        if self._scenes is None or not np.array_equal(theta, self._imagined_by):
            model = self.model
            cast = cast_of(model.scenario, recent)
            weights = weights_of(model.tensor(theta), theta, evidence, cast)
            self._drawn += 1
            start, goal, luck = self._luck(SCENES, np.random.default_rng([SCENES, self._drawn]))
            phi = torch.zeros(model.policy.size, dtype=model.dtype)  # nobody looks
            played = self._imagine(phi, start, model.setting(start, goal, weights.detach()), luck)
            self._imagined_by, self._scenes = theta.copy(), (start, played.people)
        return self._scenes
