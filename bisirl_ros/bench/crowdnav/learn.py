"""A robot that learns to cross: each crossing is lived, explained, and learned from."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.bench.crowdnav.crossings import ROBOT_GOAL, Crossings, seeded
from bisirl_ros.bench.crowdnav.robots import PolicyDrive
from bisirl_ros.bench.crowdnav.scenario import circle_crossing
from bisirl_ros.bench.crowdnav.scenery import ScenerySolver
from bisirl_ros.bench.crowdnav.simulator import Played, play
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.bilevel import LoopConfig, LoopState, OuterReport, outer_iteration
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.policy import InteractionPolicy

TRAIN_SEED = 100_000
"""Of the first training crossing; CrowdNav's validation and test cases are below 2000."""
SLOWING_M = 1.0
"""An ORCA person slows down this near the goal, and is no longer learned from."""
HIDDEN = 32
LOOP = LoopConfig(
    hypergradient="first-order",
    reward="shared",
    policy_steps=25,
    learning_rate=0.02,
    rate_decay=300.0,
)


@dataclass(frozen=True)
class Learned:
    """phi: (m,) the last policy; theta, std: (n,) everybody's weights and their deviations

    seconds: of it all; outcomes: of each training crossing
    """

    phi: Tensor
    theta: Array
    std: Array
    seconds: float
    outcomes: list[int]


def decisions(crossings: Crossings, played: Played, b: int, episode: int) -> Decisions:
    """What people were seen to do in crossing number b of those played, until it ended.

    episode: its number among all that the robot learns from
    """
    moments, people = int(played.steps[b]), played.people[: played.steps[b] + 1, b]
    goal = crossings.goal[b]
    left = np.linalg.norm(people[:-1, :, :2] - goal, axis=-1)
    target = np.where(left[..., None] < SLOWING_M, np.nan, people[1:, :, 2:])
    count = len(goal)
    return Decisions(
        robot=played.robot[:moments, b],
        people=people[:-1],
        present=np.ones((moments, count), bool),
        target=target,
        spread=np.zeros((moments, count, 6, 6)),
        identities=tuple(f"person_{p}" for p in range(count)),
        route=np.tile(np.array([[ROBOT_GOAL]]), (moments, 1, 1)),
        goals=goal[:, None],
        log_belief=np.zeros((moments, count, 1)),
        policy_version=episode,
        step=np.arange(float(moments)),
        episode=episode,
    )


def learn(
    crossings: int,
    sees: bool | float,
    seed: int = 0,
    drive: str = "omni",
    loop: LoopConfig = LOOP,
    watch: Callable[[OuterReport, Tensor], None] = lambda report, phi: None,
) -> Learned:
    """Live through so many training crossings, one after the other, and learn after each.

    sees: as `seeded` has it; seed: of crossings, policy and luck
    drive: as `circle_crossing` has it; watch: is shown what each crossing taught, and phi
    """
    began, scenario = time.perf_counter(), circle_crossing(drive)
    policy = InteractionPolicy(scenario.robot, HIDDEN)
    first = TRAIN_SEED * (1 + seed)
    solver = ScenerySolver(scenario, policy, likelihood_grid=(10, 20))
    phi = policy.initial(torch.Generator().manual_seed(seed))
    state: LoopState[Decisions] = LoopState.start(phi, solver.n_features, loop, seed, people=True)
    outcomes = []
    for k in range(crossings):
        phi = state.phi
        one = seeded([first + k], sees)
        played = play(one, PolicyDrive(scenario, policy, phi))
        outcomes.append(int(played.outcome[0]))
        batch = decisions(one, played, 0, k)
        watch(outer_iteration(solver, state, loop, batch, phi), state.phi)
    return Learned(
        state.phi,
        state.theta.copy(),
        np.sqrt(np.diag(state.evidence.covariance(state.theta))),
        time.perf_counter() - began,
        outcomes,
    )


def judged(phi: Tensor, seeds: Sequence[int], sees: bool | float, drive: str = "omni") -> Played:
    """The policy phi (m,) in the crossings of these seeds; sees: as `seeded` has it."""
    scenario = circle_crossing(drive)
    policy = InteractionPolicy(scenario.robot, HIDDEN)
    return play(seeded(seeds, sees), PolicyDrive(scenario, policy, phi))
