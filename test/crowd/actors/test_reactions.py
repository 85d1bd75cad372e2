"""HuNavSim's reactions: each against the regular person in the same scenes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.actors.go_to_goal import GoToGoal
from bisirl_ros.crowd.actors.reactions import (
    Curious,
    Impassive,
    Regular,
    Scared,
    Surprised,
    Threatening,
    sees_robot,
)
from bisirl_ros.crowd.episode import play
from bisirl_ros.crowd.plane import robot_as_body
from bisirl_ros.crowd.scenario import Scenario

from ..conftest import situation
from .conftest import live

LUCK = torch.tensor([[0.3]]).double()
STILL = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def nearest(scenario: Scenario, people: object, count: int = 100) -> np.ndarray:
    """How near each of many episodes brings them to a robot that goes to its goal: (count,) [m]."""
    start, rng = scenario.sample(count, np.random.default_rng(0)), np.random.default_rng(1)
    theta = np.zeros((scenario.people, len(scenario.person.features)))
    return play(scenario, GoToGoal(scenario), people, theta, start, rng).min_distance_m


def test_who_walks_sees_what_is_ahead_and_who_stands_everything() -> None:
    people = [(-2.0, 0.0, 1.0, 0.0), (-2.0, 0.0, -1.0, 0.0), (-2.0, 0.0, 0.0, 0.0)]
    now = situation(STILL, people)
    assert sees_robot(now, 4.0).tolist() == [[True, False, True]]
    assert sees_robot(now, 1.9).tolist() == [[False, False, False]]
    angles = torch.tensor([99.0, 101.0]).deg2rad()
    walking = [(-2.0, 0.0, math.cos(a), math.sin(a)) for a in angles.tolist()]
    assert sees_robot(situation(STILL, walking), 4.0).tolist() == [[True, False]]


def test_scared_people_keep_further_away(crossing: Scenario) -> None:
    scared, regular = (nearest(crossing, kind(crossing)) for kind in (Scared, Regular))
    assert np.median(scared) > np.median(regular) + 0.4
    assert (scared > regular).mean() > 0.9


def test_curious_people_leave_their_way_to_look_at_a_robot(crossing: Scenario) -> None:
    """It stands 4 m beside their way: a regular person passes it by."""
    start = situation((4.0, 0.0, 0.0, 0.0, 0.0, 0.0), [(0.0, -3.0, 0.0, 1.0)])
    curious = live(crossing, Curious(crossing), start, 40).robot_distance
    regular = live(crossing, Regular(crossing), start, 40).robot_distance
    assert float(regular.min()) > 3.5
    assert 1.2 < float(curious.min()) < 1.7
    assert float(curious[-1]) < 1.7, "and stay"


def test_threatening_people_get_in_the_robots_way(crossing: Scenario) -> None:
    """Somebody stands aside of the way of a robot that comes along."""
    start = situation((-2.5, 0.0, 0.0, 0.0, 0.0, 0.0), [(-0.5, 2.0, 0.0, 0.0)], goals=[[-0.5, 5.0]])
    driver, ahead = GoToGoal(crossing), {}
    for kind in (Threatening, Regular):
        lived = live(crossing, kind(crossing), start, 6, driver)
        off = lived.last.people[0, 0, :2] - lived.last.robot[0, :2]
        ahead[kind] = (float(off[0]), abs(float(off[1])))
    assert 0.3 < ahead[Threatening][0] < 1.6 and ahead[Threatening][1] < 0.4
    assert ahead[Regular][1] > 1.5


def test_threatening_people_stand_before_a_robot_that_stands(crossing: Scenario) -> None:
    """It looks along y: the place is 1.1 m before it, not beside."""
    turned = (0.0, 0.0, math.pi / 2.0, 0.0, 0.0, 0.0)
    lived = live(crossing, Threatening(crossing), situation(turned, [(2.0, 1.0, 0.0, 0.0)]), 15)
    assert torch.allclose(lived.last.people[0, 0, :2], torch.tensor([0.0, 1.1]).double(), atol=0.1)


def test_surprised_people_stop_while_the_robot_is_near(crossing: Scenario) -> None:
    near = situation((2.0, 0.0, 0.0, 0.0, 0.0, 0.0), [(0.0, -1.0, 0.0, 1.0)])
    lived = live(crossing, Surprised(crossing), near, 20)
    assert float(lived.last.people[0, 0, 2:].norm()) < 1e-3
    assert float(lived.left_m[0]) > 3.0
    far = situation((5.5, 0.0, 0.0, 0.0, 0.0, 0.0), [(0.0, -1.0, 0.0, 1.0)])
    assert float(live(crossing, Surprised(crossing), far, 20).left_m[0]) < 0.8


def test_impassive_people_ignore_how_the_robot_moves(crossing: Scenario) -> None:
    walker = [(0.0, -1.2, 0.0, 1.2)]
    moving = situation((-0.5, 0.0, 0.0, 1.0, 0.0, 0.0), walker)
    standing = situation((-0.5, 0.0, 0.0, 0.0, 0.0, 0.0), walker)
    gone = situation((9.0, 9.0, 0.0, 0.0, 0.0, 0.0), walker)
    impassive, regular = Impassive(crossing), Regular(crossing)
    assert torch.equal(impassive.act(moving, LUCK), impassive.act(standing, LUCK))
    assert not torch.equal(impassive.act(moving, LUCK), impassive.act(gone, LUCK))
    assert float((regular.act(moving, LUCK) - regular.act(standing, LUCK)).norm()) > 0.1


def test_impassive_people_let_the_robot_come_near(crossing: Scenario) -> None:
    contact = crossing.contact_distance_m
    hit = {k: (nearest(crossing, k(crossing)) < contact).mean() for k in (Impassive, Regular)}
    assert hit[Impassive] > hit[Regular] + 0.3


@pytest.mark.parametrize("kind", [Surprised, Curious, Scared, Threatening])
def test_whoever_does_not_see_the_robot_walks_on(crossing: Scenario, kind: type) -> None:
    behind = situation((0.0, -2.8, 0.0, 0.0, 0.0, 0.0), [(0.0, -1.0, 0.0, 1.2)])
    alone = situation((90.0, 90.0, 0.0, 0.0, 0.0, 0.0), [(0.0, -1.0, 0.0, 1.2)])
    assert torch.equal(kind(crossing).act(behind, LUCK), kind(crossing).act(alone, LUCK))
    seen = situation((0.0, 0.5, 0.0, 0.0, 0.0, 0.0), [(0.0, -1.0, 0.0, 1.2)])
    assert not torch.equal(kind(crossing).act(seen, LUCK), kind(crossing).act(alone, LUCK))


def test_a_robots_velocity_is_turned_into_the_fixed_frame() -> None:
    body = robot_as_body(torch.tensor([[1.0, 2.0, math.pi / 2.0, 0.5, 0.2, 0.0]]).double())
    assert torch.allclose(body, torch.tensor([[1.0, 2.0, -0.2, 0.5]]).double())
