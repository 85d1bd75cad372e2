"""Where episodes start: within the spreads, and free of walls and each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.person import FeatureSpec, Person
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.starts import PersonStart, RobotStart, Starts
from bisirl_ros.errors import InputError

from .conftest import EMPTY

PERSON, ROBOT = Person((FeatureSpec("progress"),)), Robot()
WIDE = PersonStart((0.0, 0.0), ((3.0, 0.0), (0.0, 3.0)), (0.3, 0.4), spread=(1.5, 1.5))
ONE_GOAL = PersonStart((0.5, 0.5), ((9.0, 0.0),), spread=(1.5, 1.5))
CLOSE = Starts(
    RobotStart((0.2, 0.1, 0.5), (4.0, 0.0), (1.0, 0.5, 0.3), (0.5, 0.25)), (WIDE, ONE_GOAL)
)


def sample(starts: Starts, count: int = 400, room: Room = EMPTY) -> Situation:
    return starts.sample(count, np.random.default_rng(0), ROBOT, PERSON, room)


def test_all_is_within_its_spread_and_uses_it() -> None:
    now = sample(CLOSE)
    centre = torch.tensor([0.2, 0.1, 0.5, 0.0, 0.0, 0.0]).double()
    reach = torch.tensor([1.0, 0.5, 0.3, 0.0, 0.0, 0.0]).double()
    off = (now.robot - centre).abs()
    assert (off <= reach + 1e-7).all() and (off.amax(0) >= 0.9 * reach).all()
    goal = (now.aims.robot_goal - torch.tensor([4.0, 0.0])).abs()
    assert (goal <= torch.tensor([0.5, 0.25]) + 1e-7).all() and float(goal[:, 0].max()) > 0.45
    assert float(now.people[:, 0, :2].abs().max()) <= 1.5
    assert now.people[:, 0, 2:].unique(dim=0).tolist() == [[0.3, 0.4]]
    assert now.present.all()


def test_nobody_starts_in_collision() -> None:
    room = Room.of(walls=((-0.5, -3.0, -0.5, 3.0),))
    now = sample(CLOSE, room=room)
    places = torch.cat([now.robot[:, None, :2], now.people[..., :2]], 1)
    apart = torch.cdist(places, places) + 9.0 * torch.eye(3)
    assert float(apart.min()) >= 0.5
    assert float(room.clearance(places).min()) >= 0.25
    assert float(room.clearance(now.aims.robot_goal).min()) >= ROBOT.radius_m
    free = sample(CLOSE)
    assert not torch.equal(free.people, now.people)


def test_goals_are_filled_up_with_what_is_impossible() -> None:
    aims = sample(CLOSE, 3).aims
    assert aims.goals.shape == (3, 2, 2, 2)
    assert aims.goals[0, 1].tolist() == [[9.0, 0.0], [9.0, 0.0]]
    belief = aims.log_belief.exp()
    assert torch.allclose(belief[0], torch.tensor([[0.5, 0.5], [1.0, 0.0]]).double())


def test_a_path_begins_where_the_robot_is() -> None:
    start = RobotStart((0.0, 0.0, 0.0), (4.0, 0.0), (1.0, 0.5, 0.3), via=((1.0, 2.0), (3.0, 2.0)))
    now = sample(Starts(start, ()), 5)
    assert now.aims.route.shape == (5, 4, 2) and now.count == 0
    assert torch.equal(now.aims.route[:, 0], now.robot[:, :2])
    assert now.aims.route[2, 1:].tolist() == [[1.0, 2.0], [3.0, 2.0], [4.0, 0.0]]


def test_the_same_luck_is_the_same_start(crossing: Scenario) -> None:
    one, same, other = (crossing.sample(4, np.random.default_rng(s)) for s in (1, 1, 2))
    assert torch.equal(one.robot, same.robot) and torch.equal(one.people, same.people)
    assert not torch.equal(one.robot, other.robot)


def test_starts_that_cannot_be_are_refused() -> None:
    on_top = Starts(RobotStart((0.0, 0.0, 0.0), (4.0, 0.0)), (PersonStart((0.2, 0.0), ((1, 1),)),))
    with pytest.raises(InputError, match="in collision"):
        sample(on_top)
    walled = Room.of(walls=((3.9, -1.0, 3.9, 1.0),))
    with pytest.raises(InputError, match="in collision"):
        sample(Starts(RobotStart((0.0, 0.0, 0.0), (4.0, 0.0)), ()), room=walled)
    with pytest.raises(InputError, match="goals is empty"):
        PersonStart((0.0, 0.0), ())
