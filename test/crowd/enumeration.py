"""Every course of a tiny game, so that expectations are sums."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.adjoint import value_and_gradients
from bisirl_ros.crowd.candidates import Candidates
from bisirl_ros.crowd.evaluated import Evaluated
from bisirl_ros.crowd.model import CrowdModel, Trajectory
from bisirl_ros.crowd.person import FeatureSpec
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.setting import Setting

from .conftest import short, situation


def every_course(
    game: CrowdModel, phi: Tensor, theta: Tensor, people: int = 1
) -> tuple[Trajectory, Setting]:
    """All K^(T P) episodes from one start, one row each."""
    count, steps = len(game.candidates), game.scenario.episode_decisions
    table = torch.tensor(list(itertools.product(range(count), repeat=steps * people)))
    target = game.candidates.velocity[table].view(-1, steps, people, 2).transpose(0, 1)
    walkers = [(0.2, -0.8, 0.1, 0.9), (0.9, 0.6, -0.4, -0.5)][:people]
    one = situation((-0.9, 0.1, 0.2, 0.7, 0.0, 0.1), walkers)
    start = one.chosen(torch.zeros(len(table), dtype=torch.long))
    setting = game.setting(start, start.aims.likeliest, theta)
    return game.replay(phi.detach(), start, setting, target), setting


def expected(game: CrowdModel, phi: Tensor, theta: Tensor, people: int = 1) -> float:
    """E sum_h r_l over all courses, exactly."""
    played, setting = every_course(game, phi, theta, people)
    seen, _ = value_and_gradients(game, played, setting, phi.requires_grad_(), (), lambda e: [])
    p = probability(game, seen)
    assert float(p.sum()) == pytest.approx(1.0, abs=1e-10)
    return float((p * seen.reward.detach().sum(0)).sum())


def probability(game: CrowdModel, seen: Evaluated) -> Tensor:
    """Of each course: densities times the area that each candidate stands for, here equal."""
    area = seen.known.sum((0, 2)) * game.candidates.log_area[0]
    return (seen.log_pi.detach().sum(0) + area).exp()


def three(people: int = 1) -> CrowdModel:
    """Three candidates of equal area, two decisions, two steps ahead."""
    scenario = short(load_scenario("crossing", people=people), 2)
    minded = (*scenario.person.features[:3], FeatureSpec("person_proximity", 0.6))
    scenario = replace(scenario, person=replace(scenario.person, features=minded))
    velocity = torch.tensor([[0.0, 1.2], [0.7, 0.3], [-0.5, -0.2]]).double()
    candidates = Candidates(velocity, torch.full((3,), 0.4).double())
    policy = InteractionPolicy(scenario.robot, hidden=4)
    return CrowdModel(scenario, policy, candidates, "cpu", torch.float64)
