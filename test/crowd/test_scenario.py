"""Scenario files: read strictly, refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bisirl_ros.crowd import scenario as scenario_module
from bisirl_ros.crowd.features import FEATURES
from bisirl_ros.crowd.person import FEATURE_NAMES
from bisirl_ros.crowd.scenario import Scenario, load_scenario, scenario_names
from bisirl_ros.errors import InputError

FOLDER = Path(scenario_module.__file__).parents[1] / "scenarios"
CROSSING = (FOLDER / "crossing.yaml").read_text()


def test_every_scenario_that_comes_along_can_be_read() -> None:
    assert {"crossing", "crowd", "doorway", "people"} <= set(scenario_names())
    for name in scenario_names():
        assert load_scenario(name).name == name


def test_scenario_files_and_features_know_the_same_names() -> None:
    assert set(FEATURES) == set(FEATURE_NAMES)


def test_the_crossing_is_at_right_angles_and_meets(crossing: Scenario) -> None:
    robot, person = crossing.starts.robot, crossing.starts.people[0]
    way = [b - a for a, b in zip(robot.pose[:2], robot.goal, strict=True)]
    walk = [b - a for a, b in zip(person.position, person.goals[0], strict=True)]
    assert way[0] * walk[0] + way[1] * walk[1] == pytest.approx(0.0)
    assert crossing.feature_names == (
        "progress", "proximity", "velocity_change", "speed_deviation",
    )  # fmt: skip
    assert crossing.episode_decisions == 20 and crossing.identities == ("person_0",)
    assert crossing.contact_distance_m == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("horizon: 8", "horizons: 8", "unknown key 'horizons'"),
        ("horizon: 8", "horizon: eight", "expected int"),
        ("horizon: 8", "horizon: 0", "must be at least 1"),
        ("horizon: 8", "horizon: 8\n  discount: 1.5", "must be at most 1.0"),
        ("horizon: 8", "horizon: 8\n  discount: .nan", "finite"),
        ("horizon: 8", "horizon: 8\n  horizon: 9", "key 'horizon' is given twice"),
        ("max_speed: 1.0", "max_speed: -1.0", "robot: max_speed = -1.0: must be at least"),
        ("drive: differential", "drive: legs", "choose one of differential, omni, ackermann"),
        ("name: progress", "name: progres", "choose one of progress"),
        ("goal: [2.5, 0.0]", "goal: [2.5]", "expected 2 values"),
        ("  lag_s: 0.3", "  lags: 0.3", "person: unknown key 'lags'"),
        ("people: 1\n", "people: -1\n", "must be at least 0"),
        ("name: crossing", "", "key 'name' is missing"),
        ("name: crossing", "name: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in CROSSING
    path = tmp_path / "mine.yaml"
    path.write_text(CROSSING.replace(old, new, 1))
    with pytest.raises(InputError, match=re.escape(complaint)) as error:
        load_scenario(str(path))
    assert "mine.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("name: proximity", "name: progress", "feature 'progress' is named twice"),
        ("people: 1\n", "people: 6\n", "people = 6: there are starts for 5"),
        ("goals: [[0.0, 3.6]]", "goals: []", "goals is empty"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in CROSSING
    path = tmp_path / "mine.yaml"
    path.write_text(CROSSING.replace(old, new, 1))
    with pytest.raises(InputError, match=re.escape(complaint)):
        load_scenario(str(path))


def test_a_key_given_twice_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: one\nrobot: {}\nname: two\n")
    with pytest.raises(InputError, match=r"'name' is given twice(.|\n)*line 3"):
        load_scenario(str(path))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'crosing' is unknown; choose one of .*crossing"):
        load_scenario("crosing")
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read"):
        load_scenario("nowhere.yaml")


def test_people_and_drive_can_be_chosen_as_it_is_loaded() -> None:
    crowd = load_scenario("crowd", people=5, drive="omni")
    assert crowd.identities[-1] == "person_4" and crowd.robot.sideways
    assert load_scenario("crowd", people=0).identities == ()
    assert load_scenario("crowd", people=-1).people == load_scenario("crowd").people == 3
    with pytest.raises(InputError, match="people = -2: give 0 or more"):
        load_scenario("crowd", people=-2)
    with pytest.raises(InputError, match="there are starts for 5"):
        load_scenario("crowd", people=6)
    with pytest.raises(InputError, match="drive = 'wings': choose one of"):
        load_scenario("crowd", drive="wings")


def test_goals_that_the_robot_cannot_reach_are_refused_in_one_line() -> None:
    doorway, open_floor = load_scenario("doorway"), load_scenario("crossing")
    assert doorway.refuse_goal(3.0, 1.0) is None
    assert doorway.refuse_goal(0.0, 0.0) is None  # in the gap
    assert "0.10 m from a wall; the robot needs 0.25 m" in str(doorway.refuse_goal(0.1, 2.0))
    assert "outside the room" in str(doorway.refuse_goal(5.2, 0.0))
    assert "finite" in str(doorway.refuse_goal(float("nan"), 0.0))
    assert open_floor.refuse_goal(1e3, -1e3) is None
    assert "finite" in str(open_floor.refuse_goal(0.0, float("inf")))
