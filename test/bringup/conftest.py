"""Launch files, over stand-ins for the launch packages."""

from __future__ import annotations

import dataclasses
import runpy
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from bisirl_ros.bringup import SimArguments

ROOT = Path(__file__).parents[2]
LAUNCH_FILE = ROOT / "launch" / "sim.launch.py"
ROBOT_LAUNCH_FILE = ROOT / "launch" / "robot.launch.py"


class Recorded(SimpleNamespace):
    """Stands for an action of `launch`: remembers what it was made of."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(arguments=arguments, named=named)


@pytest.fixture
def launch_file(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The functions of sim.launch.py, over stand-ins for the launch packages."""
    return run_launch_file(LAUNCH_FILE, monkeypatch)


@pytest.fixture
def robot_launch_file(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Those of robot.launch.py."""
    return run_launch_file(ROBOT_LAUNCH_FILE, monkeypatch)


def run_launch_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The functions of a launch file, over stand-ins for the launch packages."""
    stand_ins = {
        "launch": ["LaunchDescription"],
        "launch.actions": [
            "DeclareLaunchArgument",
            "ExecuteProcess",
            "OpaqueFunction",
            "Shutdown",
        ],
        "launch.conditions": ["IfCondition"],
        "launch.substitutions": ["LaunchConfiguration", "PathJoinSubstitution"],
        "launch_ros": [],
        "launch_ros.actions": ["Node"],
        "launch_ros.substitutions": ["FindPackageShare"],
    }
    for name, members in stand_ins.items():
        module = ModuleType(name)
        for member in members:
            setattr(module, member, type(member, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "bisirl_ros.launching", raising=False)
    monkeypatch.delattr("bisirl_ros.launching", raising=False)
    return runpy.run_path(str(path))


def configurations(kind: type = SimArguments, **given: str) -> dict[str, str]:
    """Launch configurations, which are text, with their defaults."""
    defaults = {f.name: str(f.default) for f in dataclasses.fields(kind)}
    return {**defaults, **given}
