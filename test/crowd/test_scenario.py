"""Scenario files: read strictly, refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bisirl_ros.crowd import scenario as scenario_module
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.errors import InputError

FOLDER = Path(scenario_module.__file__).parents[1] / "scenarios"
CROSSING = (FOLDER / "crossing.yaml").read_text()


def test_every_scenario_that_comes_along_can_be_read() -> None:
    assert {"crossing", "people"} <= set(scenario_names())
    for name in scenario_names():
        assert load_scenario(name).name == name


def test_the_crossing_is_at_right_angles_and_meets() -> None:
    sc = load_scenario("crossing")
    robot = [b - a for a, b in zip(sc.robot.start[:2], sc.robot.goal, strict=True)]
    human = [b - a for a, b in zip(sc.human.start, sc.human.goal, strict=True)]
    assert robot[0] * human[0] + robot[1] * human[1] == pytest.approx(0.0)
    assert sc.feature_names == ("progress", "proximity", "velocity_change", "speed_deviation")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("horizon: 8", "horizons: 8", "unknown key 'horizons'"),
        ("horizon: 8", "horizon: eight", "expected int"),
        ("horizon: 8", "horizon: 0", "must be at least 1"),
        ("discount: 0.95", "discount: 1.5", "must be at most 1.0"),
        ("discount: 0.95", "discount: .nan", "finite"),
        ("max_speed: 1.0", "max_speed: -1.0", "robot: max_speed = -1.0: must be at least"),
        ("name: progress", "name: progres", "choose one of progress"),
        ("goal: [2.5, 0.0]", "goal: [2.5]", "expected 2 values"),
        ("  lag_s: 0.3", "  lags: 0.3", "human: unknown key 'lags'"),
        ("name: crossing", "", "key 'name' is missing"),
        ("name: crossing", "name: [", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in CROSSING
    path = tmp_path / "mine.yaml"
    path.write_text(CROSSING.replace(old, new, 1))
    with pytest.raises(InputError, match=re.escape(complaint)) as error:
        load_scenario(str(path))
    assert "mine.yaml" in str(error.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'crosing' is unknown; choose one of crossing"):
        load_scenario("crosing")
    with pytest.raises(InputError, match=r"nowhere\.yaml: cannot be read"):
        load_scenario("nowhere.yaml")
