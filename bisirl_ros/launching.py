"""What the launch files share; imports `launch`, which ROS 2 brings."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import Any

from launch.actions import DeclareLaunchArgument, ExecuteProcess, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

from bisirl_ros.bringup import Bringup, NodeSpec
from bisirl_ros.params_file import refuse_strangers
from bisirl_ros.parent import ends_with_this_process

RECORDER = "recorder_node"
RVIZ = PathJoinSubstitution([FindPackageShare("bisirl_ros"), "config", "bisirl.rviz"])


def declared(kind: type) -> list[Any]:
    """One launch argument per field of a dataclass of settings."""
    return [
        DeclareLaunchArgument(f.name, default_value=str(f.default), description=f.metadata["doc"])
        for f in dataclasses.fields(kind)
    ]


def given(kind: type, context: Any) -> dict[str, str]:
    """The texts of those arguments."""
    return {f.name: context.launch_configurations[f.name] for f in dataclasses.fields(kind)}


def rviz() -> list[Any]:
    """Launch arguments use_rviz and rviz_config_file, and rviz2 where it is asked for."""
    return [
        DeclareLaunchArgument("use_rviz", default_value="False", description="start rviz2"),
        DeclareLaunchArgument("rviz_config_file", default_value=RVIZ, description="its settings"),
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=LaunchConfiguration("namespace"),
            arguments=["-d", LaunchConfiguration("rviz_config_file")],
            condition=IfCondition(LaunchConfiguration("use_rviz")),
        ),
    ]


def nodes(bringup: Bringup) -> list[Any]:
    """The processes of a bringup; one that ends, well or not, ends the run, and they end with it.

    Raises InputError where a section of the parameter file reaches none of them.
    """
    if bringup.params_file:
        refuse_strangers(bringup.params_file, bringup.names)
    extra = [bringup.params_file] if bringup.params_file else []
    return [
        _ros2_bag(spec)
        if spec.executable == RECORDER and _has_rosbag2()
        else Node(
            package="bisirl_ros",
            executable=spec.executable,
            namespace=bringup.namespace,
            parameters=[spec.parameters, *extra],
            remappings=list(spec.remappings),
            arguments=["--ros-args", "--log-level", bringup.log_level],
            output="screen",
            additional_env=ends_with_this_process(),
            sigterm_timeout="15",
            on_exit=Shutdown(),
        )
        for spec in bringup.nodes
    ]


def _has_rosbag2() -> bool:
    return importlib.util.find_spec("ros2bag") is not None


def _ros2_bag(spec: NodeSpec) -> Any:
    """The same recording by rosbag2, where it is installed; what was configured is kept inside."""
    bag, config = spec.parameters["bag"], spec.parameters["config"]
    command = ["ros2", "bag", "record", "--all", "--storage", "mcap", "--output", bag]
    return ExecuteProcess(
        cmd=[*command, "--custom-data", f"bisirl={config}"],
        output="screen",
        additional_env=ends_with_this_process(),
        sigterm_timeout="15",
    )
