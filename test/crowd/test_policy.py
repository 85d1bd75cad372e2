"""The interaction policy: what it looks at, and what it can ask for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from bisirl_ros.crowd.aims import Aims, Course, arrived
from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.plane import bodies
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.room import Room
from bisirl_ros.crowd.situation import AWAY_M, Situation

from .conftest import EMPTY, random_phi, situation

PATH = ((-3.0, 0.0), (0.0, 1.0))
WALLED = Room.of(walls=((-3.0, 1.5, 3.0, 1.5),), discs=((1.0, -1.0, 0.3),))


def anywhere(policy: InteractionPolicy, count: int, people: int, room: Room = EMPTY) -> Situation:
    """Robots, people and paths of three points, all at random; float64."""
    rng = np.random.default_rng(0)
    robot = np.concatenate([rng.uniform(-2, 2, (count, 2)), rng.uniform(-4, 4, (count, 4))], 1)
    velocity = policy.robot.admissible(torch.from_numpy(robot[:, 3:]))
    route = torch.from_numpy(rng.uniform(-4, 4, (count, 3, 2)))
    goals = torch.from_numpy(rng.uniform(-4, 4, (count, people, 1, 2)))
    return Situation(
        torch.cat([torch.from_numpy(robot[:, :3]), velocity], 1),
        torch.from_numpy(rng.uniform(-2, 2, (count, people, 4))),
        torch.ones((count, people), dtype=torch.bool),
        Aims(route, goals, torch.zeros((count, people, 1)).double()),
        room,
    )


@pytest.fixture(params=DRIVES)
def policy(request: pytest.FixtureRequest) -> InteractionPolicy:
    return InteractionPolicy(Robot(drive=request.param), hidden=8)


def test_phi_is_cut_into_layers_without_rest(policy: InteractionPolicy) -> None:
    h, c = 8, len(policy.robot.columns)
    assert policy.size == 4 * h + h + (3 + c) * h + 2 * h + h + h * c + c
    phi = torch.arange(policy.size, dtype=torch.float64)
    weights = policy.weights(phi)
    parts = [getattr(weights, name) for name in weights.__dataclass_fields__]
    assert torch.equal(torch.cat([part.flatten() for part in parts]), phi)
    assert policy.initial(torch.Generator().manual_seed(0)).shape == (policy.size,)


def test_before_learning_it_seeks_its_goal_and_ignores_people_and_walls() -> None:
    policy = InteractionPolicy(Robot())
    phi = policy.initial(torch.Generator().manual_seed(0)).double()
    robot = (-2.5, 0.0, 0.3, 0.8, 0.0, 0.0)
    command = policy(phi, situation(robot, [[-1.8, 0.0, 0.0, 1.0]], room=WALLED))
    assert torch.equal(command, policy(phi, situation(robot, [[9.0, 9.0, 0.0, 0.0]])))
    assert torch.allclose(command, policy(phi, situation(robot)))
    assert float(command[0, 0]) == pytest.approx(0.8 * policy.robot.max_speed, rel=0.03)
    assert float(command[0, 2]) < 0.0  # the goal is to its right
    straight = policy(phi, situation((-2.5, 0.0, 0.0, 0.8, 0.0, 0.0)))
    assert float(straight[0, 0]) == pytest.approx(0.8 * policy.robot.max_speed, rel=1e-3)


@pytest.mark.parametrize("drive", ["differential", "omni"])
def test_before_learning_it_reaches_goals_anywhere(drive: str) -> None:
    robot, rng = Robot(drive=drive), np.random.default_rng(0)
    policy, count = InteractionPolicy(robot), 100
    phi = policy.initial(torch.Generator().manual_seed(0)).double()
    far, around = 4.0 * np.sqrt(rng.random(count)), rng.uniform(-math.pi, math.pi, (2, count))
    goal = torch.from_numpy(np.stack([far * np.cos(around[0]), far * np.sin(around[0])], -1))
    state = torch.zeros((count, 6), dtype=torch.float64)
    state[:, 2] = torch.from_numpy(around[1])
    aims = Aims(goal[:, None], torch.zeros((count, 0, 1, 2)), torch.zeros((count, 0, 1)))
    nobody, present = torch.zeros((count, 0, 4)).double(), torch.ones((count, 0)).bool()
    there = torch.zeros(count, dtype=torch.bool)
    for _ in range(400):
        command = policy(phi, Situation(state, nobody, present, aims, EMPTY))
        state = robot.step(state, command, 0.05, EMPTY)
        there |= arrived(state[:, :2], goal, robot.goal_tolerance_m)
    assert int(there.sum()) >= 98
    stayed = arrived(state[:, :2], goal, 2.0 * robot.goal_tolerance_m)
    assert int(stayed.sum()) >= 98


def test_it_follows_its_path_before_learning() -> None:
    robot = Robot()
    policy = InteractionPolicy(robot)
    phi = policy.initial(torch.Generator().manual_seed(0)).double()
    corner = ((0.0, 0.0), (3.0, 0.0), (3.0, 3.0))
    now = situation((0.0, 0.0, 0.0, 0.0, 0.0, 0.0), route=corner[:2], goal=corner[2])
    path = Room.of(walls=((0.0, 0.0, 3.0, 0.0), (3.0, 0.0, 3.0, 3.0)))
    for _ in range(300):
        now = now.with_bodies(robot.step(now.robot, policy(phi, now), 0.05, EMPTY), now.people)
        assert float(path.clearance(now.robot[:, :2])) < 0.5
    assert arrived(now.robot[:, :2], now.aims.robot_goal, robot.goal_tolerance_m).all()


@pytest.mark.parametrize("people", [0, 1, 3])
def test_whatever_the_parameters_the_drive_can_do_it(
    policy: InteractionPolicy, people: int
) -> None:
    for scale in (0.5, 5.0):
        now = anywhere(policy, 300, people, WALLED)
        command = policy(random_phi(policy, scale), now)
        assert torch.allclose(policy.robot.admissible(command), command, atol=1e-9)
        assert command.shape == (300, 3) and torch.isfinite(command).all()
    if policy.robot.drive == "differential":
        assert float(command[:, 0].min()) >= 0.0  # forwards only


def test_it_stops_at_the_goal_whatever_it_has_learned(policy: InteractionPolicy) -> None:
    there = situation((2.5, 0.0, 0.4, 0.0, 0.0, 0.0), [[3.0, 0.5, 0.0, 0.0]])
    assert float(policy(random_phi(policy, 3.0), there).abs().max()) < 1e-6


def test_the_order_of_people_does_not_matter(policy: InteractionPolicy) -> None:
    phi, now = random_phi(policy), anywhere(policy, 20, 3)
    turned = now.people[:, [2, 0, 1]]
    assert torch.allclose(policy(phi, now), policy(phi, now.with_bodies(now.robot, turned)))
    other = policy(phi, now.with_bodies(now.robot, now.people + 0.3))
    assert not torch.allclose(policy(phi, now), other, atol=1e-3)


def without(now: Situation, kept: list[int]) -> Situation:
    aims = Aims(now.aims.route, now.aims.goals[:, kept], now.aims.log_belief[:, kept])
    return Situation(now.robot, now.people[:, kept], now.present[:, kept], aims, now.room)


def test_whoever_is_absent_changes_nothing(policy: InteractionPolicy) -> None:
    phi, now = random_phi(policy), anywhere(policy, 20, 3)
    for kept in ([0, 2], [1], []):
        present = torch.zeros((20, 3), dtype=torch.bool)
        present[:, kept] = True
        absent = policy(phi, replace(now, present=present))
        assert torch.allclose(absent, policy(phi, without(now, kept)), atol=1e-12)


def test_nobody_is_like_everybody_far_away(policy: InteractionPolicy) -> None:
    phi, now = random_phi(policy), anywhere(policy, 20, 2)
    far = now.people.clone()
    far[..., :2] = AWAY_M
    nobody = policy(phi, without(now, []))
    assert torch.allclose(policy(phi, now.with_bodies(now.robot, far)), nobody, atol=1e-9)


def test_one_person_alone_is_one_of_many(policy: InteractionPolicy) -> None:
    """The quick way for one person is the sum over units."""
    phi, now = random_phi(policy), anywhere(policy, 20, 1, WALLED)
    weights, motion = policy.weights(phi), policy.robot.motion(now.robot)
    course, (place, velocity) = Course.of(now.aims.route), bodies(now.people)
    quick = policy.velocity(weights, motion, place, velocity, course, WALLED)
    outlook = policy.outlook(weights, motion, course, WALLED)
    units = policy.units(weights, outlook, motion.place, place, velocity)
    summed = policy.command(weights, outlook, torch.tanh(outlook.base) + units.sum(1))
    assert torch.allclose(quick, summed, atol=1e-12)


def moved(points: Tensor, angle: float, shift: Tensor) -> Tensor:
    turn = torch.tensor(
        [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    ).double()
    return points @ turn + shift


def test_where_the_world_began_does_not_matter(policy: InteractionPolicy) -> None:
    """Robot, people, path and walls moved and turned together, it asks for the same."""
    phi, angle, shift = random_phi(policy), 0.7, torch.tensor([3.0, -5.0]).double()
    for people in (0, 1, 3):
        now = anywhere(policy, 50, people, WALLED)
        robot = now.robot.clone()
        robot[:, :2], robot[:, 2] = moved(robot[:, :2], angle, shift), robot[:, 2] + angle
        places, speeds = now.people.split(2, -1)
        bodies_there = torch.cat([moved(places, angle, shift), moved(speeds, angle, 0 * shift)], -1)
        route = moved(now.aims.route, angle, shift)
        discs = torch.cat([moved(WALLED.discs[:, :2], angle, shift), WALLED.discs[:, 2:]], -1)
        there = Situation(
            robot,
            bodies_there,
            now.present,
            Aims(route, now.aims.goals, now.aims.log_belief),
            Room(moved(WALLED.walls, angle, shift), discs),
        )
        assert torch.allclose(policy(phi, now), policy(phi, there), atol=1e-9)


def test_walls_are_looked_at_once_it_has_learned_to(policy: InteractionPolicy) -> None:
    phi = random_phi(policy)
    open_floor, walled = anywhere(policy, 20, 0), anywhere(policy, 20, 0, WALLED)
    assert not torch.allclose(policy(phi, open_floor), policy(phi, walled), atol=1e-3)
