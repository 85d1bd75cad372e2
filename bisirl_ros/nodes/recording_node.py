"""recording_node: plays recordings of a person and a robot onto the topics of the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros.config import setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.navwareset import Recording, read_recording
from bisirl_ros.messages.records import EPISODE
from bisirl_ros.nodes.clock_watch import ClockWatch
from bisirl_ros.nodes.conversions import json_message, robot_to_odometry, to_stamp
from bisirl_ros.nodes.conversions_people import person_to_odometry
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS, LATCHED, PEOPLE, STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.reports import PersonReport

TICK_S = 0.01
GAP_S = 2.0


@dataclass(frozen=True)
class RecordingParameters:
    """Parameters of recording_node."""

    files: tuple[str, ...] = setting((), doc="recordings, played in this order")
    rate: float = setting(8.0, doc="recorded per real second", low=0.1, high=20.0)
    frame: str = setting("odom", doc="frame of all poses")


class RecordingNode(BisirlNode):
    """One recording is one episode; it starts when a learner has published its policy."""

    def __init__(self) -> None:
        super().__init__("recording_node")
        self._p = p = declare(self, RecordingParameters)
        if not any(p.files):
            raise InputError("recording_node: parameter files is empty; name recordings to play")
        self._recordings = [read_recording(Path(file)) for file in p.files]
        for recording in self._recordings:
            for note in recording.notes:
                self.get_logger().info(f"{recording.name}: {note}")
        self._clock_pub = self.create_publisher(ClockMessage, "/clock", STANDARD)
        self._clock_watch = ClockWatch(self)
        self._odom_pub = self.create_publisher(Odometry, "odom", STANDARD)
        self._people_pub = self.create_publisher(Odometry, "people/odom", PEOPLE)
        self._episode_pub = self.create_publisher(String, "episode", EVENTS)
        self.listen(UInt8MultiArray, "policy", self._on_policy, LATCHED)
        self._learner_ready = False
        self._time_s, self._index, self._row = 0.0, 0, 0
        self._offset_s = GAP_S
        self._over = False
        self._last_s = self.steady_s()
        self.steady_timer(TICK_S, self._tick)

    def _on_policy(self, _: UInt8MultiArray) -> None:
        self._learner_ready = True

    def _tick(self) -> None:
        now_s = self.steady_s()
        elapsed_s, self._last_s = now_s - self._last_s, now_s
        if not self._learner_ready or (self._time_s == 0.0 and not self._clock_watch.alone()):
            return
        target_s = self._time_s + elapsed_s * self._p.rate
        while self._index < len(self._recordings) and self._due_s() <= target_s:
            self._time_s = self._due_s()
            self._publish_row(self._recordings[self._index])
        self._time_s = target_s
        self._publish_clock()
        if self._index == len(self._recordings) and not self._over:
            self._over = True
            self._tell("run_finished", self._index, self._recordings[-1])

    def _due_s(self) -> float:
        return self._offset_s + float(self._recordings[self._index].time_s[self._row])

    def _publish_row(self, recording: Recording) -> None:
        self._publish_clock()
        if self._row == 0:
            self._tell("started", self._index, recording)
        frame, time_s = self._p.frame, self._time_s
        self._odom_pub.publish(robot_to_odometry(recording.robot[self._row], frame, time_s))
        place, velocity = recording.person[self._row, :2], recording.person[self._row, 2:]
        report = PersonReport(recording.identity, time_s, place, velocity, None, None)
        self._people_pub.publish(person_to_odometry(report, frame))
        self._row += 1
        if self._row == len(recording.time_s):
            self._tell("finished", self._index, recording, outcome="end of recording")
            self._offset_s, self._row, self._index = time_s + GAP_S, 0, self._index + 1

    def _publish_clock(self) -> None:
        self._clock_pub.publish(ClockMessage(clock=to_stamp(self._time_s)))

    def _tell(self, event: str, index: int, recording: Recording, **more: object) -> None:
        record = {
            "schema": EPISODE,
            "event": event,
            "episode": index,
            "stamp_s": round(self._time_s, 6),
            "route": [recording.robot[-1, :2].tolist()],
            "goals": {recording.identity: [recording.goal.tolist()]},
            "name": recording.name,
            "backend": "recording",
            **more,
        }
        self._episode_pub.publish(json_message(record))


NODE = RecordingNode
