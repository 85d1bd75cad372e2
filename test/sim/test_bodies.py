"""The bodies' motion against analytic answers and limits; the gait's geometry."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import ObstacleSpec, Scenario
from bisirl_ros.errors import InputError
from bisirl_sim.gait import walking_pose
from bisirl_sim.kinematic import KinematicWorld
from bisirl_sim.obstacles import Obstacles
from bisirl_sim.world import make_world


@pytest.mark.parametrize("dt_s", [0.002, 0.01, 0.1])
def test_walker_is_the_analytic_lag_for_any_step(open_room: Scenario, dt_s: float) -> None:
    world = KinematicWorld(open_room, dt_s=dt_s)
    p0, v0, u, lag = np.array([0.3, -2.0]), np.array([0.7, -0.4]), np.array([-0.5, 1.2]), 0.3
    world.reset((-3.0, 0.0, 0.0), (*p0, *v0))
    world.command_human(*u)
    for _ in range(round(1.0 / dt_s)):
        world.step()
    decay = math.exp(-1.0 / lag)
    expected = (*(p0 + u + (v0 - u) * lag * (1 - decay)), *(u + (v0 - u) * decay))
    np.testing.assert_allclose(world.human_state(), expected, atol=1e-12)


def test_walker_target_is_clipped_to_top_speed_and_keeps_direction(open_room: Scenario) -> None:
    world = KinematicWorld(open_room)
    world.command_human(30.0, 40.0)
    for _ in range(500):
        world.step()
    top = open_room.human.max_speed
    np.testing.assert_allclose(world.human_state()[2:], (0.6 * top, 0.8 * top), atol=1e-6)


def test_robot_respects_speed_and_acceleration_limits(open_room: Scenario) -> None:
    world, spec = KinematicWorld(open_room), open_room.robot
    world.command_robot(9.0, -9.0)
    speeds = []
    for _ in range(400):
        world.step()
        speeds.append(world.robot_state()[3:])
    change = np.abs(np.diff(speeds, axis=0)) / world.dt_s
    assert np.all(change <= (spec.max_acceleration + 1e-9, spec.max_turn_acceleration + 1e-9))
    assert change[:, 0].max() == pytest.approx(spec.max_acceleration)
    np.testing.assert_allclose(speeds[-1], (spec.max_speed, -spec.max_turn_rate), rtol=1e-6)


def test_robot_closes_a_circle(open_room: Scenario) -> None:
    world = KinematicWorld(open_room, dt_s=0.05)
    turn_rate = math.tau / 10.0
    world.command_robot(0.5, turn_rate)
    for _ in range(200):
        world.step()
    before = world.robot_state()
    for _ in range(200):
        world.step()
    np.testing.assert_allclose(world.robot_state(), before, atol=1e-6)


@pytest.mark.parametrize("command", ["command_robot", "command_human"])
@pytest.mark.parametrize("backend", ["kinematic", "bullet"])
def test_commands_that_are_not_finite_are_refused(
    open_room: Scenario, backend: str, command: str
) -> None:
    if backend == "bullet":
        pytest.importorskip("pybullet")
    world = make_world(open_room, backend)
    with pytest.raises(InputError, match="finite"):
        getattr(world, command)(math.nan, 0.0)
    world.close()


def test_clearance_of_a_box_and_a_cylinder() -> None:
    box = ObstacleSpec(shape="box", center=(1.0, 0.0), size=(2.0, 1.0))
    post = ObstacleSpec(shape="cylinder", center=(-3.0, 0.0), size=(0.4, 0.4))
    room = Obstacles((box, post))
    for place, gap, normal in (
        ((2.5, 0.0), 0.5, (1.0, 0.0)),
        ((2.3, 0.9), 0.5, (0.6, 0.8)),
        ((1.0, 0.45), -0.05, (0.0, 1.0)),
        ((-3.0, -1.0), 0.8, (0.0, -1.0)),
    ):
        found = room.clearance(*place, radius_m=0.0)
        assert found[0] == pytest.approx(gap)
        assert found[1] == pytest.approx(normal)
    assert Obstacles(()).clearance(0.0, 0.0, 1.0)[0] == math.inf


@pytest.mark.parametrize("backend", ["kinematic", "bullet"])
def test_obstacles_stop_the_robot_and_turn_the_person(crossing: Scenario, backend: str) -> None:
    if backend == "bullet":
        pytest.importorskip("pybullet")
    wall = ObstacleSpec(shape="box", center=(0.0, 2.0), size=(8.0, 1.0))
    world = make_world(replace(crossing, obstacles=(wall,)), backend)
    world.reset((-2.0, 0.5, math.pi / 2), (0.0, 0.5, 0.0, 0.0))
    world.command_robot(1.0, 0.0)
    world.command_human(0.5, 1.0)
    for _ in range(300):
        world.step()
    robot, human = world.robot_state(), world.human_state()
    assert robot[1] == pytest.approx(1.5 - crossing.robot.radius_m, abs=0.02)
    assert robot[3] == pytest.approx(0.0, abs=0.02)
    assert human[1] == pytest.approx(1.5 - crossing.human.radius_m, abs=1e-9)
    assert human[3] == 0.0
    assert human[0] > 1.0, "the person slides along the wall"
    world.command_robot(-0.5, 0.0)
    for _ in range(100):
        world.step()
    assert world.robot_state()[1] < robot[1] - 0.2, "the robot can leave the wall"
    world.close()


def test_a_stride_later_the_pose_is_the_same_and_half_a_stride_later_mirrored() -> None:
    now, later = walking_pose(0.7, 1.2), walking_pose(0.7 + math.pi, 1.2)
    for joint in ("hip", "knee", "shoulder", "elbow"):
        assert later.joints[f"left_{joint}"] == pytest.approx(now.joints[f"right_{joint}"])
    assert later.hip_height_m == pytest.approx(now.hip_height_m)
    standing = walking_pose(0.7, 0.0)
    assert standing.joints["left_hip"] == 0.0
    assert standing.hip_height_m > now.hip_height_m
