"""What the session is told of the robot: where it is, where it is sent, when an episode begins."""

from __future__ import annotations

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import String

from bisirl_ros.errors import InputError
from bisirl_ros.nodes.conversions import odometry_to_robot, route_of, stamp_s
from bisirl_ros.nodes.conversions_records import read_episode
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.frame_listener import FrameListener
from bisirl_ros.nodes.qos import EVENTS, SENSOR, STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.session import Session


class RobotInput:
    """Subscribes to `odom`, `goal_pose`, `plan` and `episode`."""

    def __init__(
        self, node: BisirlNode, endpoints: Endpoints, frames: FrameListener, session: Session
    ) -> None:
        self._node, self._frames, self._session = node, frames, session
        endpoints.listen(Odometry, "odom", self._on_odom, SENSOR)
        endpoints.listen(PoseStamped, "goal_pose", self._on_goal, STANDARD)
        endpoints.listen(Path, "plan", self._on_goal, STANDARD)
        endpoints.listen(String, "episode", self._on_episode, EVENTS)

    def _on_odom(self, message: Odometry) -> None:
        at_s, state = stamp_s(message.header.stamp), odometry_to_robot(message)
        try:
            pose = self._frames.into_global(message.header.frame_id, at_s)
        except InputError as error:
            self._session.robot.refused["frame"] += 1
            raise InputError(f"odom: {error}") from error
        state[:2], state[2] = pose.apply(state[:2]), state[2] + pose.yaw
        self._session.hear_robot(state, at_s, self._node.now())

    def _on_goal(self, message: PoseStamped | Path) -> None:
        if isinstance(message, Path) and not message.poses:
            self._node.complain("goal", "plan: is empty: there is no way, the robot stops")
            self._session.withdraw_goal()
            return
        try:
            pose = self._frames.into_global(message.header.frame_id, 0.0)
        except InputError as error:
            raise InputError(f"goal: {error}; the robot keeps its last goal") from error
        self._session.go(pose.apply(route_of(message)), self._node.now())

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            self._session.begin(
                record["stamp_s"], record["goals"], record["episode"], record["route"]
            )
        elif record["event"] == "finished":
            self._session.finish(keep=record.get("outcome") != "reset")
