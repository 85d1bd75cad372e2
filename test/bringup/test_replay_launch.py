"""A bag played over ROS."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bisirl_ros.bringup_replay import ReplayLaunchArguments
from bisirl_ros.errors import InputError

from .conftest import ROOT, configurations, run_launch_file


def test_a_replay_over_ros_never_reaches_a_robot(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = run_launch_file(ROOT / "launch" / "replay.launch.py", monkeypatch)
    given = configurations(
        ReplayLaunchArguments, bag=str(tmp_path), namespace="robot1", loop="true", rate="2.0"
    )
    node, playing = file["start_nodes"](SimpleNamespace(launch_configurations=given))
    assert node.named["parameters"][0]["observe_only"] is True
    assert node.named["parameters"][0]["use_sim_time"] is True
    assert dict(node.named["remappings"])["cmd_vel"] == "replayed/cmd_vel"
    command = playing.named["cmd"]
    assert command[:4] == ["ros2", "bag", "play", str(tmp_path)] and "--loop" in command
    assert command[command.index("--remap") + 1] == "/robot1/cmd_vel:=/robot1/replayed/cmd_vel"
    kept_back = command[command.index("--exclude-topics") + 1 : command.index("--remap")]
    assert {"/clock", "/robot1/policy", "/robot1/learning"} <= set(kept_back)
    with pytest.raises(InputError, match="no such file or folder; give bag:=FOLDER"):
        file["start_nodes"](SimpleNamespace(launch_configurations={**given, "bag": "gone"}))
