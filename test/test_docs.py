"""What the documentation gives as an example works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bisirl_ros.crowd.features import FEATURES
from bisirl_ros.crowd.scenario import load_scenario, scenario_names
from bisirl_ros.crowd.task_terms import TERMS
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.robots.profile import load_robot, robot_names

ROOT = Path(__file__).parents[1]
SCENARIOS, ROBOT = ROOT / "docs" / "scenarios.md", ROOT / "docs" / "robot.md"
SERVICES = ROOT / "bisirl_ros" / "nodes" / "services.py"
REGISTRY = ROOT / "bisirl_ros" / "inputs" / "sources" / "registry.py"


def test_the_scenario_of_your_own_loads_and_starts(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", SCENARIOS.read_text(), re.DOTALL)
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    scenario = load_scenario(str(path))
    assert len(scenario.sample(20, np.random.default_rng(0))) == 20
    assert true_weights(scenario, seed=1, spread=0.0).tolist() == [[0.5, 2.0, -2.0]]


def test_every_term_feature_and_scenario_is_named() -> None:
    text = SCENARIOS.read_text() + (SCENARIOS.parents[1] / "README.md").read_text()
    for name in [*TERMS, *FEATURES, *scenario_names()]:
        if name != "people":  # the recordings'
            assert f"`{name}`" in text, name


def test_the_robot_of_your_own_loads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", ROBOT.read_text(), re.DOTALL)
    path = tmp_path / "my_robot.yaml"
    path.write_text(text)
    assert load_robot(str(path)).robot.lag_s == 0.25


def test_every_robot_tracker_and_service_is_named() -> None:
    text = ROBOT.read_text()
    services = re.findall(r'\("(\w+)", self\._', SERVICES.read_text())
    assert len(services) == 6
    for name in [*robot_names(), *re.findall(r'^    "(\w+)": ', REGISTRY.read_text(), re.M)]:
        assert f"`{name}`" in text, name
    for service in services:
        assert f"`~/{service}`" in text, service
