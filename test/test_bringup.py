"""`bisirl` and `ros2 launch` start the same nodes, with parameters that the nodes have."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
import json
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from bisirl_ros import cli
from bisirl_ros.bringup import (
    Bringup,
    NodeSpec,
    PeopleArguments,
    SimArguments,
    people,
    simulation,
)
from bisirl_ros.bringup_replay import ReplayLaunchArguments
from bisirl_ros.bringup_robot import RobotArguments, chain, robot
from bisirl_ros.config import from_mapping
from bisirl_ros.entry import NODES
from bisirl_ros.errors import InputError
from bisirl_ros.robots.profile import robot_names

ROOT = Path(__file__).parents[1]
LAUNCH_FILE = ROOT / "launch" / "sim.launch.py"
ROBOT_LAUNCH_FILE = ROOT / "launch" / "robot.launch.py"
CONFIGS = sorted((ROOT / "config").glob("*.yaml"))
OF_RCLPY = ("use_sim_time",)
RUN_DIR = Path("/somewhere/run")
FACTOR = {f.name: f for f in dataclasses.fields(SimArguments)}["real_time_factor"].metadata
SIMULATIONS = {
    "default": SimArguments(),
    "slowest": SimArguments(real_time_factor=FACTOR["low"]),
    "fastest": SimArguments(real_time_factor=FACTOR["high"]),
    "other": SimArguments(
        episodes=0, seed=9, backend="kinematic", headless=False, autostart=False, oracle=False,
        checkpoint="a.safetensors", device="cuda:1", namespace="robot1",
        compile="on",
    ),
    "crowd": SimArguments(scenario="crowd", people=5, drive="omni"),
    "nobody": SimArguments(people=0),
}  # fmt: skip


def bringups() -> Iterator[tuple[str, Bringup]]:
    """Every description of a run, by name."""
    for name, arguments in SIMULATIONS.items():
        yield name, simulation(arguments, RUN_DIR)
    for name in robot_names():
        yield name, robot(RobotArguments(robot=name))
    yield "people", people(PeopleArguments(files=("a.csv", "b.csv")), RUN_DIR)


def parameters_of(name: str) -> Any:
    """The parameter dataclass of a node."""
    pytest.importorskip("rclpy", reason="the nodes import rclpy")
    module = importlib.import_module(f"bisirl_ros.nodes.{name}")
    (found,) = (
        cls
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__name__.endswith("Parameters") and cls.__name__ != "ScenarioParameters"
    )
    return found


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """`a.b: 1` as `a: {b: 1}`, without what rclpy declares itself."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        here = tree
        for part in path:
            here = here.setdefault(part, {})
        if name not in OF_RCLPY:
            here[last] = value
    return tree


def check_parameters(name: str, given: dict[str, Any]) -> None:
    """Each is one that the node has, of its type and within its range."""
    cls, tree = parameters_of(name), nested(given)
    for field in dataclasses.fields(cls):
        if field.default is dataclasses.MISSING:
            tree.setdefault(field.name, {})
    from_mapping(cls, tree, name)


@pytest.mark.parametrize(("name", "bringup"), list(bringups()))
def test_the_nodes_take_every_parameter_they_are_given(name: str, bringup: Bringup) -> None:
    assert bringup.nodes
    for spec in bringup.nodes:
        assert spec.executable in NODES
        check_parameters(spec.executable, spec.parameters)


@pytest.mark.parametrize(("name", "bringup"), list(bringups()))
def test_one_node_decides_when_the_run_is_over(name: str, bringup: Bringup) -> None:
    deciding = [spec.decisive for spec in bringup.nodes].count(True)
    assert deciding == (0 if name in robot_names() else 1), "a real robot's run has no end"
    assert len({spec.executable for spec in bringup.nodes}) == len(bringup.nodes)
    assert {("/tf", "tf"), ("/tf_static", "tf_static")} <= set(bringup.nodes[0].remappings)


def test_the_robot_decides_as_often_per_simulated_second_at_every_factor() -> None:
    rates = set()
    for factor in (0.5, 1.0, 4.0):
        (learner, *_) = simulation(SimArguments(real_time_factor=factor), RUN_DIR).nodes
        rates.add(learner.parameters["control_rate"] / factor)
    assert rates == {20.0}


def test_all_nodes_of_a_simulation_know_the_same_scenario() -> None:
    arguments = SimArguments(scenario="crowd", people=4, drive="ackermann")
    for spec in simulation(arguments, RUN_DIR).nodes:
        given = [spec.parameters[name] for name in ("scenario", "people", "drive")]
        assert given == ["crowd", 4, "ackermann"], spec.executable


def test_a_misspelt_parameter_would_be_seen() -> None:
    with pytest.raises(InputError, match="unknown key 'sede'"):
        check_parameters("sim_node", {"sede": 1})
    with pytest.raises(InputError, match="unknown key 'stepps'"):
        check_parameters("bisirl_node", {"learner.stepps": 1})


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_config_files_name_parameters_of_the_nodes(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert content, "an empty file"
    for key, section in content.items():
        name = key.split("/")[-1]
        given = section["ros__parameters"]
        for node in NODES if name == "**" else (name,):
            assert node in NODES, f"{path.name}: '{key}' names no node"
            check_parameters(node, given)


# -- ros2 launch ----------------------------------------------------------------------------------
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


@pytest.mark.parametrize(
    ("smoother", "monitor", "topics"),
    [
        (False, "", ("cmd_vel",)),
        (True, "", ("cmd_vel_nav", "cmd_vel")),
        (False, "m.yaml", ("cmd_vel_nav", "cmd_vel")),
        (True, "m.yaml", ("cmd_vel_nav", "cmd_vel_smoothed", "cmd_vel")),
    ],
)
def test_velocities_reach_the_robot_through_what_of_nav2_is_asked_for(
    smoother: bool, monitor: str, topics: tuple[str, ...], robot_launch_file: dict[str, Any]
) -> None:
    """Each node listens to what the one before it publishes, and the last is the robot's."""
    arguments = RobotArguments(velocity_smoother=smoother, collision_monitor=monitor)
    assert chain(arguments, "cmd_vel") == topics
    given = configurations(
        RobotArguments, velocity_smoother=str(smoother), collision_monitor=monitor
    )
    nodes = robot_launch_file["start_nodes"](SimpleNamespace(launch_configurations=given))
    by_name = {node.named["executable"]: node.named for node in nodes}
    assert dict(by_name["bisirl_node"]["remappings"])["cmd_vel"] == topics[0]
    at = 0
    if smoother:
        remaps = dict(by_name["velocity_smoother"]["remappings"])
        assert remaps["cmd_vel"] == topics[at]
        at += 1
        assert remaps["cmd_vel_smoothed"] == topics[at]
        limits = by_name["velocity_smoother"]["parameters"][0]
        assert limits["max_velocity"][0] == 0.306, "not the robot's own top speed"
    if monitor:
        ends = by_name["collision_monitor"]["parameters"][-1]
        assert (ends["cmd_vel_in_topic"], ends["cmd_vel_out_topic"]) == topics[at : at + 2]
        at += 1
    assert topics[at] == topics[-1] == "cmd_vel"
    assert ("lifecycle_manager" in by_name) == (smoother or bool(monitor))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"robot": "roomba"}, "robot 'roomba' is unknown; choose one of"),
        ({"scenario": "ballet"}, "scenario 'ballet' is unknown"),
        ({"batch_s": "-3"}, "robot.launch.py: batch_s = -3.0: must be at least 0"),
        ({"start_enabled": "perhaps"}, "robot.launch.py: start_enabled: expected bool"),
    ],
)
def test_the_robot_launch_file_refuses_a_bad_argument(
    given: dict[str, str], told: str, robot_launch_file: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match=told):
        robot_launch_file["read_arguments"](configurations(RobotArguments, **given))


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


def test_rviz_shows_topics_that_there_are() -> None:
    shown = yaml.safe_load((ROOT / "config" / "bisirl.rviz").read_text())["Visualization Manager"]
    topics = {display["Topic"]["Value"] for display in shown["Displays"] if "Topic" in display}
    readme = (ROOT / "README.md").read_text()
    assert len(topics) >= 6
    assert {topic for topic in topics if f"`{topic}`" not in readme} == set()


def test_foxglove_shows_topics_that_there_are_in_panels_that_it_lays_out() -> None:
    layout = json.loads((ROOT / "config" / "bisirl.foxglove.json").read_text())
    panels = layout["configById"]
    plots = [path["value"] for key in panels if "Plot" in key for path in panels[key]["paths"]]
    named = [
        *panels["3D!bisirl"]["topics"],
        *plots,
        panels["DiagnosticSummary!bisirl"]["topicToRender"],
    ]
    named.append(panels["RawMessages!gate"]["topicPath"].replace("/bisirl_node/", "~/"))
    topics = {name.removeprefix("/").partition(".")[0] for name in named}
    told = (ROOT / "README.md").read_text() + (ROOT / "docs" / "robot.md").read_text()
    assert len(topics) >= 9
    assert {t for t in topics if f"`{t}`" not in told and f"`/{t}`" not in told} == set()

    def leaves(node: Any) -> list[str]:
        return [node] if isinstance(node, str) else leaves(node["first"]) + leaves(node["second"])

    assert sorted(leaves(layout["layout"])) == sorted(panels)


def test_specs_have_remaps_of_tf_by_default() -> None:
    assert dict(NodeSpec("sim_node", {}).remappings) == {"/tf": "tf", "/tf_static": "tf_static"}
