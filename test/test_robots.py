"""Robots by name: read strictly, every number with its source."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bisirl_ros.crowd.drives import DRIVES
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.errors import InputError
from bisirl_ros.robots import profile
from bisirl_ros.robots.profile import RobotProfile, load_robot, robot_names

FOLDER = Path(profile.__file__).parent
TURTLEBOT = (FOLDER / "turtlebot4.yaml").read_text()


def test_every_robot_that_comes_along_can_be_read() -> None:
    assert {"turtlebot4", "jackal", "tiago", "hsr", "limo"} <= set(robot_names())
    robots = [load_robot(name) for name in robot_names()]
    assert {robot.robot.drive for robot in robots} == set(DRIVES)
    for robot in robots:
        assert robot.description and not robot.cmd_vel_topic.startswith("/")


@pytest.mark.parametrize("name", robot_names())
def test_every_figure_is_given_and_has_its_source(name: str) -> None:
    """What every drive has, written out, not left to a default, and commented on."""
    lines = (FOLDER / f"{name}.yaml").read_text().splitlines()
    given = {line.split(":")[0].strip(): line for line in lines if not line.startswith("#")}
    steers = load_robot(name).robot.drive == "ackermann"
    needed = {f.name for f in fields(Robot)} - {"goal_tolerance_m"}
    needed |= {f.name for f in fields(RobotProfile)}
    assert set(given) == needed - ({"turning_radius_m"} if not steers else set())
    unsaid = [key for key, line in given.items() if "#" not in line]
    assert set(unsaid) == {"robot", "drive", "description"}
    assert "github.com/" in "\n".join(line for line in lines if line.startswith("#"))


def test_a_path_is_read_like_a_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TURTLEBOT)
    assert load_robot(str(path)) == load_robot("turtlebot4")
    path.write_text("robot: {max_speed: 1}")
    assert load_robot(str(path)) == RobotProfile(Robot(max_speed=1.0))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("max_speed:", "max_sped:", "robot: unknown key 'max_sped'"),
        ("max_speed: 0.306", "max_speed: 60", "max_speed = 60.0: must be at most 5.0 m/s"),
        ("drive: differential", "drive: legs", "choose one of differential, omni, ackermann"),
        ("stamped: true", "stamped: 1", "stamped: expected bool"),
        ("odom_topic:", "odometry:", "unknown key 'odometry'"),
        ("robot:\n", "robots:\n", "unknown key 'robots'"),
    ],
)
def test_a_bad_file_is_one_line(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert old in TURTLEBOT
    path.write_text(TURTLEBOT.replace(old, new, 1))
    with pytest.raises(InputError, match=complaint) as caught:
        load_robot(str(path))
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["marvin", "", "turtlebot4.yml.bak", "../robots/hsr"])
def test_an_unknown_name_says_which_there_are(name: str) -> None:
    with pytest.raises(InputError, match="is unknown; choose one of hsr, jackal, limo") as caught:
        load_robot(name)
    assert "\n" not in str(caught.value)
