"""`bisirl sim` and `ros2 launch` start the same nodes, with the same recording."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bisirl_ros import cli
from bisirl_ros.bringup import Bringup, SimArguments
from bisirl_ros.errors import InputError

from .conftest import LAUNCH_FILE, configurations


def test_the_launch_file_starts_what_bisirl_sim_starts(
    launch_file: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run_dir = str(tmp_path / "run")
    started: list[Bringup] = []
    monkeypatch.setattr(cli, "supervise", lambda bringup: started.append(bringup) or 0)
    monkeypatch.setattr(cli, "require_ros", lambda: None)
    options = ["--seed", "3", "--oracle", "false", "--namespace", "robot1", "--device", "cpu"]
    options += ["--people", "3", "--drive", "omni", "--scenario", "crowd"]
    assert cli.main(["sim", "--run-dir", run_dir, *options]) == 0

    given = configurations(
        run_dir=run_dir, seed="3", oracle="false", namespace="robot1", device="cpu", people="3",
        drive="omni", scenario="crowd",
    )  # fmt: skip
    launched = launch_file["start_nodes"](SimpleNamespace(launch_configurations=given))
    (bringup,) = started
    assert len(launched) == len(bringup.nodes)
    for node, spec in zip(launched, bringup.nodes, strict=True):
        assert node.named["package"] == "bisirl_ros"
        assert node.named["executable"] == spec.executable
        assert node.named["parameters"] == [spec.parameters]
        assert node.named["remappings"] == list(spec.remappings)
        assert node.named["namespace"] == bringup.namespace == "robot1"
        assert node.named["arguments"] == ["--ros-args", "--log-level", bringup.log_level]
        assert type(node.named["on_exit"]).__name__ == "Shutdown"


def test_the_launch_file_declares_every_argument_with_its_default(
    launch_file: dict[str, Any],
) -> None:
    (entities,) = launch_file["generate_launch_description"]().arguments
    declared = {
        e.arguments[0]: e.named["default_value"]
        for e in entities
        if type(e).__name__ == "DeclareLaunchArgument"
    }
    assert declared.items() >= configurations().items()
    assert set(declared) - set(configurations()) == {"use_rviz", "rviz_config_file"}
    assert launch_file["read_arguments"](configurations()) == SimArguments()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"episodes": "-1"}, "sim.launch.py: episodes = -1: must be at least 0"),
        ({"backend": "gazebo"}, "sim.launch.py: backend = 'gazebo': choose one of"),
        ({"real_time_factor": "99"}, "sim.launch.py: real_time_factor = 99.0: must be at most"),
        ({"episodes": "many"}, "episodes"),
        ({"oracle": "perhaps"}, "oracle"),
        ({"people": "-2"}, "sim.launch.py: people = -2: must be at least -1"),
        ({"people": "6"}, "people = 6: there are starts for 1"),
        ({"drive": "hover"}, "drive = 'hover': choose one of differential, omni, ackermann"),
    ],
)
def test_the_launch_file_refuses_a_bad_argument(
    given: dict[str, str], told: str, launch_file: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=told):
        launch_file["read_arguments"](configurations(**given))


@pytest.mark.skipif(
    importlib.util.find_spec("launch_ros") is None, reason="launch_ros is not on PyPI; needs ROS 2"
)
def test_the_launch_file_loads_under_ros() -> None:
    from launch.actions import DeclareLaunchArgument

    description = runpy.run_path(str(LAUNCH_FILE))["generate_launch_description"]()
    declared = {e.name for e in description.entities if isinstance(e, DeclareLaunchArgument)}
    assert declared >= {f.name for f in dataclasses.fields(SimArguments)}


@pytest.mark.parametrize("installed", [True, False])
def test_a_recording_keeps_the_parameters_and_is_rosbag2s_where_that_is(
    launch_file: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, installed: bool
) -> None:
    params = tmp_path / "mine.yaml"
    params.write_text("/**/bisirl_node: {ros__parameters: {grid: [6, 12], guard: {retry_s: 2.0}}}")
    given = configurations(
        run_dir=str(tmp_path / "run"), record="true", params_file=str(params), seed="7"
    )
    real = importlib.util.find_spec
    there = SimpleNamespace() if installed else None
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: there if name == "ros2bag" else real(name)
    )
    *others, recorder = launch_file["start_nodes"](SimpleNamespace(launch_configurations=given))
    assert len(others) == 4
    if installed:
        command = recorder.named["cmd"]
        assert command[:3] == ["ros2", "bag", "record"]
        assert command[command.index("--output") + 1] == str(tmp_path / "run" / "bag")
        config = command[command.index("--custom-data") + 1].removeprefix("bisirl=")
    else:
        assert recorder.named["executable"] == "recorder_node"
        config = recorder.named["parameters"][0]["config"]
    kept = json.loads(config)["parameters"]["bisirl_node"]
    assert (kept["seed"], kept["grid"], kept["guard.retry_s"]) == (7, [6, 12], 2.0)
