"""Small games, situations by hand, and episodes as data, for the tests of the crowd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.actors import SoftExpert
from bisirl_ros.crowd.aims import Aims, arrived
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.decisions import Decisions
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.situation import Situation

THETA = np.array([1.5, -3.0, -0.5, -0.4])
EMPTY = Room.of()


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def crossing() -> Scenario:
    return load_scenario("crossing")


def short(scenario: Scenario, decisions: int, horizon: int = 2) -> Scenario:
    """The same with few decisions, and people who do not look far ahead."""
    person = replace(scenario.person, horizon=horizon)
    return replace(scenario, person=person, time_limit_s=decisions * person.decision_period_s)


@pytest.fixture
def tiny(crossing: Scenario) -> CrowdModel:
    """Five candidates, two decisions, two steps ahead: every choice can be enumerated; float64."""
    scenario = short(crossing, 2)
    policy = InteractionPolicy(scenario.robot, hidden=4)
    return CrowdModel(scenario, policy, gauss_disc(1.8, 2, 2), "cpu", torch.float64)


def random_phi(policy: InteractionPolicy, scale: float = 0.4, seed: int = 3) -> Tensor:
    """Parameters of a policy that does look at people and walls; float64."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(policy.size, generator=generator, dtype=torch.float64)
    return policy.initial(generator).double() + scale * noise


def situation(
    robot: Sequence[float],
    people: Sequence[Sequence[float]] = (),
    goal: Sequence[float] = (2.5, 0.0),
    goals: Sequence[Sequence[float]] = (),
    room: Room = EMPTY,
    route: Sequence[Sequence[float]] = (),
) -> Situation:
    """One situation, float64; robot: (6,), people: (P, 4), goals: (P, 2), route: before `goal`."""
    count = len(people)
    bodies = torch.tensor(people, dtype=torch.float64).reshape(1, count, 4)
    there = torch.tensor(goals or [[0.0, 3.6]] * count, dtype=torch.float64)
    aims = Aims(
        torch.tensor([*route, goal], dtype=torch.float64)[None],
        there.reshape(1, count, 1, 2),
        torch.zeros((1, count, 1), dtype=torch.float64),
    )
    state = torch.tensor([robot], dtype=torch.float64)
    return Situation(state, bodies, torch.ones((1, count), dtype=torch.bool), aims, room)


def simulate_episode(
    scenario: Scenario,
    phi: Tensor,
    theta: Array,
    rng: np.random.Generator,
    *,
    count: int = 200,
    identities: Sequence[str] = (),
    episode: int = 0,
) -> Decisions:
    """What soft experts with weights theta (P, n) decide in one episode, seen exactly.

    All bodies move once per decision, as people believe; each goes for the first of their goals.
    """
    policy, period_s = InteractionPolicy(scenario.robot), scenario.decision_period_s
    expert = SoftExpert(scenario, policy, theta, count)
    expert.phi = phi
    now, rows = scenario.sample(1, rng), []
    people_goals = now.aims.goals[:, :, 0]
    known = torch.zeros_like(now.aims.log_belief[..., :1])
    told = replace(now, aims=Aims(now.aims.route, people_goals[:, :, None], known))
    for _ in range(scenario.episode_decisions):
        there = arrived(now.people[..., :2], people_goals, scenario.person.goal_tolerance_m)
        if there.all():
            break
        here = told.with_bodies(now.robot, now.people)
        target = expert.act(here, torch.from_numpy(rng.random((1, now.count))))
        rows.append(
            (now.robot[0], now.people[0], torch.where(there[0, :, None], torch.nan, target[0]))
        )
        command = policy(phi.double(), now)
        now = now.with_bodies(
            scenario.robot.step(now.robot, command, period_s, now.room),
            scenario.person.step(now.people, target, period_s, now.room),
        )
    robots, people, targets = (torch.stack(column).numpy() for column in zip(*rows, strict=True))
    return decisions(
        now, robots, people, targets, tuple(identities or scenario.identities), episode
    )


def decisions(
    now: Situation,
    robots: Array,
    people: Array,
    targets: Array,
    names: tuple[str, ...],
    episode: int = 0,
) -> Decisions:
    """The same as data: robots (T, 6), people (T, P, 4), targets (T, P, 2); aims as in `now`."""
    steps, count = people.shape[:2]
    belief, route = now.aims.log_belief[0].numpy(), now.aims.route[0].numpy()
    return Decisions(
        robot=robots,
        people=people,
        present=np.ones((steps, count), bool),
        target=targets,
        spread=np.zeros((steps, count, 6, 6)),
        identities=names,
        route=np.broadcast_to(route, (steps, *route.shape)).copy(),
        goals=now.aims.goals[0].numpy(),
        log_belief=np.broadcast_to(belief, (steps, *belief.shape)).copy(),
        policy_version=0,
        step=np.arange(steps),
        episode=episode,
    )
