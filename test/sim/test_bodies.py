"""How bodies move in both backends: drives, walls; the gait's geometry."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario
from bisirl_sim.gait import walking_pose
from bisirl_sim.world import World, make_world

SLACK_M = 0.01
"""How far rigid bodies may sink into a wall."""


def driving(scenario: Scenario, drive: str) -> Scenario:
    return replace(scenario, robot=replace(scenario.robot, drive=drive))


def run(world: World, command: tuple[float, float, float], steps: int) -> np.ndarray:
    """The robot's states (steps, 6) from the origin under one command."""
    world.reset(np.zeros(6), np.zeros((2, 4)))
    world.command_robot(*command)
    states = []
    for _ in range(steps):
        world.step()
        states.append(world.robot_state())
    return np.array(states)


@pytest.mark.parametrize(
    ("drive", "sideways", "turns"),
    [("differential", False, True), ("omni", True, True), ("ackermann", False, False)],
)
def test_what_a_drive_can_do_without_going_forward(
    open_room: Scenario, backend: str, drive: str, sideways: bool, turns: bool
) -> None:
    world = make_world(driving(open_room, drive), backend)
    end = run(world, (0.0, 0.6, 0.0), 200)[-1]
    assert abs(end[0]) < 0.01
    assert end[1] == pytest.approx(0.6 * (2.0 - 0.4) if sideways else 0.0, abs=0.2)
    assert end[4] == pytest.approx(0.6 if sideways else 0.0, abs=0.01)
    end = run(world, (0.0, 0.0, 0.8), 200)[-1]
    assert end[5] == pytest.approx(0.8 if turns else 0.0, abs=0.01)
    np.testing.assert_allclose(end[:2], 0.0, atol=0.02)
    world.close()


def test_ackermann_turns_no_tighter_than_its_circle(open_room: Scenario, backend: str) -> None:
    world = make_world(driving(open_room, "ackermann"), backend, dt_s=0.02)
    states = run(world, (0.3, 0.0, 1.2), 800)[200:]
    radius_m = open_room.robot.turning_radius_m
    for axis in (0, 1):
        width_m = np.ptp(states[:, axis])
        assert width_m == pytest.approx(2.0 * radius_m, rel=0.03)
    world.close()


@pytest.mark.parametrize(
    "command", [(0.8, 0.0, 0.0), (0.6, 0.4, 0.5), (0.0, 0.0, 0.5), (1.0, -1.0, -1.2)]
)
def test_bullet_tracks_the_kinematic_robot(
    open_room: Scenario, drive: str, command: tuple[float, float, float]
) -> None:
    pytest.importorskip("pybullet")
    ends = []
    for backend in ("bullet", "kinematic"):
        world = make_world(driving(open_room, drive), backend)
        ends.append(run(world, command, 400)[-1])
        world.close()
    assert np.linalg.norm(ends[0][:2] - ends[1][:2]) < 0.05
    assert math.cos(ends[0][2] - ends[1][2]) > math.cos(0.02)
    np.testing.assert_allclose(ends[0][3:], ends[1][3:], atol=0.02)


def test_speed_and_acceleration_stay_within_the_limits(
    open_room: Scenario, backend: str, drive: str
) -> None:
    scenario = driving(open_room, drive)
    world, robot = make_world(scenario, backend), scenario.robot
    twists = run(world, (9.0, -9.0, -9.0), 300)[:, 3:]
    give = 1e-9 if backend == "kinematic" else 0.15
    most = (robot.max_acceleration, robot.max_acceleration, robot.max_turn_acceleration)
    change = np.abs(np.diff(twists, axis=0)) / world.dt_s
    assert np.all(change[:, [0, 2]].max(axis=0) <= np.array(most)[[0, 2]] * (1.0 + give))
    assert np.linalg.norm(twists[-1, :2]) == pytest.approx(robot.max_speed, rel=0.02)
    assert twists[-1, 2] == pytest.approx(-robot.max_turn_rate, rel=0.02)
    world.close()


def test_everybody_walks_on_their_own(open_room: Scenario, backend: str) -> None:
    world = make_world(replace(open_room, people=3), backend)
    began = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.5, 0.0], [0.0, 2.0, 0.0, 0.0]])
    targets, lag_s = np.array([[1.0, 0.0], [0.0, 0.0], [-0.5, 0.7]]), open_room.person.lag_s
    world.reset(np.array([3.0, -3.0, 0.0, 0.0, 0.0, 0.0]), began)
    for index, target in enumerate(targets):
        world.command_person(index, *target)
    for _ in range(100):
        world.step()
    decay = math.exp(-1.0 / lag_s)
    short = began[:, 2:] - targets
    place = began[:, :2] + targets + short * lag_s * (1.0 - decay)
    expected = np.concatenate([place, targets + short * decay], -1)
    np.testing.assert_allclose(world.people_state(), expected, atol=1e-9)
    world.close()


def test_walls_stop_the_robot_and_turn_people(gap: Scenario, backend: str, drive: str) -> None:
    scenario = driving(gap, drive)
    world = make_world(scenario, backend)
    people = np.array([[-1.0, 2.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]])
    world.reset(np.array([-1.0, -2.0, 0.0, 0.0, 0.0, 0.0]), people)
    world.command_robot(1.0, 0.0, 0.0)
    world.command_person(0, 1.0, 0.5)
    for _ in range(300):
        world.step()
    robot, person = world.robot_state(), world.people_state()[0]
    assert robot[0] == pytest.approx(-scenario.robot.radius_m, abs=2 * SLACK_M)
    assert abs(robot[3]) < 0.05
    assert person[0] == pytest.approx(-scenario.person.radius_m, abs=1e-3)
    assert abs(person[2]) < 1e-3
    assert person[1] > 2.5, "they slide along the wall"
    world.command_robot(-0.5, 0.0, 0.0)
    for _ in range(100):
        world.step()
    assert world.robot_state()[0] < robot[0] - 0.2, "the robot can leave the wall"
    world.close()


def test_nobody_is_ever_inside_a_wall(gap: Scenario, backend: str, drive: str) -> None:
    scenario = driving(replace(gap, time_limit_s=3.0), drive)
    world, rng = make_world(scenario, backend, dt_s=0.05), np.random.default_rng(5)
    starts = scenario.sample(20, rng)
    least_robot, least_person, touched = np.inf, np.inf, 0
    for robot, people in zip(starts.robot.numpy(), starts.people.numpy(), strict=True):
        aimed = robot.copy()  # near the wall, so that most of them run into it
        aimed[:3] = rng.choice((-0.6, 0.6)), rng.uniform(-3.5, 3.5), rng.uniform(-3.0, 3.0)
        people[:, 0] = rng.choice((-0.5, 0.5), 2)
        world.reset(aimed, people)
        world.command_robot(*rng.uniform(-1.5, 1.5, 3))
        for index in range(2):
            world.command_person(index, *rng.uniform(-1.5, 1.5, 2))
        for _ in range(30):
            world.step()
            room = scenario.room
            own = float(room.clearance(room.walls.new_tensor(world.robot_state()[:2])))
            others = room.clearance(room.walls.new_tensor(world.people_state()[:, :2]))
            least_robot, least_person = (
                min(least_robot, own),
                min(least_person, float(others.min())),
            )
            touched += own < scenario.robot.radius_m + SLACK_M
    assert touched > 20, "they do run into it"
    assert least_robot >= scenario.robot.radius_m - SLACK_M - 1e-3
    assert least_person >= scenario.person.radius_m - 1e-3
    world.close()


def test_a_stride_later_the_pose_is_the_same_and_half_a_stride_later_mirrored() -> None:
    now, later = walking_pose(0.7, 1.2), walking_pose(0.7 + math.pi, 1.2)
    for joint in ("hip", "knee", "shoulder", "elbow"):
        assert later.joints[f"left_{joint}"] == pytest.approx(now.joints[f"right_{joint}"])
    assert later.hip_height_m == pytest.approx(now.hip_height_m)
    standing = walking_pose(0.7, 0.0)
    assert standing.joints["left_hip"] == 0.0
    assert standing.hip_height_m > now.hip_height_m
