"""ros2 launch bisirl_ros replay.launch.py bag:=FOLDER: a recording, and a bisirl_node watching it.

On the recording's time, and onto no robot. `bisirl replay FOLDER` does it at once, without ROS.
"""

from launch.actions import ExecuteProcess, OpaqueFunction, Shutdown

from bisirl_ros import launching
from bisirl_ros.bringup_replay import ReplayLaunchArguments, player, replay
from bisirl_ros.config import from_texts
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.parent import ends_with_this_process
from launch import LaunchDescription


def generate_launch_description():
    """One launch argument per field of ReplayLaunchArguments, and rviz."""
    arguments = [*launching.declared(ReplayLaunchArguments), *launching.rviz()]
    return LaunchDescription([*arguments, OpaqueFunction(function=start_nodes)])


def start_nodes(context):
    """The node, and `ros2 bag play`, whose end is the end of it all."""
    given = read_arguments(launching.given(ReplayLaunchArguments, context))
    playing = ExecuteProcess(
        cmd=player(given),
        output="screen",
        additional_env=ends_with_this_process(),
        on_exit=Shutdown(),
    )
    return [*launching.nodes(replay(given)), playing]


def read_arguments(texts):
    """ReplayLaunchArguments from launch configurations; what is wrong is said before anything."""
    arguments = from_texts(ReplayLaunchArguments, texts, "replay.launch.py")
    load_scenario(arguments.scenario)
    return arguments
