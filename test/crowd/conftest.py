"""Small games for the tests of the core."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.interactions import Interactions
from bisirl_ros.crowd.motion import human_step, robot_step
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman

THETA = np.array([1.5, -3.0, -0.5, -0.4])


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def crossing() -> Scenario:
    return load_scenario("crossing")


@pytest.fixture
def tiny(crossing: Scenario) -> RecedingHorizonGame:
    """Four candidates, two decisions, two steps ahead: every choice can be enumerated; float64."""
    scenario = replace(crossing, horizon=2, time_limit_s=0.8)
    policy = InteractionPolicy(scenario.robot, hidden=4)
    return RecedingHorizonGame(scenario, policy, gauss_disc(1.8, 2, 2), "cpu", torch.float64)


@pytest.fixture
def random_phi(tiny: RecedingHorizonGame) -> torch.Tensor:
    """Parameters of `tiny`'s policy that do correct, and do look at people."""
    generator = torch.Generator().manual_seed(3)
    return 0.5 * torch.randn(tiny.policy.size, generator=generator, dtype=torch.float64)


def simulate_episode(
    scenario: Scenario, human: SimulatedHuman, phi: torch.Tensor, rng: np.random.Generator
) -> Interactions:
    """One episode at the decision period, as the human believes the robot to move."""
    policy, goal = InteractionPolicy(scenario.robot), np.array(scenario.human.goal)
    game = RecedingHorizonGame(scenario, policy, gauss_disc(1.8, 2, 2), "cpu", torch.float64)
    body, robot = game.starts(1, rng)
    rows = []
    for _ in range(scenario.episode_decisions):
        now = body[0].numpy()
        if np.linalg.norm(now[:2] - goal) <= scenario.human.goal_tolerance_m:
            break
        target = human.decide(now, robot[0].numpy(), phi)
        rows.append((now, robot[0].numpy(), target))
        command = policy(phi.double(), robot, body)
        robot = robot_step(robot, command, scenario.robot, scenario.decision_period_s)
        body = human_step(
            body, torch.tensor(target)[None], scenario.human.lag_s, scenario.decision_period_s
        )
    states, robots, targets = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(states, robots, targets, goal, 0)
