"""Learners from scratch: the whole robot among the people of a task, then its last policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from bisirl_ros.bench.cirl import CirlSolver
from bisirl_ros.bench.feature_matching import FeatureMatchingSolver
from bisirl_ros.bench.other_estimate import OtherEstimate
from bisirl_ros.bench.plan import Plan
from bisirl_ros.bench.task import REWARDED, Prepared, Task
from bisirl_ros.bench.variants import PassiveSolver, behaviour_cloning, no_anticipation
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.metrics import held_out_mean, relative_error
from bisirl_ros.crowd.actors import PolicyDriver
from bisirl_ros.crowd.episode import episode_return
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.solver import CrowdSolver
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.learner.worker import MakeSolver
from bisirl_ros.verify.offline import STEP_S, OfflineRun, Outcome, play_offline

NORMAL_95 = 1.96


@dataclass(frozen=True)
class Learner:
    """A `Method` that learns.

    solver: the game that it believes to be in; loop: settings of the double loop
    estimates: whether what it learns is a reward
    """

    solver: MakeSolver = CrowdSolver
    loop: LoopConfig = field(default_factory=LoopConfig)
    estimates: bool = True

    def __call__(self, task: Task) -> Prepared:
        """Play and learn `task.episodes` episodes as on a robot; the last policy is the plan."""
        scenario, made, watch = task.scenario, list[CrowdSolver](), _Watch(task)

        def make(*arguments: Any, **settings: Any) -> CrowdSolver:
            made.append(self.solver(*arguments, **settings))
            return made[-1]

        people = dict(zip(scenario.identities, task.theta, strict=True))
        run = OfflineRun(
            scenario,
            people,
            self.loop,
            episodes=task.episodes,
            seed=task.seed,
            on_step=watch,
            kind=task.people,
            solver=make,
        )
        found = play_offline(run)
        figures = watch.figures(found)
        if not isinstance(made[0], OtherEstimate):  # their likelihood is not what they go by
            figures |= foretold(found)
        if self.estimates and task.people in REWARDED:
            figures |= graded(made[0], found.last, scenario.identities, task.theta_at_end)
        phi = found.last.phi.float()
        return Prepared(Plan(PolicyDriver(InteractionPolicy(scenario.robot), phi), phi), figures)


FIRST_ORDER = LoopConfig(hypergradient="first-order")

LEARNERS: dict[str, Learner] = {
    "bisirl": Learner(),
    "bisirl_careful": Learner(loop=LoopConfig(structure="learned", risk="cvar")),
    "passive": Learner(PassiveSolver, FIRST_ORDER),
    # the check would let in what its gradient leaves out
    "no_anticipation": Learner(no_anticipation, LoopConfig(checked_episodes=0)),
    "behaviour_cloning": Learner(behaviour_cloning, estimates=False),
    "feature_matching": Learner(FeatureMatchingSolver, FIRST_ORDER),
    "cirl": Learner(CirlSolver, FIRST_ORDER),
}
"""BISIRL, and what differs from it in one thing each."""


def foretold(found: Outcome) -> Mapping[str, float | None]:
    """Mean log-likelihood of a decision before it was learned from [nat]: the learner's, and that
    of a Gaussian about going on at constant velocity which learns its covariance."""
    return {
        name: held_out_mean((report["decisions"], report[name]) for report in found.reports)
        for name in ("held_out", "constant_velocity")
    }


def graded(
    solver: CrowdSolver, last: Snapshot, names: tuple[str, ...], truth: Array
) -> Mapping[str, float]:
    """Mean relative error of people's estimates, and the share of 95 % intervals that hold."""
    if isinstance(solver, OtherEstimate):  # has no intervals
        estimates = np.array([solver.estimate.get(n, last.stranger) for n in names])
        return {"reward_error": _error(estimates, truth)}
    std = np.array([_std_of(last, name) for name in names]).reshape(truth.shape)
    off = np.abs(last.theta_of(names) - truth)
    return {
        "reward_error": _error(last.theta_of(names), truth),
        "coverage": float((off <= NORMAL_95 * std).mean()) if off.size else float("nan"),
    }


def _error(estimates: Array, truth: Array) -> float:
    each = [relative_error(a, b) for a, b in zip(estimates, truth, strict=True)]
    return float(np.mean(each)) if each else float("nan")


def _std_of(last: Snapshot, name: str) -> Array:
    if name in last.identities:
        return np.asarray(last.std[last.identities.index(name)])
    return np.asarray(np.sqrt(np.diag(last.stranger_covariance)))


class _Watch:
    """Sees a learner's episodes as they are lived, and what each of them earned."""

    def __init__(self, task: Task) -> None:
        self._task, self._per_decision = task, round(task.scenario.decision_period_s / STEP_S)
        self._lived: dict[int, tuple[Any, list[Any]]] = {}

    def __call__(self, number: int, session: Any, episode: Any) -> None:
        """See `OfflineRun.on_step`."""
        _, states = self._lived.setdefault(number, (episode, [episode.start]))
        states.append(episode.situation)

    def figures(self, found: Outcome) -> dict[str, Any]:
        """learning_return: J_l, a mean over the episodes lived; the others by episode."""
        returns = [
            self._return(*self._lived[number]) if number in self._lived else 0.0
            for number in range(len(found.outcomes))
        ]
        return {
            "learning_return": float(np.mean(returns)),
            "learning_collisions": found.outcomes.count("collision"),
            "learning_refused": len(found.refused),
            "returns": returns,
            "outcomes": found.outcomes,
        }

    def _return(self, episode: Any, states: list[Any]) -> float:
        """At the decisions, and where it ended between two of them."""
        at = [*range(0, len(states) - 1, self._per_decision), len(states) - 1]
        where = episode.start.chosen(torch.zeros(len(at), dtype=torch.long))
        lived = where.with_bodies(
            torch.cat([states[i].robot for i in at]), torch.cat([states[i].people for i in at])
        )
        goal = torch.as_tensor(episode.goals)
        return episode_return(self._task.scenario, lived, goal, self._task.theta)
