"""Which choices a batch of decisions holds, explained under the policy of the time (section 2)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import PeopleLikelihood
from bisirl_ros.crowd.aims import Course
from bisirl_ros.crowd.choices import Choices
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.foresight import View
from bisirl_ros.crowd.goal_mixture import GoalMixture
from bisirl_ros.crowd.latent import Latent, draws
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import Weights
from bisirl_ros.crowd.situation import AWAY_M

AWAY = (AWAY_M, AWAY_M, 0.0, 0.0)


class Explainer:
    """Turns decisions into likelihoods, person by person.

    model: its candidates stand for the disc of choices; draws: states that may have been, for each
    decision that was not seen exactly
    """

    def __init__(self, model: CrowdModel, state_draws: int = 1) -> None:
        self._model, self._draws = model, state_draws
        self._velocity = model.candidates.velocity.double().cpu().numpy()
        self._log_area = model.candidates.log_area.double().cpu().numpy()

    @torch.no_grad()
    def __call__(self, batch: Decisions, phi: Tensor) -> PeopleLikelihood:
        """The batch's choices under phi (m,), the policy it was collected with; by identity."""
        of = {}
        for p, identity in enumerate(batch.identities):
            if batch.decided[:, p].any():
                of[identity] = self._of_person(batch, p, phi)
        return PeopleLikelihood(of)

    def _of_person(self, batch: Decisions, p: int, phi: Tensor) -> Choices | GoalMixture:
        when = np.flatnonzero(batch.decided[:, p])
        mean = np.concatenate([batch.people[when, p], batch.target[when, p]], -1)
        most = self._model.scenario.person.max_speed
        latent = draws(
            mean, batch.spread[when, p], most, self._draws, self._velocity, self._log_area
        )
        belief = batch.log_belief[0, p]
        possible = np.flatnonzero(np.isfinite(belief))
        explained = [
            self._explained(batch, p, when, latent, batch.goals[p, g], phi) for g in possible
        ]
        if len(explained) == 1:
            return explained[0]
        return GoalMixture.of(explained, belief[possible])

    def _explained(
        self,
        batch: Decisions,
        p: int,
        when: NDArray[np.intp],
        latent: Latent,
        goal: Array,
        phi: Tensor,
    ) -> Choices:
        """The decisions of person p at moments `when`, if `goal` (2,) is theirs."""
        model = self._model
        count, draws_, points = latent.log_weight.shape
        weights = model.policy.weights(phi.to(model.device, model.dtype))
        view = self._view(batch, p, when, latent, goal, weights)
        offered = model.candidates.velocity.expand(count * draws_, -1, -1)
        asked = torch.cat([model.tensor(latent.target).flatten(0, 1), offered], 1)
        features = model.foresight.features(weights, view, asked, model.room)
        found = features.double().cpu().numpy().reshape(count, draws_, asked.shape[1], -1)
        return Choices(
            found[:, :, :points].copy(),
            latent.log_weight,
            found[:, :, points:].copy(),
            self._log_area,
            latent.log_share,
        )

    def _view(
        self,
        batch: Decisions,
        p: int,
        when: NDArray[np.intp],
        latent: Latent,
        goal: Array,
        weights: Weights,
    ) -> View:
        """What person p saw at moments `when`, for each state that they may have been in."""
        model, times = self._model, latent.state.shape[1]
        robots = model.policy.robot
        own = model.tensor(latent.state).flatten(0, 1)
        rest = [q for q in range(len(batch.identities)) if q != p]
        seen = np.where(batch.present[when][:, rest, None], batch.people[when][:, rest], AWAY)
        others = model.tensor(seen).repeat_interleave(times, 0)
        robot = robots.motion(model.tensor(batch.robot[when])).repeated(times)
        course = Course.of(model.tensor(batch.route[when]).repeat_interleave(times, 0))
        goals = model.tensor(goal).expand(len(own), 2)
        if batch.robot_future is not None:
            future = model.tensor(batch.robot_future[when][:, 1:, :2])
            return View(own, others, goals, robot, course, future.repeat_interleave(times, 0))
        people = torch.cat([own[:, None], others], 1)
        after = model.answer(weights, robot, people, course, model.room)
        return View(own, others, goals, after, course)
