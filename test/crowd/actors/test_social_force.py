"""Social forces: the laws of Moussaid et al. 2009, and scenes they are known to solve."""

from __future__ import annotations

import math

import pytest
import torch

from bisirl_ros.crowd.actors import GoalWalkers
from bisirl_ros.crowd.actors.forces import SocialForces
from bisirl_ros.crowd.actors.social_force import SocialForce
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario

from ..conftest import situation
from .conftest import FAR, live, ring

LUCK = torch.tensor([[0.3]]).double()
CLOSING = torch.tensor([1.2, 0.0]).double()


def test_the_interaction_falls_with_distance_over_its_reach() -> None:
    """Straight ahead f = -A exp(-d / B) t, B = gamma |lambda v + e|, but for the bias."""
    forces = SocialForces(bias=0.0)
    off = torch.tensor([[1.0, 0.0], [2.0, 0.0]]).double()
    found = forces.between(off, CLOSING.expand(2, 2))
    reach = 0.35 * (2.0 * 1.2 + 1.0)
    expected = -4.5 * torch.exp(-torch.tensor([1.0, 2.0]).double() / reach)
    assert torch.allclose(found[:, 0], expected)
    assert torch.allclose(found[:, 1], torch.zeros(2).double())


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_they_turn_away_from_the_side_of_the_other(side: float) -> None:
    off = torch.tensor([1.5, 0.3 * side]).double()
    force = SocialForces().between(off, CLOSING)
    assert float(force[1]) * side < -0.1
    mirrored = SocialForces(bias=0.0).between(off * torch.tensor([1.0, -1.0]), CLOSING)
    plain = SocialForces(bias=0.0).between(off, CLOSING)
    assert torch.allclose(mirrored, plain * torch.tensor([1.0, -1.0]))


def test_alone_they_reach_the_preferred_speed_with_their_relaxation_time(
    crossing: Scenario,
) -> None:
    start = situation(FAR, [(0.0, -20.0, 0.0, 0.0)], goals=[[0.0, 20.0]])
    lived = live(crossing, SocialForce(crossing), start, 8)
    speed = torch.stack([s.people[0, 0, 3] for s in lived.states[::8]])
    time_s = 0.4 * torch.arange(9).double()
    expected = 1.2 * (1.0 - torch.exp(-time_s / 0.54))
    assert torch.allclose(speed, expected, atol=0.05)


def test_two_people_head_on_miss_each_other(crossing: Scenario) -> None:
    touching = 2.0 * crossing.person.radius_m
    assert live(crossing, GoalWalkers(crossing, 0.0), ring(2), 25).nearest_pair_m < 0.2
    lived = live(crossing, SocialForce(crossing), ring(2), 25)
    assert lived.nearest_pair_m > touching
    assert float(lived.left_m.max()) < crossing.person.goal_tolerance_m


@pytest.mark.parametrize("count", [5, 8])
def test_people_on_a_circle_miss_each_other(crossing: Scenario, count: int) -> None:
    lived = live(crossing, SocialForce(crossing), ring(count), 30)
    assert lived.nearest_pair_m > 2.0 * crossing.person.radius_m
    assert float(lived.left_m.max()) < crossing.person.goal_tolerance_m


def test_they_make_way_for_a_robot_and_for_its_motion(crossing: Scenario) -> None:
    people, walker = SocialForce(crossing), [(0.0, -2.0, 0.0, 1.2)]
    standing = situation((0.1, 0.0, 0.0, 0.0, 0.0, 0.0), walker)
    lived = live(crossing, people, standing, 14)
    assert float(lived.robot_distance.min()) > crossing.contact_distance_m
    assert float(lived.left_m[0]) < crossing.person.goal_tolerance_m
    coming = situation((-1.5, 0.0, 0.0, 1.0, 0.0, 0.0), walker)
    left = situation((-1.5, 0.0, math.pi, 1.0, 0.0, 0.0), walker)
    changed = people.act(coming, LUCK) - people.act(left, LUCK)
    assert float(changed.norm()) > 0.1


def test_walls_repel_them(crossing: Scenario) -> None:
    room = Room.of(walls=((0.35, -5.0, 0.35, 5.0),))
    beside = situation(FAR, [(0.0, -2.0, 0.0, 1.2)], room=room)
    assert float(SocialForce(crossing).act(beside, LUCK)[0, 0, 0]) < -0.1
    free = situation(FAR, [(0.0, -2.0, 0.0, 1.2)])
    assert abs(float(SocialForce(crossing).act(free, LUCK)[0, 0, 0])) < 1e-6
