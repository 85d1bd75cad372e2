"""What the pictures show, by what changes in them when somebody or something moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bisirl_ros.crowd.scenario import FloorPlan, Scenario, load_scenario, scenario_names
from bisirl_ros.crowd.task import TermSpec
from bisirl_ros.errors import InputError

pytest.importorskip("pybullet")

from bisirl_sim.camera import FIELD_OF_VIEW_DEG, FILL, SIGHT_M, _view
from bisirl_sim.extent import landmarks
from bisirl_sim.figure import SHIRTS, shirt
from bisirl_sim.painter import PALENESS, ROBOT_BLUE, Painter
from bisirl_sim.render import main, picture
from bisirl_sim.scene import floor_extent

ROBOT = np.array([-1.0, 0.0, 0.0, 0.5, 0.0, 0.0])
PEOPLE = np.array([[0.5, -1.0, 0.0, 1.2], [1.5, 1.0, 0.0, -1.2]])


def shot(painter: Painter, robot: np.ndarray, people: np.ndarray, camera: str) -> np.ndarray:
    """A small picture as signed integers, shape (180, 320, 3)."""
    painter.show(robot, people)
    return painter.render(320, 180, camera=camera, supersample=1).astype(int)


def count(image: np.ndarray, changed: np.ndarray, strong: int, weak: int) -> int:
    """Changed pixels in which channel `strong` clearly exceeds channel `weak`."""
    return int(np.sum(image[..., strong][changed] > 1.4 * image[..., weak][changed] + 10))


@pytest.mark.parametrize("camera", ["oblique", "top"])
def test_everybody_is_seen_in_their_own_clothes(open_room: Scenario, camera: str) -> None:
    painter = Painter(open_room)
    image = shot(painter, ROBOT, PEOPLE, camera)
    away = ROBOT + np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    moved = np.any(image != shot(painter, away, PEOPLE, camera), axis=-1)
    assert count(image, moved, strong=2, weak=0) > 5, "the robot's blue"
    assert np.mean(moved) < 0.1, "the rest of the picture stands still"
    for index, (strong, weak) in enumerate(((0, 2), (1, 0))):
        others = PEOPLE.copy()
        others[index, 0] -= 1.0
        image = shot(painter, ROBOT, PEOPLE, camera)
        moved = np.any(image != shot(painter, ROBOT, others, camera), axis=-1)
        assert count(image, moved, strong, weak) > 3, f"the shirt of person {index}"
    painter.close()
    painter.close()


@pytest.mark.parametrize("camera", ["oblique", "top"])
@pytest.mark.parametrize(
    "floor", [FloorPlan(walls=((0.5, 1.0, 2.0, 1.5),)), FloorPlan(discs=((1.0, 1.0, 0.4),))]
)
def test_walls_and_pillars_are_seen(open_room: Scenario, floor: FloorPlan, camera: str) -> None:
    painters = Painter(open_room), Painter(replace(open_room, floor=floor))
    bare, built = (shot(painter, ROBOT, PEOPLE, camera) for painter in painters)
    assert 20 < np.sum(np.any(bare != built, axis=-1)) < 0.3 * bare[..., 0].size
    for painter in painters:
        painter.close()


def test_every_goal_is_marked_as_wide_as_its_tolerance(open_room: Scenario) -> None:
    painter = Painter(open_room)
    painter.show(ROBOT, PEOPLE)
    image = painter.render(400, 400, "top", 1)
    seen = [_pixels(image, colour) for colour in (ROBOT_BLUE, shirt(0), shirt(1))]
    narrow, wide = open_room.robot.goal_tolerance_m, open_room.person.goal_tolerance_m
    assert seen[1] > 500
    assert seen[0] / seen[1] == pytest.approx((narrow / wide) ** 2, rel=0.15)
    assert seen[2] / seen[1] == pytest.approx(2.0, rel=0.15), "this person has two possible goals"
    painter.close()


def test_the_robots_goal_goes_where_it_is_told(open_room: Scenario) -> None:
    painter = Painter(open_room)
    places = []
    for goal in ((3.0, -1.0), (3.0, 1.0)):
        painter.show(ROBOT, PEOPLE, np.array(goal))
        image = painter.render(400, 400, "top", 1)
        places.append(np.argwhere(_like(image, ROBOT_BLUE)).mean(axis=0))
    (row, column), (row_after, column_after) = places
    assert row_after < row - 20, "y is up"
    assert column_after == pytest.approx(column, abs=1.0)
    painter.close()


def _pixels(image: np.ndarray, colour: tuple[float, float, float]) -> int:
    """How many pixels show the inside of a goal's ring."""
    return int(_like(image, colour).sum())


def _like(image: np.ndarray, colour: tuple[float, float, float]) -> np.ndarray:
    """Which pixels are as pale as the inside of a goal's ring of that colour, however lit."""
    pale = np.array(colour) + PALENESS * (1.0 - np.array(colour))
    share = image / image.sum(axis=-1, keepdims=True).clip(min=1)
    return np.all(np.abs(share - pale / pale.sum()) < 0.01, axis=-1)


@pytest.mark.parametrize("name", scenario_names())
def test_the_floor_covers_all_that_a_scenario_uses(name: str) -> None:
    scenario = load_scenario(name)
    low, high = floor_extent(scenario)
    starts = scenario.sample(200, np.random.default_rng(0))
    places = [starts.robot[:, :2], starts.aims.robot_goal, starts.people[..., :2].flatten(0, 1)]
    places += [starts.aims.goals.flatten(0, 2), scenario.room.walls.reshape(-1, 2)]
    if scenario.floor.bounds:
        places.append(scenario.room.walls.new_tensor(scenario.floor.bounds).reshape(2, 2))
    for place in places:
        if len(place):
            assert np.all(place.numpy().min(axis=0) >= low)
            assert np.all(place.numpy().max(axis=0) <= high)


@pytest.mark.parametrize("camera", ["oblique", "top"])
@pytest.mark.parametrize("name", scenario_names())
def test_pictures_show_everything_and_are_filled(name: str, camera: str) -> None:
    shown = landmarks(load_scenario(name))
    for aspect in (0.5, 1.0, 16 / 9):
        view = np.reshape(_view(shown, aspect, camera), (4, 4)).T
        x, y, z, _ = view @ np.column_stack((shown, np.ones(len(shown)))).T
        tangent = np.tan(np.radians(FIELD_OF_VIEW_DEG) / 2)
        reach = np.array((x / (-z * tangent * aspect), y / (-z * tangent)))
        assert np.all(z < -SIGHT_M[0]) and np.all(z > -SIGHT_M[1])
        assert np.abs(reach).max() == pytest.approx(FILL, abs=1e-3)
        width = reach.max(axis=1) - reach.min(axis=1)
        assert width.max() == pytest.approx(2 * FILL, abs=1e-3), "one side is filled"


def test_fifty_people_wear_different_shirts() -> None:
    assert len({shirt(index) for index in range(50)}) == 50
    first = np.array([shirt(index) for index in range(len(SHIRTS))])
    apart = np.linalg.norm(first[:, None] - first[None], axis=-1) + np.eye(len(SHIRTS))
    assert apart.min() > 0.2


def test_limbs_swing_with_the_distance_walked(open_room: Scenario) -> None:
    images = []
    for y_m in (0.0, -0.36, 0.0):
        painter = Painter(open_room)
        for person_y in (y_m, 0.0):
            image = shot(
                painter, ROBOT, np.array([[0.5, person_y, 0.0, 1.2], PEOPLE[1]]), "oblique"
            )
        images.append(image)
        painter.close()
    assert np.any(images[0] != images[1])
    np.testing.assert_array_equal(images[0], images[2])


def test_bad_pictures_are_refused(open_room: Scenario) -> None:
    painter = Painter(open_room)
    for options in ({"camera": "side"}, {"width": 0}):
        with pytest.raises(InputError):
            painter.render(**options)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="people has shape"):
        painter.show(ROBOT, PEOPLE[:1])
    painter.close()
    with pytest.raises(InputError, match="time"):
        picture(open_room, time_s=-1.0)


def test_command_line_writes_the_picture(tmp_path: Path) -> None:
    image_module = pytest.importorskip("matplotlib.image")
    path = tmp_path / "picture.png"
    size = ["--width", "192", "--height", "108", "--time", "0.5"]
    wanted = ["--scenario", "doorway", "--people", "0", "--out", str(path)]
    assert main([*wanted, *size]) == 0
    stored = np.rint(255 * image_module.imread(str(path))[..., :3]).astype(np.uint8)
    scenario = load_scenario("doorway", people=0)
    np.testing.assert_array_equal(stored, picture(scenario, 0.5, 192, 108))
    with pytest.raises(InputError, match="cannot be written"):
        main(["--out", str(tmp_path / "missing" / "picture.png"), *size])
    with pytest.raises(InputError, match="starts for 1"):
        main(["--scenario", "doorway", "--people", "3", "--out", str(path)])


@pytest.mark.parametrize(("weight", "strong"), [(-2.0, 2), (2.0, 1)])
def test_where_people_shall_not_or_shall_be_is_on_the_floor(
    open_room: Scenario, weight: float, strong: int
) -> None:
    """Wet, or green; as far as there is floor."""
    plain = Painter(open_room)
    box = (0.0, -0.5, 1.0, 99.0)
    term = TermSpec("people_inside", weight, box=box)
    task = replace(open_room.task, terms=(*open_room.task.terms, term))
    painted = Painter(replace(open_room, task=task))
    image = shot(painted, ROBOT, PEOPLE, "top")
    changed = np.any(image != shot(plain, ROBOT, PEOPLE, "top"), axis=-1)
    assert 0.02 < changed.mean() < 0.4
    colour = image[changed].mean(0)
    assert colour.argmax() == strong and colour[strong] > colour.mean() + 10.0
    for painter in (plain, painted):
        painter.close()
