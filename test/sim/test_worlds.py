"""What every world does, the choice of backend, and the backends against each other."""

from __future__ import annotations

import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from importlib import resources

import numpy as np
import pytest
import torch

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError
from bisirl_sim.kinematic import KinematicWorld
from bisirl_sim.world import make_world

ROBOT = np.array([-3.2, 0.0, 0.0, 0.0, 0.0, 0.0])
PEOPLE = np.array([[0.0, -3.8, 0.0, 0.9], [1.5, 3.8, 0.3, -0.9]])


def test_light_modules_load_neither_simulator_nor_ros() -> None:
    code = (
        "import sys, bisirl_sim; assert 'numpy' not in sys.modules;"
        "import bisirl_sim.world, bisirl_sim.episode, bisirl_sim.tracker, bisirl_sim.kinematic;"
        "print({'pybullet', 'gymnasium', 'matplotlib', 'rclpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_pybullet_auto_is_kinematic_and_bullet_is_refused(
    open_room: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pybullet", None)
    assert make_world(open_room).backend == "kinematic"
    for options in ({"backend": "bullet"}, {"gui": True}):
        with pytest.raises(InputError, match="pip install pybullet"):
            make_world(open_room, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "gazebo"}, "choose one of auto, bullet, kinematic"),
        ({"dt_s": 0.0}, "step in"),
        ({"dt_s": math.nan}, "step in"),
        ({"backend": "kinematic", "gui": True}, "no window"),
    ],
)
def test_bad_options_are_refused(
    open_room: Scenario, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_world(open_room, **options)  # type: ignore[arg-type]


def test_auto_is_bullet_where_installed(open_room: Scenario) -> None:
    pytest.importorskip("pybullet")
    world = make_world(open_room)
    assert world.backend == "bullet"
    world.close()
    world.close()


def test_the_kinematic_world_is_the_models_step(gap: Scenario, drive: str) -> None:
    scenario = replace(gap, robot=replace(gap.robot, drive=drive))
    world, rng = KinematicWorld(scenario, dt_s=0.05), np.random.default_rng(3)
    world.reset(ROBOT + 0.1, PEOPLE)
    robot, people = torch.tensor(ROBOT + 0.1), torch.tensor(PEOPLE)
    robot[3:] = scenario.robot.admissible(robot[3:])
    for _ in range(80):
        command, targets = rng.uniform(-1.0, 1.0, 3), rng.uniform(-1.2, 1.2, (2, 2))
        world.command_robot(*command)
        for index, target in enumerate(targets):
            world.command_person(index, *target)
        world.step()
        robot = scenario.robot.step(robot, torch.tensor(command), 0.05, scenario.room)
        people = scenario.person.step(people, torch.tensor(targets), 0.05, scenario.room)
    found = world.robot_state()
    assert math.cos(found[2] - float(robot[2])) == pytest.approx(1.0, abs=1e-12)
    found[2] = robot[2]
    np.testing.assert_allclose(found, robot.numpy(), atol=1e-12)
    np.testing.assert_allclose(world.people_state(), people.numpy(), atol=1e-12)


def test_nobody_moves_before_the_first_command_and_reset_takes_it_back(
    open_room: Scenario, backend: str
) -> None:
    world = make_world(open_room, backend, dt_s=0.02)
    people = PEOPLE * (1.0, 1.0, 0.0, 0.0)
    for _ in range(2):
        began_s = world.time_s
        world.reset(ROBOT + np.array([0.0, 0.0, 0.6, 0.0, 0.0, 0.0]), people)
        for _ in range(50):
            world.step()
        assert world.time_s == pytest.approx(began_s + 1.0), "the clock never goes back"
        expected = ROBOT + np.array([0.0, 0.0, 0.6, 0.0, 0.0, 0.0])
        np.testing.assert_allclose(world.robot_state(), expected, atol=2e-3)
        np.testing.assert_allclose(world.people_state(), people, atol=1e-12)
        world.command_robot(0.8, 0.0, 0.3)
        world.command_person(1, 1.0, 1.0)
        for _ in range(50):
            world.step()
        assert np.linalg.norm(world.robot_state()[:2] - ROBOT[:2]) > 0.3
        assert np.linalg.norm(world.people_state()[1, :2] - people[1, :2]) > 0.5
    world.close()


def test_the_twist_that_reset_is_given_is_kept(open_room: Scenario, backend: str) -> None:
    world = make_world(open_room, backend)
    world.reset(ROBOT + np.array([0.0, 0.0, 7.0, 0.5, 0.4, 0.2]), PEOPLE)
    expected = (*ROBOT[:2], 7.0 - math.tau, 0.5, 0.0, 0.2)
    np.testing.assert_allclose(world.robot_state(), expected, atol=1e-9)
    np.testing.assert_array_equal(world.people_state(), PEOPLE)
    world.close()


def test_yaw_stays_within_a_turn(open_room: Scenario, backend: str) -> None:
    world = make_world(open_room, backend, dt_s=0.05)
    world.command_robot(0.0, 0.0, 1.2)
    yaws = []
    for _ in range(160):
        world.step()
        yaws.append(world.robot_state()[2])
    assert np.abs(yaws).max() <= math.pi
    assert min(yaws) < -2.5 and max(yaws) > 2.5
    world.close()


def test_targets_are_shortened_to_the_top_speed(open_room: Scenario, backend: str) -> None:
    world = make_world(open_room, backend)
    world.command_person(1, 30.0, -40.0)
    for _ in range(500):
        world.step()
    top = open_room.person.max_speed
    velocity = world.people_state()[:, 2:]
    np.testing.assert_allclose(velocity, ((0.0, 0.0), (0.6 * top, -0.8 * top)), atol=1e-6)
    world.close()


def test_bad_commands_and_bodies_are_refused(open_room: Scenario, backend: str) -> None:
    world = make_world(open_room, backend)
    with pytest.raises(InputError, match="finite twist"):
        world.command_robot(0.0, math.nan, 0.0)
    with pytest.raises(InputError, match="finite target"):
        world.command_person(0, math.inf, 0.0)
    for index in (2, -1):
        with pytest.raises(InputError, match="there are 2"):
            world.command_person(index, 0.0, 0.0)
    with pytest.raises(InputError, match=r"robot has shape \(5,\)"):
        world.reset(ROBOT[:5], PEOPLE)
    with pytest.raises(InputError, match=r"people has shape \(1, 4\); give \(2, 4\)"):
        world.reset(ROBOT, PEOPLE[:1])
    with pytest.raises(InputError, match="not finite"):
        world.reset(ROBOT, PEOPLE * math.nan)
    world.close()


def test_a_robot_without_people(open_room: Scenario, backend: str) -> None:
    world = make_world(replace(open_room, people=0), backend)
    world.command_robot(0.8, 0.0, 0.0)
    for _ in range(100):
        world.step()
    assert world.people_state().shape == (0, 4)
    assert world.robot_state()[0] > ROBOT[0] + 0.4
    world.reset(ROBOT, np.zeros((0, 4)))
    world.close()


def test_several_bullet_worlds_do_not_disturb_each_other(open_room: Scenario) -> None:
    pytest.importorskip("pybullet")

    def walk(count: int) -> np.ndarray:
        worlds = [make_world(open_room, "bullet") for _ in range(count)]
        for i, world in enumerate(worlds):
            world.command_robot(0.8 / (i + 1), 0.0, 0.2 * i)
        for _ in range(100):
            for world in worlds:
                world.step()
        state = worlds[0].robot_state()
        for world in reversed(worlds):
            world.close()
        return state

    np.testing.assert_array_equal(walk(1), walk(3))


def test_people_and_robot_do_not_push_each_other(open_room: Scenario) -> None:
    pytest.importorskip("pybullet")
    world = make_world(open_room, "bullet")
    people = np.array([[0.8, 0.0, 0.0, 0.0], [1.2, 0.0, 0.0, 0.0]])
    world.reset(np.zeros(6), people)
    world.command_robot(0.8, 0.0, 0.0)
    for _ in range(300):
        world.step()
    assert world.robot_state()[0] > 1.8
    np.testing.assert_array_equal(world.people_state(), people)
    world.close()


@pytest.mark.parametrize("name", ["robot.urdf", "human.urdf"])
def test_assets_come_with_the_package(name: str) -> None:
    text = (resources.files("bisirl_sim") / "assets" / name).read_text(encoding="utf-8")
    robot = ElementTree.fromstring(text)
    links = {link.get("name") for link in robot.findall("link")}
    children = {joint.find("child").get("link") for joint in robot.findall("joint")}  # type: ignore[union-attr]
    assert len(links - children) == 1, "one root, every other link hangs on a joint"
