"""What the pictures show, by what changes in them when a body moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.errors import InputError

pytest.importorskip("pybullet")

from bisirl_sim.bullet import BulletWorld
from bisirl_sim.render import main, picture

ROBOT, HUMAN = np.array([-1.0, 0.0, 0.0, 0.5, 0.0]), np.array([0.5, -1.0, 0.0, 1.2])


def shot(world: BulletWorld, robot: np.ndarray, human: np.ndarray, camera: str) -> np.ndarray:
    """A small picture as signed integers, shape (180, 320, 3)."""
    world.show(robot, human)
    return world.render(320, 180, camera=camera, supersample=1).astype(int)


def count(image: np.ndarray, changed: np.ndarray, strong: int, weak: int) -> int:
    """Changed pixels in which channel `strong` clearly exceeds channel `weak`."""
    return int(np.sum(image[..., strong][changed] > 1.8 * image[..., weak][changed] + 20))


@pytest.mark.parametrize("camera", ["oblique", "top"])
def test_both_bodies_and_the_obstacles_are_seen(
    crossing: Scenario, open_room: Scenario, camera: str
) -> None:
    world, bare = BulletWorld(crossing), BulletWorld(open_room)
    image = shot(world, ROBOT, HUMAN, camera)
    away = ROBOT + np.array([0.0, 1.5, 0.0, 0.0, 0.0])
    robot_moved = np.any(image != shot(world, away, HUMAN, camera), axis=-1)
    human_moved = np.any(
        image != shot(world, ROBOT, HUMAN + np.array([1.0, 0, 0, 0]), camera), axis=-1
    )
    assert count(image, robot_moved, strong=2, weak=0) > 5, "the robot's blue"
    assert count(image, human_moved, strong=0, weak=2) > 5, "the person's orange"
    assert np.any(image != shot(bare, ROBOT, HUMAN, camera))
    assert np.mean(robot_moved) < 0.1, "the rest of the picture stands still"
    world.close()
    bare.close()


def test_limbs_swing_with_the_distance_walked(open_room: Scenario) -> None:
    world = BulletWorld(open_room)
    images = []
    for y_m in (0.0, 0.36, 0.0):
        world.reset((-1.0, 0.0, 0.0), (0.5, y_m, 0.0, 1.2))
        world.show(ROBOT, np.array([0.5, 0.0, 0.0, 1.2]))
        images.append(world.render(320, 180, supersample=1))
    assert np.any(images[0] != images[1])
    np.testing.assert_array_equal(images[0], images[2])
    world.close()


def test_bad_pictures_are_refused(open_room: Scenario) -> None:
    world = BulletWorld(open_room)
    for options in ({"camera": "side"}, {"width": 0}):
        with pytest.raises(InputError):
            world.render(**options)  # type: ignore[arg-type]
    world.close()
    with pytest.raises(InputError, match="time"):
        picture(open_room, time_s=-1.0)


def test_command_line_writes_the_picture(tmp_path: Path) -> None:
    image_module = pytest.importorskip("matplotlib.image")
    path = tmp_path / "picture.png"
    size = ["--width", "192", "--height", "108", "--time", "0.5"]
    assert main(["--scenario", "crossing", "--out", str(path), *size]) == 0
    stored = np.rint(255 * image_module.imread(str(path))[..., :3]).astype(np.uint8)
    np.testing.assert_array_equal(stored, picture(load_scenario("crossing"), 0.5, 192, 108))
    with pytest.raises(InputError, match="cannot be written"):
        main(["--out", str(tmp_path / "missing" / "picture.png"), *size])
