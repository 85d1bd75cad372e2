"""`bisirl calibrate` without its command line: a table, and a file that is a robot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bisirl_ros.calibrate import bag
from bisirl_ros.calibrate.bag import Recorded
from bisirl_ros.calibrate.commands import run_calibrate
from bisirl_ros.calibrate.driving import Driving
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.errors import InputError
from bisirl_ros.robots.profile import load_robot

from .conftest import driven


@pytest.fixture(scope="module")
def heard() -> Driving:
    """A Create 3 as it may be: slower than it is asked to be, and quick to respond."""
    truth = Robot(max_speed=0.306, max_acceleration=0.9, max_turn_acceleration=4.0, lag_s=0.12)
    return driven(truth, 20.0, asked=Robot(max_speed=0.46)).heard(20.0, 0.01)


@pytest.fixture
def asked(heard: Driving, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The topics that were asked for; any path is a bag."""
    topics: list[tuple[str, str]] = []

    def read(_: Path, cmd_vel: str, odom: str) -> Recorded:
        topics.append((cmd_vel, odom))
        return Recorded(heard, "/r/cmd_vel", True, "/r/odom")

    monkeypatch.setattr(bag, "read_driving", read)
    return topics


def given(**changes: str) -> dict[str, Any]:
    return {"bag": "drive", "cmd_vel": "", "odom": "", "robot": "", "out": "", **changes}


def test_a_named_robot_keeps_what_was_not_measured(
    asked: list[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.yaml"
    assert run_calibrate(given(robot="hsr", out=str(out))) == 0
    told = capsys.readouterr().out
    assert asked == [("omni_base_controller/cmd_vel", "omni_base_controller/wheel_odom")]
    assert "vy: hardly commanded" in told and "+-" in told and str(out) in told
    mine, before = load_robot(str(out)), load_robot("hsr")
    assert mine.robot.max_speed == pytest.approx(0.306, abs=0.01)
    assert mine.robot.lag_s == pytest.approx(0.12 + 0.1, abs=0.03)
    assert (mine.robot.drive, mine.robot.radius_m) == ("omni", before.robot.radius_m)
    assert mine.cmd_vel_topic == before.cmd_vel_topic and mine.stamped
    assert mine.description == before.description


def test_without_a_name_it_is_guessed_and_says_so(
    asked: list[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.yaml"
    assert run_calibrate(given(cmd_vel="/x", out=str(out))) == 0
    assert asked == [("/x", "odom")]
    assert "profile" in capsys.readouterr().out
    mine = load_robot(str(out))
    assert mine.robot.drive == "differential" and "a guess" in out.read_text()
    assert (mine.cmd_vel_topic, mine.odom_topic) == ("/r/cmd_vel", "/r/odom")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"robot": "marvin"}, "robot 'marvin' is unknown; choose one of hsr, jackal"),
        ({"bag": "nowhere"}, "nowhere: no such file or folder"),
        ({"out": "mine.txt"}, "--out mine.txt: give a file that ends in .yaml"),
        ({"out": "gone/mine.yaml"}, "gone/mine.yaml: .* in a folder that is there"),
    ],
)
def test_a_bad_argument_is_one_line(
    changes: dict[str, str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=words) as caught:
        run_calibrate(given(**changes))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
