"""Faults of the robot, its commands and those who ask something of it."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import time
from typing import Any

from geometry_msgs.msg import TransformStamped
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from bisirl_ros.control.obedience import NUDGE_MPS, PATIENCE_S
from bisirl_ros.nodes.conversions import to_stamp
from bisirl_ros.verify.robot.commands import gap_s
from bisirl_ros.verify.robot.injected import Kind, diagnosed, nothing
from bisirl_ros.verify.robot.injected_tracker import TIMEOUT_S, resume, untouched
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.reactions import MOST_GAP_S, Reaction
from bisirl_ros.verify.robot.rig import MOVES, ODOMETRY_S
from bisirl_ros.verify.robot.stage import Stage, StageSettings

STALE_S = 0.5
"""The newest transform stands for so long."""
BEYOND = itertools.cycle(
    [("control_rate", 1e9), ("human_timeout_s", -1.0), ("gate.stop_time_s", 0.0), ("seed", -1)]
)


def odometry_silent(stage: Stage) -> float:
    """No odometry any more; known since the last."""
    stage.rig.silent = True
    time.sleep(ODOMETRY_S)
    return stage.rig.good_s


def odometry_again(stage: Stage) -> None:
    """It comes again."""
    stage.rig.silent = False


def goal_withdrawn(stage: Stage) -> float:
    """An empty plan; known since it was sent."""
    return stage.rig.send()


def goal_again(stage: Stage) -> None:
    """As the scenario has it."""
    stage.rig.send(stage.scenario.starts.robot.goal)


def asked_to_stop(stage: Stage) -> float:
    """`~/stop`; known since it was asked."""
    stage.rig.find(Trigger, "stop")
    asked_s = time.time()
    stage.rig.ask(Trigger, "stop")
    return asked_s


def parameter_beyond(stage: Stage) -> float:
    """A parameter is set at run time to what is out of its range."""
    stage.rig.find(SetParameters, "set_parameters")
    asked_s, (name, value) = time.time(), next(BEYOND)
    asked = Parameter(name, value=value).to_parameter_msg()
    (answer,) = stage.rig.ask(SetParameters, "set_parameters", parameters=[asked]).results
    if answer.successful:
        raise ValueError(f"{name} = {value} was taken")
    return asked_s


def unheard(stage: Stage) -> float:
    """Nobody subscribes to cmd_vel: the robot stands."""
    stage.rig.listen_no_more()
    return time.time()


def heard_again(stage: Stage) -> None:
    """Somebody subscribes."""
    stage.rig.listen()


def not_obeyed(stage: Stage, since_s: float) -> str:
    """It says that it is not obeyed."""
    return diagnosed(stage.rig, "control", "not obeyed", since_s, PATIENCE_S + 1.0)


def began_at_rest(stage: Stage, since_s: float) -> str:
    """Its first command is as if it had stood all the while."""
    first, limits = stage.rig.commands[0], stage.limits
    most = NUDGE_MPS + 2.0 * limits.body.max_acceleration * limits.period_s
    return "" if first.speed <= most else f"begins with {first.speed:.2f} m/s"


def other_drives_on(stage: Stage, since_s: float) -> str:
    """What befell the first robot is nothing to the second, and each has one who commands it."""
    one, other = stage.rigs
    now_s = time.time()
    lately = [c.speed for c in other.commands if since_s < c.time_s < now_s]
    if not lately or min(lately) < MOVES:
        return "the other robot does not drive on"
    if gap_s(other.commands, since_s, now_s) > stage.limits.period_s + MOST_GAP_S:
        return "a gap between the other robot's commands"
    crossed = [rig.namespace for rig in (one, other) if rig.speaks() != [_node_of(rig.namespace)]]
    return f"others command {crossed[0]}" if crossed else ""


def _node_of(namespace: str) -> str:
    return f"{namespace}/bisirl_node"


def no_tf() -> str:
    """Why transforms cannot stop here."""
    found = importlib.util.find_spec("tf2_msgs")
    return "" if found else "tf2_msgs is not installed: inputs have to be in global_frame"


class Transforms:
    """The tracker's frame in odom, told on `tf` until it is silent."""

    def __init__(self, stage: Stage) -> None:
        self._kind: Any = importlib.import_module("tf2_msgs.msg").TFMessage
        self._stage, self.silent, self.good_s = stage, False, 0.0
        self._publisher: Any = stage.graph.node.create_publisher(self._kind, "tf", 10)
        stage.pace(self._tell, lambda: ODOMETRY_S)

    def _tell(self) -> None:
        if self.silent:
            return
        one = TransformStamped()
        one.header.frame_id, one.child_frame_id = "odom", "map"
        one.header.stamp = to_stamp(self._stage.clock.now_s())
        one.transform.rotation.w = 1.0
        self.good_s = time.time()
        self._publisher.publish(self._kind(transforms=[one]))


def tf_silent(stage: Stage) -> float:
    """People are told of in another frame than odom, whose transform stops; known since the last.

    raises TimeoutError where such people are not believed in before
    """
    told = Transforms(stage)
    time.sleep(1.0)
    stage.rig.tracker.spoil_with(untouched, "map")
    time.sleep(1.0)
    if not until(lambda: stage.rig.moves, 3.0):
        raise TimeoutError("people in a frame that tf knows are not believed in")
    told.silent = True
    time.sleep(ODOMETRY_S)
    return told.good_s


def tf_mended(stage: Stage) -> None:
    """People are told of in odom again."""
    stage.rig.tracker.mend()


KINDS: dict[str, Kind] = {
    "odometry silent": Kind(Reaction.STOP, odometry_silent, odometry_again, TIMEOUT_S),
    "tf silent": Kind(Reaction.STOP, tf_silent, tf_mended, TIMEOUT_S + STALE_S, missing=no_tf),
    "goal withdrawn": Kind(Reaction.STOP, goal_withdrawn, goal_again),
    "stop asked": Kind(Reaction.LATCH, asked_to_stop, nothing, resume=resume),
    "parameter out of range": Kind(Reaction.DRIVE, parameter_beyond, nothing),
    "nobody hears cmd_vel": Kind(
        Reaction.WAIT, unheard, heard_again, meanwhile=not_obeyed, mended=began_at_rest
    ),
    "one of two robots": Kind(
        Reaction.STOP,
        odometry_silent,
        odometry_again,
        TIMEOUT_S,
        meanwhile=other_drives_on,
        settings=StageSettings(robots=2),
    ),
}
