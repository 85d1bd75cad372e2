"""A robot by its name: its body, and the topics by which it is driven and heard."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from bisirl_ros.config import from_mapping, read_yaml, setting
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError

PACKAGE = "bisirl_ros.robots"


@dataclass(frozen=True)
class RobotProfile:
    """What a scenario and a node need to know of a robot; `robot` is a scenario's block."""

    robot: Robot = setting(doc="its body and what it can do")
    description: str = setting("", doc="one line for people to read")
    cmd_vel_topic: str = setting("cmd_vel", doc="where it listens, within its namespace")
    stamped: bool = setting(True, doc="it expects TwistStamped there, else Twist")
    odom_topic: str = setting("odom", doc="where it says how it moves")
    base_frame: str = setting("base_link", doc="the frame of its body")


def robot_names() -> list[str]:
    """Names of the robots that come with the package."""
    files = resources.files(PACKAGE).iterdir()
    return sorted(f.name[:-5] for f in files if f.name.endswith(".yaml"))


def load_robot(name_or_path: str) -> RobotProfile:
    """Read a robot by its name, or from a path that ends in `.yaml`.

    Raises InputError for an unknown name, an unreadable file, an unknown key or a bad value.
    """
    if name_or_path.endswith((".yaml", ".yml")):
        return from_mapping(RobotProfile, read_yaml(Path(name_or_path)), name_or_path)
    if name_or_path not in robot_names():
        raise InputError(
            f"robot '{name_or_path}' is unknown; choose one of {', '.join(robot_names())}"
            " or give the path of a .yaml file"
        )
    with resources.as_file(resources.files(PACKAGE) / f"{name_or_path}.yaml") as path:
        return from_mapping(RobotProfile, read_yaml(path), path.name)


def with_robot(scenario: Scenario, name_or_path: str) -> Scenario:
    """A scenario with this robot in it, "" for its own; raises InputError as `load_robot`."""
    if not name_or_path:
        return scenario
    return replace(scenario, robot=load_robot(name_or_path).robot)
