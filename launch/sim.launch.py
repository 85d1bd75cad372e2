"""ros2 launch bisirl_ros sim.launch.py: world, simulated people, learner and report.

The nodes, their parameters and remaps are those of `bisirl sim`: bisirl_ros.bringup.simulation.
"""

import dataclasses
from pathlib import Path

from launch.actions import OpaqueFunction

from bisirl_ros import launching
from bisirl_ros.bringup import SimArguments, simulation
from bisirl_ros.config import from_texts
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.learner.beginning import initial_belief
from bisirl_ros.report.run_folder import RunFolder, new_run_folder
from bisirl_ros.robots.profile import with_robot
from launch import LaunchDescription


def generate_launch_description():
    """One launch argument per field of SimArguments, and rviz."""
    arguments = [*launching.declared(SimArguments), *launching.rviz()]
    return LaunchDescription([*arguments, OpaqueFunction(function=start_nodes)])


def start_nodes(context):
    """The processes of the bringup; the report's end is the end of the run."""
    given = read_arguments(launching.given(SimArguments, context))
    run_dir = RunFolder(given.run_dir or new_run_folder("runs", given.scenario)).path
    return launching.nodes(simulation(given, run_dir))


def read_arguments(texts):
    """SimArguments from launch configurations; what is wrong is said before anything starts."""
    arguments = from_texts(SimArguments, texts, "sim.launch.py")
    scenario = load_scenario(arguments.scenario, arguments.people, arguments.drive)
    with_robot(scenario, arguments.robot)
    initial_belief(arguments.initial_reward, scenario)
    run_dir = arguments.run_dir and str(Path(arguments.run_dir).resolve())
    return dataclasses.replace(arguments, run_dir=run_dir)
