"""The scenarios that come along: all can be read, started and imagined, with any drive."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.evaluated import rewards
from bisirl_ros.crowd.model import CrowdModel
from bisirl_ros.crowd.outcome import min_distance_m
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.crowd.true_weights import true_weights

EPISODES = 40
DRAWS = 200


@pytest.mark.parametrize("name", scenario_names())
def test_nobody_starts_in_a_collision(name: str) -> None:
    scenario = load_scenario(name)
    start = scenario.sample(DRAWS, np.random.default_rng(0))
    places, room = start.people[..., :2], scenario.room
    assert (min_distance_m(start) >= scenario.contact_distance_m).all()
    assert (room.clearance(start.robot[:, :2]) >= scenario.robot.radius_m).all()
    assert (room.clearance(places) >= scenario.person.radius_m).all()
    far = 1e3 * torch.eye(start.count, dtype=places.dtype)
    assert (torch.cdist(places, places) + far >= 2.0 * scenario.person.radius_m).all()


@pytest.mark.parametrize("name", scenario_names())
def test_nobody_has_arrived_at_the_start(name: str) -> None:
    scenario = load_scenario(name)
    start = scenario.sample(DRAWS, np.random.default_rng(0))
    to_go = (start.people[..., None, :2] - start.aims.goals).norm(dim=-1)
    assert (to_go > scenario.person.goal_tolerance_m).all()
    left = (start.robot[:, :2] - start.aims.robot_goal).norm(dim=-1)
    assert (left > scenario.robot.goal_tolerance_m).all()


@pytest.mark.parametrize("name", scenario_names())
def test_two_seeds_meet_different_kinds_of_people(name: str) -> None:
    scenario = load_scenario(name)
    if len(scenario.population) > 1:
        usual = [true_weights(scenario, spread=0.0, seed=seed) for seed in range(2)]
        assert (usual[0] != usual[1]).any(-1).all()


@pytest.mark.parametrize("drive", sorted(DRIVES))
@pytest.mark.parametrize("name", scenario_names())
@torch.no_grad()
def test_every_drive_is_imagined_in_it(name: str, drive: str) -> None:
    scenario, rng = load_scenario(name, drive=drive), np.random.default_rng(0)
    policy = InteractionPolicy(scenario.robot)
    model = CrowdModel(scenario, policy, gauss_disc(scenario.person.max_speed, 3, 7))
    start = model.starts(EPISODES, rng)
    setting = model.setting(start, start.aims.likeliest, model.tensor(true_weights(scenario)))
    luck = model.tensor(rng.random((scenario.episode_decisions, EPISODES, start.count)))
    phi = policy.initial(torch.Generator().manual_seed(0))
    played = model.imagine(phi, start, setting, luck)
    earned = rewards(model, played, setting)
    assert earned.shape == (scenario.episode_decisions, EPISODES)
    assert torch.isfinite(earned).all() and torch.isfinite(played.people).all()
    gone = (played.robot[-1, :, :2] - played.robot[0, :, :2]).norm(dim=-1)
    assert (gone > 0.1).all() and (played.people[-1] != played.people[0]).any()
