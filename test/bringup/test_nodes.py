"""What a run consists of: nodes that there are, with parameters that they have."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bisirl_ros.bringup import (
    Bringup,
    NodeSpec,
    PeopleArguments,
    SimArguments,
    people,
    simulation,
)
from bisirl_ros.bringup_robot import RobotArguments, robot
from bisirl_ros.config import from_mapping
from bisirl_ros.entry import NODES
from bisirl_ros.errors import InputError
from bisirl_ros.robots.profile import robot_names

from .conftest import ROOT

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


def test_specs_have_remaps_of_tf_by_default() -> None:
    assert dict(NodeSpec("sim_node", {}).remappings) == {"/tf": "tf", "/tf_static": "tf_static"}
