"""ORCA, by pyrvo: its own circle, the robot seen or not, walls, and where it is missing."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.actors import GoalWalkers
from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.actors.orca import Orca
from bisirl_ros.crowd.actors.orca_robot import OrcaRobot
from bisirl_ros.crowd.actors.reciprocal import Agents, Reciprocal
from bisirl_ros.crowd.actors.registry import make_people, make_robot
from bisirl_ros.crowd.episode import Played, play
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

from ..conftest import situation
from .conftest import live, ring

needs_pyrvo = pytest.mark.skipif(
    importlib.util.find_spec("pyrvo") is None, reason="pyrvo is not installed"
)


@needs_pyrvo
@pytest.mark.parametrize("seed", [0, 1])
def test_five_on_a_circle_and_a_robot_do_not_touch(crossing: Scenario, seed: int) -> None:
    """The robot stands where four of them have to go round it."""
    start = ring(5, robot=(0.0, 1.5, 0.0, 0.0, 0.0, 0.0))
    lived = live(crossing, Orca(crossing), start, 60, seed=seed)
    assert lived.nearest_pair_m > 2.0 * crossing.person.radius_m
    assert float(lived.robot_distance.min()) > crossing.contact_distance_m
    assert float(lived.left_m.max()) < crossing.person.goal_tolerance_m
    straight = live(crossing, GoalWalkers(crossing), start, 20)
    assert straight.nearest_pair_m < crossing.person.radius_m


def episodes(scenario: Scenario, robot: object, people: object) -> Played:
    start, rng = scenario.sample(60, np.random.default_rng(0)), np.random.default_rng(1)
    theta = np.zeros((scenario.people, len(scenario.person.features)))
    return play(scenario, robot, people, theta, start, rng)


@needs_pyrvo
def test_people_avoid_the_robot_only_where_they_see_it(crossing: Scenario) -> None:
    seen = episodes(crossing, GoToGoal(crossing), Orca(crossing))
    unseen = episodes(crossing, GoToGoal(crossing), Orca(crossing, sees_robot=False))
    assert seen.collided.mean() < 0.05 and seen.robot_arrived.mean() > 0.9
    assert unseen.collided.mean() > 0.5


@needs_pyrvo
def test_the_robot_avoids_people_who_do_not_avoid_it(crossing: Scenario) -> None:
    careless = episodes(crossing, GoToGoal(crossing), GoalWalkers(crossing))
    careful = episodes(crossing, OrcaRobot(crossing), GoalWalkers(crossing))
    assert careless.collided.mean() > 0.5
    assert careful.collided.mean() < 0.05 and careful.robot_arrived.mean() > 0.95


@needs_pyrvo
@pytest.mark.parametrize(
    "room", [Room.of(walls=((1.0, -2.0, 1.0, 2.0),)), Room.of(discs=((2.0, 0.0, 1.0),))]
)
def test_walls_and_pillars_are_avoided(room: Room) -> None:
    """Somebody runs at it, 0.75 m away: what they choose is free of it for its horizon of 2 s."""
    agents = Agents(
        torch.tensor([[[0.0, 0.0, 1.5, 0.0]]]).double(),
        torch.tensor([[[1.5, 0.0]]]).double(),
        torch.tensor([[True]]),
        (0.25,),
        (1.8,),
    )
    free = Reciprocal(0.4, margin_m=0.0).velocity(agents, Room.of())
    assert torch.allclose(free[0, 0], torch.tensor([1.5, 0.0]).double(), atol=1e-5)
    held = Reciprocal(0.4, margin_m=0.0).velocity(agents, room)
    path = torch.linspace(0.0, 2.0, 50).double()[:, None] * held[0, 0]
    assert float(room.clearance(path).min()) > 0.25 - 0.01
    assert float(room.clearance(2.0 * free[0, 0])) < 0.0 or 2.0 * float(free[0, 0, 0]) > 1.0


@needs_pyrvo
def test_luck_breaks_ties_and_repeats(crossing: Scenario) -> None:
    people, now = Orca(crossing), situation((9.0, 9.0, 0, 0, 0, 0), [(0.0, -1.0, 0.0, 1.0)])
    one, two = torch.tensor([[0.1]]).double(), torch.tensor([[0.6]]).double()
    assert torch.equal(people.act(now, one), people.act(now, one))
    assert not torch.equal(people.act(now, one), people.act(now, two))


def test_without_pyrvo_it_says_what_to_do(
    crossing: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrvo", None)
    policy, theta = InteractionPolicy(crossing.robot), np.ones((1, 4))
    with pytest.raises(InputError, match="pip install pyrvo") as raised:
        make_people("orca", crossing, policy, theta)
    assert "\n" not in str(raised.value)
    with pytest.raises(InputError, match="pip install pyrvo"):
        make_robot("orca_robot", crossing)
    make_people("social_force", crossing, policy, theta)
