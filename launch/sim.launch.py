"""ros2 launch bisirl_ros sim.launch.py: world, simulated people, learner and report.

The nodes, their parameters and remaps are those of `bisirl sim`: bisirl_ros.bringup.simulation.
"""

import dataclasses
from pathlib import Path

from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from bisirl_ros.bringup import SimArguments, simulation
from bisirl_ros.config import from_texts
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.params_file import refuse_strangers
from bisirl_ros.parent import ends_with_this_process
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.robots.profile import with_robot
from launch import LaunchDescription

FIELDS = dataclasses.fields(SimArguments)


def generate_launch_description():
    """One launch argument per field of SimArguments, and rviz."""
    arguments = [
        DeclareLaunchArgument(f.name, default_value=str(f.default), description=f.metadata["doc"])
        for f in FIELDS
    ]
    arguments += [
        DeclareLaunchArgument("use_rviz", default_value="False", description="start rviz2"),
        DeclareLaunchArgument("rviz_config_file", default_value="", description="rviz2's settings"),
    ]
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        namespace=LaunchConfiguration("namespace"),
        arguments=["-d", LaunchConfiguration("rviz_config_file")],
        condition=IfCondition(LaunchConfiguration("use_rviz")),
    )
    return LaunchDescription([*arguments, OpaqueFunction(function=start_nodes), rviz])


def start_nodes(context):
    """The processes of the bringup; the report's end is the end of the run."""
    given = read_arguments({f.name: context.launch_configurations[f.name] for f in FIELDS})
    run_dir = RunFolder(given.run_dir or new_run_folder("runs", given.scenario)).path
    bringup = simulation(given, run_dir)
    if bringup.params_file:
        refuse_strangers(bringup.params_file, bringup.names)
    extra = [bringup.params_file] if bringup.params_file else []
    return [
        Node(
            package="bisirl_ros",
            executable=spec.executable,
            namespace=bringup.namespace,
            parameters=[spec.parameters, *extra],
            remappings=list(spec.remappings),
            arguments=["--ros-args", "--log-level", bringup.log_level],
            output="screen",
            additional_env=ends_with_this_process(),
            sigterm_timeout="15",
            on_exit=Shutdown(),  # one that ends, well or not, ends the run
        )
        for spec in bringup.nodes
    ]


def read_arguments(texts):
    """SimArguments from launch configurations; what is wrong is said before anything starts."""
    arguments = from_texts(SimArguments, texts, "sim.launch.py")
    with_robot(
        load_scenario(arguments.scenario, arguments.people, arguments.drive), arguments.robot
    )
    run_dir = arguments.run_dir and str(Path(arguments.run_dir).resolve())
    return dataclasses.replace(arguments, run_dir=run_dir)
