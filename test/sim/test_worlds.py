"""Choice of backend, and the backends against each other."""

from __future__ import annotations

import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from importlib import resources

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError
from bisirl_sim.world import make_world

needs_bullet = pytest.mark.skipif(
    subprocess.run([sys.executable, "-c", "import pybullet"], capture_output=True).returncode != 0,
    reason="pybullet is not installed",
)
START = ((-3.2, 0.0, 0.0), (0.0, -3.8, 0.0, 0.9))


def test_light_modules_load_neither_simulator_nor_ros() -> None:
    code = (
        "import sys, bisirl_sim; assert 'numpy' not in sys.modules;"
        "import bisirl_sim.world, bisirl_sim.task, bisirl_sim.humans, bisirl_sim.kinematic;"
        "print({'pybullet', 'gymnasium', 'matplotlib', 'torch', 'rclpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_without_pybullet_auto_is_kinematic_and_bullet_is_refused(
    crossing: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pybullet", None)
    assert make_world(crossing).backend == "kinematic"
    for options in ({"backend": "bullet"}, {"gui": True}):
        with pytest.raises(InputError, match="pip install pybullet"):
            make_world(crossing, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options", [{"backend": "gazebo"}, {"dt_s": 0.0}, {"backend": "kinematic", "gui": True}]
)
def test_bad_options_are_refused(crossing: Scenario, options: dict[str, object]) -> None:
    with pytest.raises(InputError):
        make_world(crossing, **options)  # type: ignore[arg-type]


@needs_bullet
def test_auto_is_bullet_where_installed(crossing: Scenario) -> None:
    world = make_world(crossing)
    assert world.backend == "bullet"
    world.close()
    world.close()


@pytest.mark.parametrize("backend", ["kinematic", pytest.param("bullet", marks=needs_bullet)])
def test_reset_stops_the_robot_but_not_the_clock(open_room: Scenario, backend: str) -> None:
    world = make_world(open_room, backend, dt_s=0.02)
    world.command_robot(0.8, 0.3)
    world.command_human(1.0, 1.0)
    for _ in range(50):
        world.step()
    assert world.time_s == pytest.approx(1.0)
    world.reset((1.0, -0.5, 0.6), (2.0, 3.0, 0.0, 0.0))
    assert world.time_s == pytest.approx(1.0)
    for _ in range(50):
        world.step()
    assert world.time_s == pytest.approx(2.0)
    np.testing.assert_allclose(world.robot_state(), (1.0, -0.5, 0.6, 0.0, 0.0), atol=2e-3)
    np.testing.assert_allclose(world.human_state(), (2.0, 3.0, 0.0, 0.0), atol=1e-12)
    world.close()


@needs_bullet
@pytest.mark.parametrize("command", [(0.8, 0.0), (0.6, 0.5), (0.0, 0.5), (1.0, -1.2)])
def test_wheel_driven_robot_tracks_the_kinematic_one(
    open_room: Scenario, command: tuple[float, float]
) -> None:
    worlds = [make_world(open_room, backend) for backend in ("bullet", "kinematic")]
    states = []
    for world in worlds:
        world.reset(*START)
        world.command_robot(*command)
        world.command_human(0.3, 1.2)
        for _ in range(400):
            world.step()
        states.append((world.robot_state(), world.human_state()))
        world.close()
    (bullet, bullet_human), (kinematic, kinematic_human) = states
    assert np.linalg.norm(bullet[:2] - kinematic[:2]) < 0.05
    np.testing.assert_allclose(bullet[2:], kinematic[2:], atol=0.02)
    np.testing.assert_array_equal(bullet_human, kinematic_human)


@needs_bullet
def test_several_bullet_worlds_do_not_disturb_each_other(open_room: Scenario) -> None:
    def walk(count: int) -> np.ndarray:
        worlds = [make_world(open_room, "bullet") for _ in range(count)]
        for i, world in enumerate(worlds):
            world.reset(*START)
            world.command_robot(0.8 / (i + 1), 0.2 * i)
        for _ in range(100):
            for world in worlds:
                world.step()
        state = worlds[0].robot_state()
        for world in reversed(worlds):
            world.close()
        return state

    np.testing.assert_array_equal(walk(1), walk(3))


@needs_bullet
def test_person_and_robot_do_not_push_each_other(open_room: Scenario) -> None:
    world = make_world(open_room, "bullet")
    world.reset((0.0, 0.0, 0.0), (0.8, 0.0, 0.0, 0.0))
    world.command_robot(0.8, 0.0)
    for _ in range(300):
        world.step()
    assert world.robot_state()[0] > 1.8
    np.testing.assert_array_equal(world.human_state(), (0.8, 0.0, 0.0, 0.0))
    world.close()


@needs_bullet
def test_a_bullet_step_costs_less_than_a_millisecond(crossing: Scenario) -> None:
    world = make_world(crossing, "bullet")
    world.command_robot(0.8, 0.1)
    began = time.process_time()
    for _ in range(500):
        world.step()
    assert (time.process_time() - began) / 500 < 1e-3
    world.close()


@pytest.mark.parametrize("name", ["robot.urdf", "human.urdf"])
def test_assets_come_with_the_package(name: str) -> None:
    text = (resources.files("bisirl_sim") / "assets" / name).read_text(encoding="utf-8")
    robot = ElementTree.fromstring(text)
    links = {link.get("name") for link in robot.findall("link")}
    children = {joint.find("child").get("link") for joint in robot.findall("joint")}  # type: ignore[union-attr]
    assert len(links - children) == 1, "one root, every other link hangs on a joint"
