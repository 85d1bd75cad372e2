"""What a tracker says, on its way to the session."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from geometry_msgs.msg import Pose, PoseArray

from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.frames.transform import IDENTITY
from bisirl_ros.inputs.people_input import PeopleInput, Tracker
from bisirl_ros.nodes.conversions import to_stamp
from bisirl_ros.session.clock import Now
from bisirl_ros.session.session import Session
from bisirl_ros.session.settings import SessionSettings
from bisirl_ros.tracking.people.settings import IdentitySettings

pytestmark = pytest.mark.ros
PERIOD_S = 0.1


class Desk:
    """Somebody who stands at 1, 2, seen by a detector without identities."""

    def __init__(self) -> None:
        self.session = Session(load_scenario("crossing"), SessionSettings())
        self.ros_s, self.steady_s = 100.0, 5.0
        self.hear: Any = None
        node: Any = SimpleNamespace(
            now=self.now, now_s=lambda: self.ros_s, complain=lambda about, line: None
        )
        frames: Any = SimpleNamespace(works=False, into_global=lambda frame, stamp_s: IDENTITY)
        tracker = Tracker("pose_array", "", "auto", "", IdentitySettings())
        PeopleInput(node, self, frames, tracker, self.session, 1.6, "odom")  # type: ignore[arg-type]

    def listen(self, kind: Any, topic: str, callback: Any, qos: Any) -> None:
        self.hear = callback

    def now(self) -> Now:
        return Now(self.ros_s, self.steady_s)

    def frames(self, count: int) -> list[str]:
        """So many messages; who is there then."""
        for _ in range(count):
            self.ros_s, self.steady_s = self.ros_s + PERIOD_S, self.steady_s + PERIOD_S
            message = PoseArray(poses=[Pose()])
            message.header.frame_id, message.header.stamp = "odom", to_stamp(self.ros_s)
            message.poses[0].position.x, message.poses[0].position.y = 1.0, 2.0
            self.hear(message)
            self.session.tick(self.now())
        return list(self.session.people.present(self.now()))


@pytest.mark.parametrize("jump_s", [-50.0, 3600.0])
def test_after_a_jump_of_time_people_are_found_anew(jump_s: float) -> None:
    """And not refused for stamps that are earlier than before it."""
    desk = Desk()
    assert desk.frames(10) == ["person_1"]
    desk.ros_s += jump_s
    desk.session.tick(desk.now())
    assert desk.session.jumps == 1
    assert desk.frames(10) == ["person_2"]
