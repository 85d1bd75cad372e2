"""ros2 launch bisirl_ros robot.launch.py robot:=turtlebot4: bisirl_node on a real robot.

With velocity_smoother:=true and collision_monitor:=PARAMS.yaml Nav2's nodes stand between it and
the robot's cmd_vel, under a lifecycle manager of their own.
"""

from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from bisirl_ros import launching
from bisirl_ros.bringup_robot import RobotArguments, chain, robot
from bisirl_ros.config import from_texts
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.learner.beginning import initial_belief
from bisirl_ros.robots.profile import load_robot, with_robot
from launch import LaunchDescription


def generate_launch_description():
    """One launch argument per field of RobotArguments, and rviz."""
    arguments = [*launching.declared(RobotArguments), *launching.rviz()]
    return LaunchDescription([*arguments, OpaqueFunction(function=start_nodes)])


def start_nodes(context):
    """bisirl_node, and what of Nav2 is asked for."""
    given = read_arguments(launching.given(RobotArguments, context))
    return [*launching.nodes(robot(given)), *nav2_nodes(given)]


def nav2_nodes(given):
    """Nav2's velocity smoother and collision monitor between this node and the robot."""
    profile = load_robot(given.robot)
    topics = chain(given, profile.cmd_vel_topic)
    shared = {"use_sim_time": given.use_sim_time, "enable_stamped_cmd_vel": profile.stamped}
    body, nodes = profile.robot, []
    if given.velocity_smoother:
        sideways = body.max_speed if body.sideways else 0.0
        most = [body.max_speed, sideways, body.max_turn_rate]
        change = [body.max_acceleration, body.max_acceleration, body.max_turn_acceleration]
        limits = {
            "max_velocity": most,
            "min_velocity": [-v for v in most],
            "max_accel": change,
            "max_decel": [-v for v in change],
        }
        remaps = [("cmd_vel", topics[0]), ("cmd_vel_smoothed", topics[1])]
        nodes.append(nav2(given, "velocity_smoother", [shared | limits], remaps))
    if given.collision_monitor:
        ends = {"cmd_vel_in_topic": topics[-2], "cmd_vel_out_topic": topics[-1]}
        settings = [given.collision_monitor, shared | ends]
        nodes.append(nav2(given, "collision_monitor", settings, []))
    if nodes:
        names = [
            name for name in ("velocity_smoother", "collision_monitor") if getattr(given, name)
        ]
        managed = {"autostart": True, "node_names": names, "use_sim_time": given.use_sim_time}
        nodes.append(
            Node(
                package="nav2_lifecycle_manager",
                executable="lifecycle_manager",
                name="lifecycle_manager_velocity",
                namespace=given.namespace,
                parameters=[managed],
                output="screen",
            )
        )
    return nodes


def nav2(given, name, parameters, remappings):
    """One of Nav2's nodes, which has a package of its own."""
    return Node(
        package=f"nav2_{name}",
        executable=name,
        name=name,
        namespace=given.namespace,
        parameters=parameters,
        remappings=[("/tf", "tf"), ("/tf_static", "tf_static"), *remappings],
        arguments=["--ros-args", "--log-level", given.log_level],
        output="screen",
    )


def read_arguments(texts):
    """RobotArguments from launch configurations; what is wrong is said before anything starts."""
    arguments = from_texts(RobotArguments, texts, "robot.launch.py")
    scenario = with_robot(load_scenario(arguments.scenario), arguments.robot)
    initial_belief(arguments.initial_reward, scenario)
    return arguments
