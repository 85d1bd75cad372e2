"""The expert's response to the robot's policy."""

from __future__ import annotations

import numpy as np
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.expert import closed_loop, recorded
from bisirl_ros.crowd.features import FEATURES, Step, psi
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.motion import human_step, robot_step
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import FEATURE_NAMES, Scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman

from .conftest import THETA


def test_scenario_files_and_core_know_the_same_features() -> None:
    assert tuple(FEATURES) == FEATURE_NAMES


def test_phi_is_the_discounted_sum_along_the_closed_loop(
    crossing: Scenario, tiny: RecedingHorizonGame, random_phi: torch.Tensor
) -> None:
    """Against a plain loop, one candidate at a time, with both bodies stepped together."""
    rng = np.random.default_rng(0)
    human, robot = tiny.starts(3, rng)
    targets = torch.tensor(rng.uniform(-1, 1, (1, 5, 2)))
    goal = torch.tensor([[0.0, 3.6]], dtype=torch.float64)
    model = closed_loop(tiny.policy, random_phi, tiny.scenario)
    batched = tiny.expert.features(human, robot, targets, model, goal)
    sc = tiny.scenario
    for b in range(3):
        for k in range(5):
            h, r, total = human[b], robot[b], torch.zeros(4, dtype=torch.float64)
            for step in range(sc.horizon):
                command = tiny.policy(random_phi, r, h)
                r = robot_step(r, command, sc.robot, sc.decision_period_s)
                after = human_step(h, targets[0, k], sc.human.lag_s, sc.decision_period_s)
                seen = Step(h, after, r, goal[0], sc.decision_period_s)
                total = total + sc.discount**step * psi(seen, sc.features, sc.human)
                h = after
            assert torch.allclose(batched[b, k], total, atol=1e-10)


def test_the_human_foresees_that_the_robot_gives_way(
    tiny: RecedingHorizonGame, random_phi: torch.Tensor
) -> None:
    """Phi depends on phi: the anticipation that makes it interactive."""
    human, robot = tiny.starts(2, np.random.default_rng(1))
    robot = robot.clone()
    robot[:, :2] = human[:, :2] + 1.0
    goal, targets = tiny.tensor([[0.0, 3.6]]), tiny.candidates.velocity[None]
    phi = random_phi.clone().requires_grad_()
    here = closed_loop(tiny.policy, phi, tiny.scenario)
    proximity = tiny.expert.features(human, robot, targets, here, goal)[..., 1].sum()
    assert torch.autograd.grad(proximity, phi)[0].abs().max() > 1e-3
    future = robot[:, None].expand(-1, tiny.scenario.horizon + 1, -1)
    fixed = tiny.expert.features(human, robot, targets, recorded(future), goal)
    assert not fixed.requires_grad


def test_the_simulated_human_chooses_as_pi_e_says(crossing: Scenario) -> None:
    """Mean choice over many draws against the density's mean, within five standard errors."""
    game_policy_seed = torch.Generator().manual_seed(0)
    policy = InteractionPolicy(crossing.robot)
    phi = policy.initial(game_policy_seed)
    human = SimulatedHuman(crossing, policy, THETA, seed=1, count=200)
    state, robot = np.array([0.0, -1.0, 0.0, 1.0]), np.array([-1.0, 0.0, 0.0, 0.8, 0.0])
    draws = np.array([human.decide(state, robot, phi) for _ in range(400)])
    game = RecedingHorizonGame(crossing, policy, gauss_disc(1.8, 12, 24), "cpu", torch.float64)
    features = game.expert.features(
        torch.tensor(state)[None],
        torch.tensor(robot)[None],
        game.candidates.velocity[None],
        closed_loop(policy, phi.double(), crossing),
        torch.tensor([crossing.human.goal], dtype=torch.float64),
    )
    logits = features[0] @ torch.tensor(THETA) + game.candidates.log_area
    mean = (torch.softmax(logits, -1)[:, None] * game.candidates.velocity).sum(0).numpy()
    error = draws.std(0) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(0) - mean) < 5 * error).all()
    assert draws.std(0).min() > 0.1


def test_a_human_who_has_arrived_stands_still(crossing: Scenario) -> None:
    policy = InteractionPolicy(crossing.robot)
    human = SimulatedHuman(crossing, policy, THETA, seed=1)
    phi = policy.initial(torch.Generator().manual_seed(0))
    at_goal = np.array([0.1, 3.5, 0.0, 1.0])
    assert (human.decide(at_goal, np.zeros(5), phi) == 0.0).all()
