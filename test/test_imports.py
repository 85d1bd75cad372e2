"""What may import what, and what a bare import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "bisirl_ros"
PURE = (
    "core",
    "tabular",
    "tracking",
    "frames",
    "crowd",
    "control",
    "session",
    "baselines",
    "metrics",
    "robots",
    "calibrate",
    "messages",
    "inputs",
    "bags",
    "importing",
    "replay",
    "view",
)
"""Folders that run without ROS and without a simulator."""
MAY_IMPORT = {
    "core": (),
    "tabular": ("core",),
    "tracking": ("core",),
    "crowd": ("core", "scenarios", "tracking"),
    "frames": ("core",),
    "control": ("core",),
    "robots": ("core", "crowd"),
    "calibrate": ("bags", "core", "crowd", "messages", "robots", "io"),
    "baselines": ("core", "tabular", "crowd"),
    "metrics": ("core",),
    "scenarios": (),
    "io": ("core", "tabular", "crowd"),
    "learner": ("core", "crowd", "io"),
    "session": ("core", "crowd", "tracking", "control", "io"),
    "messages": ("core", "control", "session", "tracking"),
    "inputs": ("core", "control", "frames", "messages", "session", "tracking"),
    "parameters": (
        "core",
        "control",
        "crowd",
        "inputs",
        "learner",
        "robots",
        "session",
        "tracking",
    ),
    "bags": (),
    "importing": ("bags", "core", "io"),
    "replay": (
        "bags",
        "control",
        "core",
        "crowd",
        "inputs",
        "io",
        "learner",
        "messages",
        "parameters",
        "params_file",
        "report",
        "session",
    ),
    "view": ("bags", "core", "crowd", "control", "io", "messages", "report"),
    "report": ("core", "crowd", "inputs", "io", "learner", "messages", "__version__"),
    "bench": (
        "core",
        "crowd",
        "scenarios",
        "io",
        "learner",
        "metrics",
        "report",
        "verify",
    ),
    "theory": ("core", "tabular", "crowd", "baselines", "metrics", "report", "io", "verify"),
}
"""What the files of a folder may import of the package, besides their own folder."""
EVERYWHERE = ("errors", "config", "parent")
CORE = sorted(p for folder in PURE for p in (PACKAGE / folder).rglob("*.py"))
SIM = sorted((ROOT / "sim").rglob("*.py"))
ROS = (
    "rclpy",
    "rcl_interfaces",
    "builtin_interfaces",
    "tf2_ros",
    "launch",
    "launch_ros",
    "std_srvs",
)


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules, and of what is taken out of them, anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "import_module"
        ):
            yield from (str(a.value) for a in node.args if isinstance(a, ast.Constant))


def offences(files: list[Path], forbidden: tuple[str, ...]) -> list[str]:
    """Imports of a forbidden package or of a message package."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files
        for name in imported(path)
        if name.split(".")[0].endswith("_msgs")
        or any(name == f or name.startswith(f + ".") for f in forbidden)
    ]


def test_there_is_something_to_walk() -> None:
    assert len(CORE) > 10
    assert len(SIM) > 5
    assert "bisirl_ros.crowd.scenario.Scenario" in set(imported(ROOT / "sim" / "world.py"))


def test_a_forbidden_import_is_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text(
        "def f():\n    import rclpy.node\n    from nav_msgs.msg import Odometry\n"
        "    from bisirl_ros import nodes\n    importlib.import_module('pybullet')\n"
    )
    forbidden = ("rclpy", "bisirl_ros.nodes", "pybullet")
    found = [n for n in imported(bad) if n.startswith(forbidden) or "_msgs" in n]
    assert len(found) == 4


def test_core_knows_no_ros_and_no_simulator() -> None:
    forbidden = (*ROS, "pybullet", "gymnasium", "bisirl_sim", "bisirl_ros.nodes")
    assert offences(CORE, forbidden) == []


@pytest.mark.parametrize("folder", sorted(MAY_IMPORT))
def test_a_folder_imports_only_what_lies_below_it(folder: str) -> None:
    """`core` imports no game; the two solvers' worlds do not know each other."""
    allowed = {folder, *MAY_IMPORT[folder], *EVERYWHERE}
    strangers = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        for name in imported(path)
        if name.startswith("bisirl_ros.") and name.split(".")[1] not in allowed
    ]
    assert strangers == []


def test_the_simulator_knows_no_ros_and_no_learner() -> None:
    assert offences(SIM, (*ROS, "bisirl_ros.nodes", "bisirl_ros.learner")) == []


@pytest.mark.parametrize("package", ["bisirl_ros", "bisirl_sim"])
def test_a_bare_import_loads_nothing_heavy(package: str) -> None:
    heavy = ("torch", "numpy", "rclpy", "pybullet", "matplotlib", "scipy", "gymnasium", "yaml")
    loaded = _run(
        f"import sys, {package}; print(*(m for m in {heavy!r} if m in sys.modules))"
    ).split()
    assert loaded == []


def test_core_imports_where_ros_and_the_simulator_are_missing() -> None:
    paths = [path.relative_to(ROOT).with_suffix("") for path in CORE if path.stem[0] != "_"]
    names = [".".join(path.parts) for path in paths]
    _run(
        "import importlib, sys\n"
        "for name in ('rclpy', 'std_msgs', 'geometry_msgs', 'pybullet', 'gymnasium', 'bisirl_sim'):"
        "\n    sys.modules[name] = None\n"
        f"for name in {names!r}:\n    importlib.import_module(name)\n"
    )


def test_the_command_line_loads_no_torch_before_it_has_to() -> None:
    """Complaints about arguments come at once."""
    heavy = ("torch", "rclpy", "pybullet", "matplotlib")
    loaded = _run(
        f"import sys, bisirl_ros.cli; print(*(m for m in {heavy!r} if m in sys.modules))"
    ).split()
    assert loaded == []


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
