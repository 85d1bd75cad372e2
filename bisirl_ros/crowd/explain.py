"""Which choices a batch of decisions holds, explained under the policy of the time (section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.core.likelihood import Explain, Explained, PeopleLikelihood
from bisirl_ros.core.posterior import GIVEN
from bisirl_ros.core.solver import Collected
from bisirl_ros.crowd.aims import Course, arrived
from bisirl_ros.crowd.choices import Choices, log_sum
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.features import Step
from bisirl_ros.crowd.foresight import View
from bisirl_ros.crowd.goal_mixture import GoalMixture
from bisirl_ros.crowd.in_mind import in_mind
from bisirl_ros.crowd.latent import Latent, draws
from bisirl_ros.crowd.left_out import LeftOut
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.offered import Choosable
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.policy import Weights
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.crowd.structure import Sees, Structure, log_standing

AWAY = (AWAY_M, AWAY_M, 0.0, 0.0)


@dataclass(frozen=True)
class _Seen:
    """What M = N * Q decisions looked at.

    robot: (M, 6) as it was; asked: (M, points + K, 2) [m/s]; of_places: (M, points + K, P) [s],
    `LeftOut.of_places`
    """

    view: View
    robot: Tensor
    asked: Tensor
    foreseen: Step
    of_places: Tensor
    latent: Latent


class Explainer:
    """Turns decisions into likelihoods, person by person.

    model: its candidates stand for the disc of choices, and others where a choice may be narrow
    draws: states that may have been, for each decision that was not seen exactly
    structures: how else people may decide, the model's first
    """

    def __init__(
        self, model: CrowdModel, state_draws: int = 1, structures: Sequence[Structure] = ()
    ) -> None:
        self._model, self._draws = model, state_draws
        self._structures = tuple(structures) or (Structure(GIVEN, model.scenario.person),)
        self._left_out = LeftOut(model.scenario)
        self._choosable = Choosable(model.candidates, model.scenario.person.max_speed)
        self._timed: dict[tuple[float, float], Explainer] = {}

    def __call__(
        self, batch: Decisions, phi: Tensor, before: Collected[Decisions] = ()
    ) -> PeopleLikelihood:
        """The batch's choices under phi (m,), the policy it was collected with; by identity.

        before: the newest batches before this one, oldest first, each with its policy
        """
        if batch.period_s:
            timed = self._of_people_who(batch.period_s, batch.lag_s)
            return timed(replace(batch, period_s=0.0, lag_s=0.0), phi, before)
        of = {
            identity: self._of_person(
                batch, p, [*(its for met, its in before if met.has(identity)), phi]
            )
            for p, identity in enumerate(batch.identities)
            if batch.decided[:, p].any()
        }
        given = {identity: explain[GIVEN]() for identity, explain in of.items()}
        return PeopleLikelihood(
            {identity: found.known for identity, found in given.items()},
            {identity: found.wider for identity, found in given.items()},
            of if len(self._structures) > 1 else {},
        )

    def _of_people_who(self, period_s: float, lag_s: float) -> Explainer:
        """The same, of people whose time between decisions or body is another [s]."""

        def those(person: Person) -> Person:
            return replace(person, decision_period_s=period_s, lag_s=lag_s)

        if (period_s, lag_s) not in self._timed:
            m, structures = self._model, self._structures
            scenario = replace(m.scenario, person=those(m.scenario.person))
            game = CrowdModel(scenario, m.policy, m.candidates, m.device, m.dtype, m.answered)
            every = [replace(s, person=those(s.person)) for s in structures]
            self._timed[period_s, lag_s] = Explainer(game, self._draws, every)
        return self._timed[period_s, lag_s]

    @torch.no_grad()
    def _of_person(self, batch: Decisions, p: int, met: Sequence[Tensor]) -> dict[str, Explain]:
        """By structure; made a likelihood of when it is asked. met: policies, this batch's last."""
        when = np.flatnonzero(batch.decided[:, p])
        mean = np.concatenate([batch.people[when, p], batch.target[when, p]], -1)
        most = self._model.scenario.person.max_speed
        latent = draws(mean, batch.spread[when, p], most, self._draws, self._choosable)
        belief = batch.log_belief[0, p]
        possible = np.flatnonzero(np.isfinite(belief))
        minds = in_mind(met)

        @cache
        def seen(mind: int) -> list[_Seen]:
            phi, _ = minds[mind]
            return [self._seen(batch, p, when, latent, batch.goals[p, g], phi) for g in possible]

        @cache
        def of(structure: Structure) -> Explained:
            used = structure.sees is Sees.MET
            shares = [share for _, share in minds] if used else [1.0]
            by_goal = zip(*map(seen, range(len(shares))), strict=True)
            wider = [self._choices(structure, shares, several) for several in by_goal]
            known = [choices.of_first(self._model.n_features) for choices in wider]
            if len(known) == 1:
                return Explained(known[0], wider[0])
            log = belief[possible]
            return Explained(GoalMixture.of(known, log), GoalMixture.of(wider, log))

        return {s.name: partial(of, s) for s in self._possible(batch)}

    def _seen(
        self,
        batch: Decisions,
        p: int,
        when: NDArray[np.intp],
        latent: Latent,
        goal: Array,
        phi: Tensor,
    ) -> _Seen:
        """What person p looks at who decides at moments `when`, if `goal` (2,) is theirs."""
        model = self._model
        weights = model.policy.weights(phi.to(model.device, model.dtype))
        view = self._view(batch, p, when, latent, goal, weights)
        every = np.concatenate([latent.target, latent.offered.velocity], 2)
        asked = model.tensor(every).flatten(0, 1)
        furthest = max((s.person for s in self._possible(batch)), key=lambda x: x.horizon)
        foreseen = model.foresight.looking(furthest).steps(weights, view, asked, model.room)
        times = latent.log_weight.shape[1]
        robot = model.tensor(batch.robot[when]).repeat_interleave(times, 0)
        places = self._left_out.of_places(view.own, asked)
        return _Seen(view, robot, asked, foreseen, places, latent)

    def _possible(self, batch: Decisions) -> list[Structure]:
        """Those for which there is enough of a robot on record, or a policy."""
        if batch.robot_future is None:
            return list(self._structures)
        known = batch.robot_future.shape[1] - 1
        return [s for s in self._structures if s.person.horizon <= known and s.sees is not Sees.MET]

    @torch.no_grad()
    def _choices(
        self, structure: Structure, shares: Sequence[float], several: Sequence[_Seen]
    ) -> Choices:
        """By the features of one structure, with what they leave out behind them.

        several: the same decisions, as robots of several policies are foreseen; shares: of each
        """
        seen, features = several[0], torch.zeros(())
        goal, latent = structure.goal_of(seen.view.goal), seen.latent
        for share, one in zip(shares, several, strict=True):
            foreseen = replace(one.foreseen, goal=goal[:, None, None])
            features = features + share * structure.features(foreseen, one.robot)
        beyond = self._left_out.of_way(seen.view.own, goal, seen.robot[:, :2], seen.asked)
        wide = torch.cat([features, beyond, seen.of_places], -1)
        log_weight = latent.log_weight
        count, times, points = log_weight.shape
        log_area = latent.offered.log_area
        if goal is not seen.view.goal:
            tolerance_m = structure.person.goal_tolerance_m
            there = arrived(seen.view.own[:, :2], goal, tolerance_m)
            wide[there] = 0.0  # and any motion would be as likely, but for what follows
            standing = log_sum(log_weight + log_standing(latent.target, structure.person.max_speed))
            likelier = there.cpu().numpy().reshape(count, times) * (standing - log_sum(log_weight))
            log_area = log_area - likelier[..., None]
        found = wide.double().cpu().numpy().reshape(count, times, wide.shape[1], -1)
        return Choices(
            found[:, :, :points], log_weight, found[:, :, points:], log_area, latent.log_share
        ).or_anything(structure.anything)

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
