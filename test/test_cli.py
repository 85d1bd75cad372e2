"""The `bisirl` command: every bad input is one line that says what, where and what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bisirl_ros import cli
from bisirl_ros.bringup import Bringup, NodeSpec

CROSSING = Path(__file__).parents[1] / "bisirl_ros" / "scenarios" / "crossing.yaml"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Bringup]:
    """What would have run; nothing does."""
    bringups: list[Bringup] = []
    monkeypatch.setattr(cli, "supervise", lambda bringup: bringups.append(bringup) or 0)
    monkeypatch.setattr(cli, "require_ros", lambda: None)
    monkeypatch.chdir(tmp_path)
    return bringups


CROWD = ("--scenario", "crossing", "--people", "3", "--drive", "omni")


def assert_one_line(err: str, *words: str) -> None:
    """A single line on stderr, with these words."""
    (line,) = err.splitlines()
    assert line.startswith("bisirl: error: ")
    for word in words:
        assert word in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["command", "bisirl --help"]),
        (["fly"], ["fly", "choose from", "sim", "people-demo", "bisirl --help"]),
        (["sim", "--scenario", "nope"], ["scenario 'nope' is unknown", "crossing", ".yaml"]),
        (["sim", "--scenario", "nope.yaml"], ["nope.yaml", "cannot be read", "check the path"]),
        (["sim", "--nonsense", "1"], ["--nonsense", "bisirl --help"]),
        (["sim", "--episodes", "-1"], ["bisirl sim: episodes = -1", "at least 0"]),
        (["sim", "--real-time-factor", "99"], ["real_time_factor = 99.0", "at most"]),
        (["sim", "--real-time-factor", "0"], ["real_time_factor = 0.0", "at least 0.05"]),
        (["sim", "--real-time-factor", "nan"], ["real_time_factor = nan", "finite"]),
        (["sim", "--seed", "-3"], ["seed = -3", "at least 0"]),
        (["sim", "--episodes", "many"], ["--episodes", "'many'", "bisirl sim --help"]),
        (["sim", "--episodes", "1.5"], ["--episodes", "'1.5'"]),
        (["sim", "--episodes"], ["--episodes", "expected one argument"]),
        (["sim", "--oracle", "perhaps"], ["--oracle", "'perhaps' is neither true nor false"]),
        (["sim", "--backend", "gazebo"], ["--backend", "'gazebo'", "bullet", "kinematic"]),
        (["sim", "--people", "-2"], ["bisirl sim: people = -2", "at least -1"]),
        (
            ["sim", "--scenario", "crossing", "--people", "6"],
            ["scenario crossing: people = 6", "starts for 5", "list more"],
        ),
        (["sim", "--people", "some"], ["--people", "'some'"]),
        (["sim", "--drive", "hover"], ["drive = 'hover'", "differential", "omni", "ackermann"]),
        (["sim", "--compile", "maybe"], ["--compile", "'maybe'", "'auto', 'on', 'off'"]),
        (["sim", "--checkpoint", "gone.safetensors"], ["checkpoint gone.safetensors", "check the"]),
        (["sim", "--checkpoint", "."], ["checkpoint .: no such file"]),
        (["sim", "--params-file", "gone.yaml"], ["params_file gone.yaml", "check the path"]),
        (["people-demo"], ["FILE", "bisirl people-demo --help"]),
        (["people-demo", "gone.csv"], ["recording gone.csv: no such file", "check the path"]),
        (["people-demo", "gone.csv", "--rate", "0"], ["bisirl people-demo: rate", "at least 0.1"]),
        (["people-demo", "gone.csv", "--episodes", "3"], ["--episodes"]),
    ],
)
def test_a_bad_argument_is_one_line(
    arguments: list[str],
    words: list[str],
    started: list[Bringup],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(arguments) == 2
    assert_one_line(capsys.readouterr().err, *words)
    assert started == []
    assert not list(Path.cwd().iterdir()), "a refused run left a folder"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("horizon: 8", "horizont: 8", ["unknown key 'horizont'", "known keys are"]),
        (" max_speed: 1.0", " max_speed: -1.0", ["robot: max_speed = -1.0", "at least 0.05 m/s"]),
        ("horizon: 8 ", "horizon: soon ", ["horizon: expected int, got 'soon'"]),
        (" goal: [2.5, 0.0]", " goal: [2.5]", ["robot: goal: expected 2 values, got 1"]),
        (", goal: [2.5, 0.0]", "", ["robot: key 'goal' is missing; add it"]),
        ("drive: differential", "drive: hover", ["drive = 'hover'", "omni"]),
        ("name: progress", "name: colour", ["features[0]: name = 'colour'", "choose one of"]),
        ("lag_s: 0.3", "lag_s: .nan", ["person: lag_s = nan: give a finite number"]),
        ("robot:", "robot: [", ["not valid YAML", "line"]),
    ],
)
def test_a_bad_scenario_file_is_one_line(
    old: str,
    new: str,
    words: list[str],
    started: list[Bringup],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    text = CROSSING.read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new, 1))
    assert cli.main(["sim", "--scenario", str(path)]) == 2
    assert_one_line(capsys.readouterr().err, str(path), *words)
    assert started == []


@pytest.mark.parametrize("content", [b"", b"- 1\n- 2\n", b"just words", b"\xff\xfe\x00\x01"])
def test_a_scenario_file_that_is_none_is_one_line(
    content: bytes, started: list[Bringup], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(content)
    assert cli.main(["sim", "--scenario", str(path)]) == 2
    assert_one_line(capsys.readouterr().err, str(path))


def test_a_run_folder_that_cannot_be_made_is_one_line(
    started: list[Bringup], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert cli.main(["sim", "--run-dir", str(tmp_path / "file" / "run")]) == 2
    assert_one_line(capsys.readouterr().err, "file/run", "choose a folder")
    assert started == []


def test_options_reach_the_nodes(started: list[Bringup], tmp_path: Path) -> None:
    options = ["--episodes", "3", "--seed", "5", "--oracle", "NO", "--compile", "on", *CROWD]
    assert cli.main(["sim", *options]) == 0
    (bringup,) = started
    given = {spec.executable: spec.parameters for spec in bringup.nodes}
    assert given["sim_node"]["episodes"] == 3
    assert given["bisirl_node"]["compile"] == "on"
    assert {parameters["seed"] for parameters in given.values()} == {5}
    assert given["report_node"]["oracle"] is False
    assert {(p["people"], p["drive"]) for p in given.values()} == {(3, "omni")}
    assert bringup.run_dir.parent == Path("runs")
    assert bringup.run_dir.is_dir()


def test_the_exit_status_is_the_supervisors(
    started: list[Bringup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "supervise", lambda _: 130)
    assert cli.main(["sim", "--run-dir", "run"]) == 130


def test_help_names_every_option_with_its_unit(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["sim", "--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    names = ("scenario", "real-time-factor", "compile", "use-sim-time", "run-dir", "oracle")
    assert [name for name in names if f"--{name} " not in told] == []


def run_bisirl(*arguments: str, first_on_path: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program itself, with a folder before all others to import from."""
    path = f"{first_on_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return subprocess.run(
        [sys.executable, "-m", "bisirl_ros.cli", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_ros_the_program_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "stubs" / "rclpy").mkdir(parents=True)
    (tmp_path / "stubs" / "rclpy" / "__init__.py").write_text(
        "raise ModuleNotFoundError('not here', name='rclpy')\n"
    )
    (tmp_path / "walk.csv").write_text("")
    for arguments in (["sim"], ["people-demo", "walk.csv"]):
        done = run_bisirl(*arguments, first_on_path=tmp_path / "stubs", cwd=tmp_path)
        assert done.returncode == 2
        assert_one_line(done.stderr, "no module 'rclpy'", "source /opt/ros", "pip install")
        assert done.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_the_program_ends_a_complaint_with_status_2(tmp_path: Path) -> None:
    done = run_bisirl("sim", "--scenario", "nope", first_on_path=tmp_path, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert_one_line(done.stderr, "scenario 'nope' is unknown")


def test_command_lines_keep_values_with_blanks(tmp_path: Path) -> None:
    from bisirl_ros.supervisor import command_line

    spec = NodeSpec("sim_node", {"scenario": "my rooms/a.yaml"})
    line = command_line(spec, Bringup((spec,), namespace="/robot1/", run_dir=tmp_path))
    assert line[1:4] == ["-m", "bisirl_ros.entry", "sim_node"]
    assert "__ns:=/robot1" in line
    file = Path(line[line.index("--params-file") + 1])
    assert "my rooms/a.yaml" in file.read_text()
