"""Entry points of the nodes: bad input and a missing ROS are one line and exit status 2."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bisirl_ros import entry

needs_ros = [  # none of them keeps time
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("rclpy") is None, reason="needs rclpy"),
]


def run_entry(
    *arguments: str, cwd: Path, first_on_path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """`python -m bisirl_ros.entry`, in a folder of its own."""
    path = f"{first_on_path or cwd}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    return subprocess.run(
        [sys.executable, "-m", "bisirl_ros.entry", *arguments],
        env={**os.environ, "PYTHONPATH": path, "ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit status 2 and a single line with these words."""
    assert done.returncode == 2, done.stderr
    lines = done.stderr.splitlines()
    told = [line for line in lines if line.startswith("bisirl: error: ")]
    assert len(told) == 1, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in told[0]


@pytest.mark.parametrize("arguments", [[], ["wheel_node"], ["--ros-args"], ["nodes.sim_node"]])
def test_an_unknown_node_is_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bisirl: error: name a node to run")
    assert all(name in line for name in entry.NODES)


@pytest.mark.parametrize("name", entry.NODES)
def test_every_node_has_a_module_and_an_installed_entry_point(name: str) -> None:
    assert importlib.util.find_spec(f"bisirl_ros.nodes.{name}") is not None
    assert callable(getattr(entry, name))
    scripts = importlib.metadata.distribution("bisirl_ros").entry_points
    assert scripts[name].value == f"bisirl_ros.entry:{name}"


def test_an_entry_point_starts_its_own_node(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(entry, "_start", lambda name, rest: started.append((name, rest)) or 0)
    monkeypatch.setattr(sys, "argv", ["x", "--ros-args", "-p", "seed:=1"])
    for name in entry.NODES:
        assert getattr(entry, name)() == 0
    assert started == [(name, ["--ros-args", "-p", "seed:=1"]) for name in entry.NODES]


@pytest.mark.parametrize("name", ["sim_node", "bisirl_node", "recording_node"])
def test_without_ros_a_node_says_what_to_install(name: str, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    for package in ("rclpy", "geometry_msgs", "nav_msgs"):
        (stubs / package).mkdir(parents=True)
        (stubs / package / "__init__.py").write_text(
            f"raise ModuleNotFoundError('not here', name='{package}')\n"
        )
    done = run_entry(name, cwd=tmp_path, first_on_path=stubs)
    assert_refused(done, "ROS 2 is not here (no module '", "source /opt/ros", "pip install")
    assert len(done.stderr.splitlines()) == 1


def test_another_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError("No module named 'gizmo.part'", name="gizmo.part")

    monkeypatch.setattr(entry.importlib, "import_module", missing)
    assert entry.main(["sim_node"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "sim_node: package 'gizmo.part' is missing; pip install it" in line


class TestParameters:
    """ROS parameters, given as people give them."""

    pytestmark = needs_ros

    @pytest.mark.parametrize(
        ("name", "given", "words"),
        [
            ("bisirl_node", "nonsense:=1", ["'nonsense' is unknown; known are autostart, batch_s"]),
            ("bisirl_node", "control_rate:=1000.0", ["control_rate = 1000.0", "at most 200.0 Hz"]),
            ("bisirl_node", "learner.policy_steps:=1000", ["learner.policy_steps", "at most 99"]),
            ("bisirl_node", "grid:=[8]", ["grid: give rings and spokes"]),
            ("bisirl_node", "device:=cuda:99", ["device 'cuda:99'", "choose cpu or auto"]),
            ("bisirl_node", "compile:=maybe", ["compile = 'maybe': choose one of auto, on, off"]),
            ("bisirl_node", "checkpoint:=gone", ["checkpoint: no file gone"]),
            ("human_node", "theta:=[1.0]", ["theta has 1 values", "has 4 features"]),
            ("sim_node", "nonsense:=1", ["sim_node: parameter 'nonsense' is unknown"]),
            ("sim_node", "episodes:=-1", ["sim_node: parameter episodes = -1", "at least 0"]),
            ("sim_node", "seed:=abc", ["sim_node: parameter seed: expected int"]),
            ("sim_node", "scenario:=nope", ["scenario 'nope' is unknown"]),
            ("recording_node", "files:=[gone.csv]", ["gone.csv: cannot be read", "check the path"]),
            ("recording_node", "rate:=0.0", ["recording_node: parameter rate = 0.0", "at least"]),
            ("report_node", "nonsense:=1", ["report_node: parameter 'nonsense' is unknown"]),
        ],
    )
    def test_a_bad_one_is_one_line(
        self, name: str, given: str, words: list[str], tmp_path: Path
    ) -> None:
        done = run_entry(name, "--ros-args", "-p", given, cwd=tmp_path)
        assert_refused(done, *words)
        assert list(tmp_path.iterdir()) == [], "a node that was refused left files"

    @pytest.mark.parametrize(
        "arguments",
        [
            ("-p", "nonsense"),
            ("--params-file", "gone.yaml"),
            ("-r", "__ns:=/not a name"),
            ("--log-level", "loud"),
        ],
    )
    def test_what_is_no_ros_argument_is_told_without_a_traceback(
        self, arguments: tuple[str, ...], tmp_path: Path
    ) -> None:
        done = run_entry("sim_node", "--ros-args", *arguments, cwd=tmp_path)
        assert_refused(done, arguments[1])
