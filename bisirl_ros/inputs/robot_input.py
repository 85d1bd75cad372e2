"""What the session is told of the robot: where it is, where it is sent, when an episode begins."""

from __future__ import annotations

from typing import Any

from bisirl_ros.errors import InputError
from bisirl_ros.inputs.frames import FrameListener
from bisirl_ros.inputs.host import Host, Listening, Quality
from bisirl_ros.messages.records import read_episode
from bisirl_ros.messages.robot import odometry_to_robot, route_of, stamp_s
from bisirl_ros.session.session import Session


class RobotInput:
    """Subscribes to `odom`, `goal_pose`, `plan` and `episode`."""

    def __init__(
        self, host: Host, messages: Listening, frames: FrameListener, session: Session
    ) -> None:
        self._host, self._frames, self._session = host, frames, session
        messages.listen("nav_msgs/msg/Odometry", "odom", self._on_odom, Quality.SENSOR)
        messages.listen(
            "geometry_msgs/msg/PoseStamped", "goal_pose", self._on_goal, Quality.STANDARD
        )
        messages.listen("nav_msgs/msg/Path", "plan", self._on_goal, Quality.STANDARD)
        messages.listen("std_msgs/msg/String", "episode", self._on_episode, Quality.EVENTS)

    def _on_odom(self, message: Any) -> None:
        at_s, state = stamp_s(message.header.stamp), odometry_to_robot(message)
        try:
            pose = self._frames.into_global(message.header.frame_id, at_s)
        except InputError as error:
            self._session.robot.refused["frame"] += 1
            raise InputError(f"odom: {error}") from error
        state[:2], state[2] = pose.apply(state[:2]), state[2] + pose.yaw
        self._session.hear_robot(state, at_s, self._host.now())

    def _on_goal(self, message: Any) -> None:
        if hasattr(message, "poses") and not len(message.poses):
            self._host.complain("goal", "plan: is empty: there is no way, the robot stops")
            self._session.withdraw_goal()
            return
        try:
            pose = self._frames.into_global(message.header.frame_id, 0.0)
        except InputError as error:
            raise InputError(f"goal: {error}; the robot keeps its last goal") from error
        self._session.go(pose.apply(route_of(message)), self._host.now())

    def _on_episode(self, message: Any) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            self._session.begin(
                record["stamp_s"], record["goals"], record["episode"], record["route"]
            )
        elif record["event"] == "finished":
            self._session.finish(keep=record.get("outcome") != "reset")
