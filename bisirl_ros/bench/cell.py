"""One cell of a benchmark: a method in a scenario, among people whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bisirl_ros.bench.plan import Plan
from bisirl_ros.config import setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors.actor import Actor, tell
from bisirl_ros.crowd.actors.soft_expert import SoftExpert
from bisirl_ros.crowd.episode import CONTROL_RATE_HZ, play
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.metrics.social import social_metrics, summarise
from bisirl_ros.metrics.trajectory import Trajectory

CANDIDATES = 150
"""Motions that people choose among in played episodes."""
WATCHED = 50
"""Episodes whose trajectories are kept for the social figures."""


@dataclass(frozen=True)
class Size:
    """How much work a cell is; the same for every method that plans.

    updates: of the policy; starts, longer: of the oracle, which also gets `longer` times as many
    episodes: played with the finished policy
    """

    updates: int = setting(60, doc="of a planner's policy", low=0)
    starts: int = setting(2, doc="of the oracle, the best of which counts", low=1)
    longer: int = setting(5, doc="times as many updates, of the oracle", low=1)
    episodes: int = setting(512, doc="by which a method is judged", low=2)


def usual_people(scenario: Scenario, theta: Array) -> SoftExpert:
    """People as the model has them, with true weights theta (P, n)."""
    policy = InteractionPolicy(scenario.robot)
    return SoftExpert(scenario, policy, theta, CANDIDATES, torch.float32)


def played(
    scenario: Scenario, plan: Plan, people: Actor, theta: Array, episodes: int, seed: int
) -> dict[str, float]:
    """The figures of `episodes` played; the same seed is the same starts and luck for any plan.

    theta: (P, n) true weights, of the return where kappa is not zero
    """
    rng = np.random.default_rng([seed, 12])
    start = scenario.sample(episodes, rng).to("cpu", torch.float32)
    tell(people, plan.phi, 0)
    seen: list[Situation] = []
    found = play(
        scenario,
        plan.robot,
        people,
        theta,
        start,
        rng,
        lambda now: seen.append(now.chosen(slice(WATCHED))),
    )
    return {
        "return": float(found.returns.mean()),
        "return_se": float(found.returns.std(ddof=1) / np.sqrt(episodes)),
        "success": float(found.ended_well.mean()),
        "collisions": float(found.collided.mean()),
        "duration_s": float(found.duration_s.mean()),
        **_social(scenario, seen, found.duration_s),
    }


def _social(scenario: Scenario, seen: list[Situation], duration_s: Array) -> dict[str, float]:
    """Of the first episodes, each cut where it ended."""
    robots = np.stack([now.robot[:, :3].double().numpy() for now in seen])
    people = np.stack([now.people[..., :2].double().numpy() for now in seen])
    first, of = seen[0], []
    for i in range(len(first)):
        end = 1 + round(float(duration_s[i]) * CONTROL_RATE_HZ)
        of.append(
            social_metrics(
                Trajectory(
                    robots[:end, i],
                    people[:end, i],
                    np.repeat(first.present[i : i + 1].numpy(), min(end, len(seen)), 0),
                    1.0 / CONTROL_RATE_HZ,
                    scenario.robot.radius_m,
                    scenario.person.radius_m,
                    first.aims.robot_goal[i].double().numpy(),
                    scenario.robot.goal_tolerance_m,
                    scenario.time_limit_s,
                )
            )
        )
    means = summarise(of).mean
    kept = ("min_distance_m", "personal_s", "intimate_s", "jerk_rms_m_s3", "min_ttc_s")
    return {name: float(means[name]) for name in kept if np.isfinite(means[name])}
