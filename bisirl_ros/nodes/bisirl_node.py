"""bisirl_node: steady control beside a learner that it never waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import SetBool

from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import pack_snapshot
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.learner.process import LearnerProcess, Update
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.nodes.bisirl_parameters import BisirlParameters
from bisirl_ros.nodes.conversions import (
    bytes_message,
    odometry_to_robot,
    route_of,
    stamp_s,
    velocity_command,
    velocity_type,
)
from bisirl_ros.nodes.conversions_people import OLD_IDENTITY, odometry_to_person, pose_to_person
from bisirl_ros.nodes.conversions_records import read_episode
from bisirl_ros.nodes.learning_topics import LearningTopics, Periods
from bisirl_ros.nodes.ros import (
    ACK_TIMEOUT,
    EVENTS,
    LATCHED,
    PEOPLE,
    STANDARD,
    BisirlNode,
    declare,
)
from bisirl_ros.session.clock import Now
from bisirl_ros.session.session import Session

MARKERS_EVERY = 8
LONGEST_RAMP_S = 2.0


class InteractionNode(BisirlNode):
    """Callbacks hand on to the session; one timer drives; the learner is another process."""

    def __init__(self) -> None:
        super().__init__("bisirl_node")
        stay_on_one_core()
        self._p = p = declare(self, BisirlParameters)
        scenario = p.load()
        if len(p.grid) != 2:
            raise InputError(f"bisirl_node: parameter grid: give rings and spokes, got {p.grid}")
        resolve_device(p.device)
        if p.checkpoint and not FilePath(p.checkpoint).is_file():
            raise InputError(f"bisirl_node: parameter checkpoint: no file {p.checkpoint}")
        self._session = Session(scenario, p.session(), self.complain)
        self._session.enabled = p.start_enabled
        loop = replace(p.learner, policy_steps=0) if p.observe_only else p.learner
        self._learner = LearnerProcess(
            WorkerConfig(
                scenario,
                loop,
                p.seed,
                p.device,
                p.checkpoint,
                p.save_to,
                (p.grid[0], p.grid[1]),
                p.observe_only,
                compile=p.compile,
            )
        )
        self._learner_lost = False
        self._ticks, self._periods, self._failures = 0, Periods(), 0
        self._topics = LearningTopics(self, scenario, p.global_frame)
        self._make_endpoints()
        self.steady_timer(1.0 / p.control_rate, self._control)

    def _make_endpoints(self) -> None:
        p = self._p
        if not p.observe_only:
            kind = velocity_type(p.enable_stamped_cmd_vel)
            self._velocity_pub = self.create_publisher(kind, "cmd_vel", STANDARD)
        self._policy_pub = self.create_publisher(UInt8MultiArray, "policy", LATCHED)
        self.listen(Odometry, "odom", self._on_odom, STANDARD)
        if p.human_source == "pose":
            self._listen_to_people(PoseStamped, "human/pose", pose_to_person)
        elif p.human_source == "odometry":
            self._listen_to_people(
                Odometry, "human/odom", lambda m: odometry_to_person(m, OLD_IDENTITY)
            )
        else:
            self._listen_to_people(Odometry, "people/odom", odometry_to_person)
        self.listen(PoseStamped, "goal_pose", self._on_goal, STANDARD)
        self.listen(Path, "plan", self._on_goal, STANDARD)
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.create_service(SetBool, "~/enable", self._on_enable)

    # -- inputs -------------------------------------------------------------------------------
    def _listen_to_people(self, kind: type, topic: str, convert: Callable[[Any], Any]) -> None:
        def hear(message: Any) -> None:
            if message.header.frame_id != self._p.global_frame:
                self._session.people.refused["frame"] += 1
                raise InputError(
                    f"{topic}: frame_id '{message.header.frame_id}', expected"
                    f" '{self._p.global_frame}'; set global_frame or fix the tracker"
                )
            report = convert(message)
            if report.covariance_refused:
                self._session.people.refused["covariance"] += 1
                self.complain("covariance", f"{topic}: a covariance makes no sense; not used")
            self._session.hear_person(report, self._now())

        self.listen(kind, topic, hear, PEOPLE)

    def _on_odom(self, message: Odometry) -> None:
        header = message.header
        state = odometry_to_robot(message)
        self._session.hear_robot(state, stamp_s(header.stamp), self._now(), header.frame_id)

    def _on_goal(self, message: PoseStamped | Path) -> None:
        if message.header.frame_id != self._p.global_frame:
            raise InputError(
                f"goal: frame_id '{message.header.frame_id}', expected '{self._p.global_frame}';"
                " the robot keeps its last goal"
            )
        self._session.go(route_of(message), self._now())

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            self._session.begin(
                record["stamp_s"], record["goals"], record["episode"], record["route"]
            )
        elif record["event"] == "finished":
            self._session.finish(keep=record.get("outcome") != "reset")

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        self._session.enabled = bool(request.data)
        response.success, response.message = True, "driving" if request.data else "stopped"
        return response

    # -- control ------------------------------------------------------------------------------
    def _control(self) -> None:
        """At a fixed rate: command first, everything else after; whatever fails, a stop."""
        self._periods.tick(self.steady_s())
        try:
            self._command()
            self._look_after()
        except Exception as error:
            self._failures += 1
            what = " ".join(str(error).split())[:200]
            self.complain("control", f"control: {type(error).__name__}: {what}; stopping")
            self._send(np.zeros(3))

    def _command(self) -> None:
        twist = self._session.tick(self._now())
        if self._session.deployed is not None:
            self._send(twist)

    def _look_after(self) -> None:
        for update in self._learner.poll():
            self._on_update(update)
        now = self._now()
        self._session.cut_by_time(now)
        if self._session.adopt(now):
            self._tell_policy()
        for log in self._session.take():
            if self._learner.alive and not self._learner.offer(log):
                self.complain("learner", "learner is behind: an episode was dropped")
        self._ticks += 1
        if self._ticks % MARKERS_EVERY == 0 and self._topics.watched:
            self._publish_prediction(now)
        if not self._learner.alive and not self._learner_lost:
            self._learner_lost = True
            if self._session.deployed is None:
                self.failure = self.failure or InputError("the learner ended before its policy")
            self.get_logger().error("the learner process ended; driving on with the last policy")

    def _tell_policy(self) -> None:
        assert self._session.deployed is not None
        self._policy_pub.publish(bytes_message(pack_snapshot(self._session.deployed)))

    def _send(self, twist: np.ndarray) -> None:
        if not self._p.observe_only:
            stamped = self._p.enable_stamped_cmd_vel
            self._velocity_pub.publish(velocity_command(twist, stamped, self.now_s()))

    # -- learning -----------------------------------------------------------------------------
    def _on_update(self, update: Update) -> None:
        report, session = update.report, self._session
        if "error" in report and session.newest is None:
            self.failure = InputError(report["error"])
        elif "error" in report:
            self.get_logger().error(report["error"])
        if "refused" in report:
            self.complain("refused", report["refused"])
        if "said" in report:
            self.get_logger().info(report["said"])
        if update.snapshot is None:
            return
        session.offer(update.snapshot)
        if report:
            self._topics.publish(
                update.snapshot.features,
                report,
                control_period_ms=self._periods.summary_ms(),
                refused={
                    "odom": dict(session.robot.refused),
                    "people": dict(session.people.refused),
                    "commands_not_finite": session.gate.not_finite,
                    "control_failures": self._failures,
                },
                dropped_batches=self._learner.dropped,
            )

    def _publish_prediction(self, now: Now) -> None:
        session = self._session
        found = session.situation(now)
        if session.deployed is None or session.newest is None or found is None:
            return
        self._topics.publish_prediction(session.deployed, session.newest, *found, self.now_s())

    def _now(self) -> Now:
        return Now(self.now_s(), self.steady_s())

    def on_stop(self) -> None:
        """Ramp to a stop, then let the learner go."""
        if not self._p.observe_only:
            self._session.enabled = False
            until_s = self.steady_s() + LONGEST_RAMP_S
            while not self._session.gate.stands and self.steady_s() < until_s:
                self._send(self._session.tick(self._now()))
                time.sleep(1.0 / self._p.control_rate)
            for _ in range(3):  # one may be lost on the way to a best-effort subscriber
                self._send(np.zeros(3))
            self._velocity_pub.wait_for_all_acked(ACK_TIMEOUT)
        self._learner.stop()


NODE = InteractionNode
