"""bisirl_node on a real robot: one description, from which launch/robot.launch.py starts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bisirl_ros.bringup import Bringup, NodeSpec
from bisirl_ros.config import setting

PARAMETERS = (
    "scenario",
    "robot",
    "human_source",
    "human_topic",
    "global_frame",
    "batch_s",
    "start_enabled",
    "observe_only",
    "device",
    "save_to",
    "checkpoint",
    "initial_reward",
    "seed",
    "autostart",
    "use_sim_time",
)
"""Launch arguments that are parameters of bisirl_node under the same name."""


@dataclass(frozen=True)
class RobotArguments:
    """Launch arguments on a real robot."""

    robot: str = setting("turtlebot4", doc="name of a robot, or a .yaml file of yours")
    scenario: str = setting("crossing", doc="name or .yaml path of what is to be done, and where")
    human_source: str = setting("people", doc="kind of people tracker")
    human_topic: str = setting("", doc="the tracker's topic; empty: as its kind has it")
    global_frame: str = setting("odom", doc="frame of everything; inputs are transformed into it")
    batch_s: float = setting(
        10.0, doc="interactions are cut every so long", unit="s", low=0.0, high=600.0
    )
    start_enabled: bool = setting(False, doc="drive without waiting for ~/enable")
    observe_only: bool = setting(False, doc="learn from watching; publish no velocity")
    velocity_smoother: bool = setting(False, doc="Nav2's, between this node and cmd_vel")
    collision_monitor: str = setting("", doc="parameter file of Nav2's, the last before cmd_vel")
    device: str = setting("auto", doc="the learner's: auto, cpu, cuda or cuda:i")
    save_to: str = setting("", doc="file to keep the learner's state in; empty keeps none")
    checkpoint: str = setting("", doc="file to go on from; empty starts anew")
    initial_reward: str = setting("", doc="reward.json of others to start from; empty: none")
    seed: int = setting(0, doc="of the learner", low=0)
    autostart: bool = setting(True, doc="configure and activate at once; else wait to be managed")
    namespace: str = setting("", doc="namespace of all nodes and topics")
    record: str = setting("", doc="folder of a bag to write everything to; empty records nothing")
    use_sim_time: bool = setting(False, doc="follow /clock")
    params_file: str = setting("", doc="YAML file with further parameters")
    log_level: str = setting(
        "info", doc="of all nodes", choices=("debug", "info", "warn", "error", "fatal")
    )


def chain(arguments: RobotArguments, cmd_vel: str) -> tuple[str, ...]:
    """The velocity topics from this node to the robot, which listens to cmd_vel; Nav2's names.

    This node publishes to the first; each two neighbours are what one of Nav2's nodes listens to
    and publishes: the velocity smoother, then the collision monitor, where they are asked for.
    """
    between = ["cmd_vel_nav"] if arguments.velocity_smoother or arguments.collision_monitor else []
    if arguments.velocity_smoother and arguments.collision_monitor:
        between.append("cmd_vel_smoothed")
    return (*between, cmd_vel)


def robot(arguments: RobotArguments) -> Bringup:
    """bisirl_node on a real robot; raises InputError for an unknown robot."""
    from bisirl_ros.robots.profile import load_robot  # torch takes seconds to import

    a, profile = arguments, load_robot(arguments.robot)
    remaps = {"/tf": "tf", "/tf_static": "tf_static"}
    remaps |= {"cmd_vel": chain(a, profile.cmd_vel_topic)[0], "odom": profile.odom_topic}
    parameters = {name: getattr(a, name) for name in PARAMETERS}
    parameters["enable_stamped_cmd_vel"] = profile.stamped
    spec = NodeSpec("bisirl_node", parameters, tuple(remaps.items()))
    found = Bringup((spec,), a.namespace, a.params_file, a.log_level)
    return found.recorded(Path(a.record).expanduser()) if a.record else found
