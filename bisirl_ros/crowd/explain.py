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
from bisirl_ros.crowd.left_out import left_out
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import Weights
from bisirl_ros.crowd.situation import AWAY_M

AWAY = (AWAY_M, AWAY_M, 0.0, 0.0)
Explained = Choices | GoalMixture


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
        of, wider = {}, {}
        for p, identity in enumerate(batch.identities):
            if batch.decided[:, p].any():
                of[identity], wider[identity] = self._of_person(batch, p, phi)
        return PeopleLikelihood(of, wider)

    def _of_person(self, batch: Decisions, p: int, phi: Tensor) -> tuple[Explained, Explained]:
        """By the reward's features, and with what they leave out behind them."""
        when = np.flatnonzero(batch.decided[:, p])
        mean = np.concatenate([batch.people[when, p], batch.target[when, p]], -1)
        most = self._model.scenario.person.max_speed
        latent = draws(
            mean, batch.spread[when, p], most, self._draws, self._velocity, self._log_area
        )
        belief = batch.log_belief[0, p]
        possible = np.flatnonzero(np.isfinite(belief))
        wider = [self._explained(batch, p, when, latent, batch.goals[p, g], phi) for g in possible]
        known = [choices.of_first(self._model.n_features) for choices in wider]
        if len(known) == 1:
            return known[0], wider[0]
        return GoalMixture.of(known, belief[possible]), GoalMixture.of(wider, belief[possible])

    def _explained(
        self,
        batch: Decisions,
        p: int,
        when: NDArray[np.intp],
        latent: Latent,
        goal: Array,
        phi: Tensor,
    ) -> Choices:
        """The decisions of person p at moments `when`, if `goal` (2,) is theirs; the wider ones."""
        model = self._model
        count, draws_, points = latent.log_weight.shape
        weights = model.policy.weights(phi.to(model.device, model.dtype))
        view = self._view(batch, p, when, latent, goal, weights)
        offered = model.candidates.velocity.expand(count * draws_, -1, -1)
        asked = torch.cat([model.tensor(latent.target).flatten(0, 1), offered], 1)
        features = model.foresight.features(weights, view, asked, model.room)
        robot = model.tensor(batch.robot[when][:, :2]).repeat_interleave(draws_, 0)
        beyond = left_out(view.own, view.goal, robot, asked)
        found = (
            torch.cat([features, beyond], -1)
            .double()
            .cpu()
            .numpy()
            .reshape(count, draws_, asked.shape[1], -1)
        )
        return Choices(
            found[:, :, :points],
            latent.log_weight,
            found[:, :, points:],
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
