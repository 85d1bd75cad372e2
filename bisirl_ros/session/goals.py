"""Where the robot may be sent, and where people seem to be going."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.person import implied_target
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.structure import Structures
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.session.clock import Now

LEAST_LOG_BELIEF = math.log(1e-4)
"""No goal is ruled out for good: people change their minds, and models are wrong."""
LATE = 1.5
"""A decision that is seen later than so many periods is not judged."""


def checked_route(scenario: Scenario, route: Array) -> Array:
    """A route (L, 2) [m] that the robot can take.

    Raises InputError for a route that is empty or not finite, or a goal beyond the room or in a
    wall.
    """
    route = np.asarray(route, float)
    if route.ndim != 2 or route.shape[1:] != (2,) or len(route) == 0:
        raise InputError(f"route: shape {route.shape}; give at least one point x, y")
    if not np.isfinite(route).all():
        raise InputError("route: a point is not finite; check what plans it")
    why = scenario.refuse_goal(float(route[-1, 0]), float(route[-1, 1]))
    if why:
        raise InputError(why)
    return route


@dataclass(frozen=True)
class _Seen:
    """A situation of one moment, and who is in it."""

    time_s: float
    situation: Situation
    names: tuple[str, ...]


class GoalFilter:
    """A Bayes filter over each person's goals (FORMULATION section 2).

    b_{t+1}(g) ~ b_t(g) pi_e(u | s; g), once per decision period, with the deployed policy and the
    estimate that came with it; only what was seen until t enters b_t.
    """

    def __init__(self, scenario: Scenario, policy: InteractionPolicy) -> None:
        people = scenario.starts.people
        self.default = np.array(people[0].goals if people else [(0.0, 0.0)], float)
        candidates = gauss_disc(scenario.person.max_speed, 5, 12)
        self._model = CrowdModel(scenario, policy, candidates, dtype=torch.float64)
        self.begin({})

    def begin(self, goals: Mapping[str, Array]) -> None:
        """An episode begins; goals: (G, 2) where each may be going, all equally likely [m]."""
        self._goals = {name: np.asarray(of, float) for name, of in goals.items()}
        self._several = any(len(of) > 1 for of in (*self._goals.values(), self.default))
        self._belief: dict[str, Array] = {}
        self._last: _Seen | None = None

    def of(self, names: Sequence[str]) -> tuple[Array, Array]:
        """Goals (P, G, 2) [m] and log belief (P, G) of these people; -inf: no such goal."""
        of = [self._goals.get(name, self.default) for name in names]
        most = max((len(goals) for goals in of), default=1)
        goals, belief = np.zeros((len(names), most, 2)), np.full((len(names), most), -np.inf)
        for p, (name, some) in enumerate(zip(names, of, strict=True)):
            goals[p, : len(some)], goals[p, len(some) :] = some, some[-1]
            even = np.full(len(some), -math.log(len(some)))
            belief[p, : len(some)] = self._belief.get(name, even)
        return goals, belief

    def due(self, now: Now) -> bool:
        """Whether anybody may be going to several places, and it is time to look where."""
        last, period_s = self._last, self._model.scenario.decision_period_s
        return self._several and (last is None or now.ros_s - last.time_s >= period_s)

    def watch(
        self, situation: Situation, names: tuple[str, ...], now: Now, policy: Snapshot
    ) -> None:
        """Look at what everybody does (B = 1), where that is due, and judge what was seen last."""
        if situation.aims.goals.shape[2] == 1 or not self.due(now):
            return
        last, period_s = self._last, self._model.scenario.decision_period_s
        self._last = _Seen(now.ros_s, situation, names)
        if last is not None and now.ros_s - last.time_s <= LATE * period_s and last.names == names:
            self._judge(last, situation, now.ros_s - last.time_s, policy)

    @torch.no_grad()
    def _judge(self, last: _Seen, now: Situation, dt_s: float, policy: Snapshot) -> None:
        person = self._model.scenario.person
        target = implied_target(
            last.situation.people[0, :, 2:], now.people[0, :, 2:], person.lag_s, dt_s
        )
        speed = target.norm(dim=-1, keepdim=True)
        target = target * (person.max_speed / speed.clamp(min=1e-9)).clamp(max=1.0)
        told = np.stack(
            [self._log_density(last, target, g, policy) for g in range(now.aims.goals.shape[2])], -1
        )
        _, belief = self.of(last.names)
        for p, name in enumerate(last.names):
            possible = np.isfinite(belief[p])
            after = (belief[p] + told[p])[possible]
            after = np.maximum(after - after.max(), LEAST_LOG_BELIEF)
            self._belief[name] = after - math.log(float(np.exp(after).sum()))

    def _log_density(self, seen: _Seen, target: Tensor, g: int, policy: Snapshot) -> Array:
        """log pi_e of the targets (P, 2) [m/s], if everybody goes for their goal g: (P,)."""
        model, here = self._model, seen.situation
        theta = torch.from_numpy(policy.theta_of(seen.names))
        structures = Structures.named(model.scenario, [policy.structures_of(seen.names)])
        setting = model.setting(here, here.aims.goals[:, :, g], theta, structures)
        weights, people = model.policy.weights(policy.phi.double()), here.seen
        robot = model.policy.robot.motion(here.robot)
        robots = (robot, model.drive(weights, robot, people, setting))
        candidates = model.candidates
        asked = torch.cat([target[:, None], candidates.velocity.expand(len(target), -1, -1)], 1)
        features = model.foresee(weights, robots, people, setting, asked).features
        value = torch.einsum("pkn,pn->pk", features, theta)
        total = torch.logsumexp(value[:, 1:] + candidates.log_area, -1)
        return np.asarray(value[:, 0] - total)
