"""What a configured bisirl_node is: a session, a learner, and the topics between them and ROS."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from std_msgs.msg import UInt8MultiArray

from bisirl_ros.control.faults import Fault
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.errors import InputError
from bisirl_ros.inputs.frames import FrameListener
from bisirl_ros.inputs.obstacle_input import ObstacleInput
from bisirl_ros.inputs.people_input import PeopleInput
from bisirl_ros.inputs.robot_input import RobotInput
from bisirl_ros.io.contract import pack_snapshot
from bisirl_ros.learner.process import Update
from bisirl_ros.nodes.comfort_topic import ComfortTopic
from bisirl_ros.nodes.conversions import bytes_message, velocity_command, velocity_type
from bisirl_ros.nodes.diagnostics import Diagnostics
from bisirl_ros.nodes.endpoints import Endpoints
from bisirl_ros.nodes.graph_watch import GraphWatch
from bisirl_ros.nodes.interventions import Interventions
from bisirl_ros.nodes.learner_link import LearnerLink
from bisirl_ros.nodes.learning_topics import LearningTopics
from bisirl_ros.nodes.periods import Periods
from bisirl_ros.nodes.qos import LATCHED, STANDARD
from bisirl_ros.nodes.ros import ACK_TIMEOUT, BisirlNode
from bisirl_ros.nodes.services import Services
from bisirl_ros.parameters.interaction import BisirlParameters
from bisirl_ros.session.session import Session

MARKERS_EVERY = 8
MARGIN_S = 1.0


@dataclass(frozen=True)
class AskedFor:
    """What people asked of the node, which no cleanup makes unasked."""

    enabled: bool
    latched: frozenset[Fault]


class Interaction:
    """Callbacks hand on to the session; one timer drives; the learner is another process."""

    def __init__(
        self, node: BisirlNode, p: BisirlParameters, scenario: Scenario, frames: FrameListener
    ) -> None:
        self._node, self._p, self._frames = node, p, frames
        self.session = session = Session(scenario, p.session(), node.complain)
        session.enabled = p.start_enabled
        self._endpoints = endpoints = Endpoints(node, self._catch_up)
        self._periods, self._ticks, self._failures = Periods(1.0 / p.control_rate), 0, 0
        self._active, person = False, scenario.person
        try:
            self._people = PeopleInput(
                node, endpoints, frames, p.tracker(), session, person.max_speed, p.global_frame
            )
            session.driver.obstacles = ObstacleInput(
                node, endpoints, frames, p.obstacles, person.radius_m
            )
            self._open(scenario)
        except Exception:
            endpoints.close()
            raise
        self._learner_lost = False
        self._learner = LearnerLink(p.worker(scenario), session, p.learner_timeout_s)
        Services(endpoints, session, self._learner)
        GraphWatch(node, endpoints)
        self._diagnostics = Diagnostics(
            node, endpoints, session, self._learner, self._periods, self._interventions
        )
        self._timer = endpoints.steady_timer(1.0 / p.control_rate, self._on_time)
        self._timer.cancel()

    def _open(self, scenario: Scenario) -> None:
        p, ends = self._p, self._endpoints
        if not p.observe_only:
            kind = velocity_type(p.enable_stamped_cmd_vel)
            self._velocity_pub = ends.publisher(kind, "cmd_vel", STANDARD)
        self._policy_pub = ends.publisher(UInt8MultiArray, "policy", LATCHED)
        self._topics = LearningTopics(ends, scenario, p.global_frame)
        self._interventions = Interventions(ends)
        self._comfort = ComfortTopic(ends, scenario, p.comfort, p.global_frame)
        RobotInput(self._node, ends, self._frames, self.session)

    # -- states -------------------------------------------------------------------------------
    def activate(self) -> None:
        """Drive, from the next control period on."""
        self._active = self._diagnostics.active = True
        self._periods.pause()
        self._timer.reset()

    def deactivate(self) -> None:
        """Ramp to rest, and command nothing any more; what was not over is not learned from."""
        active, self._active = self._active, False
        self._diagnostics.active = False
        self._timer.cancel()
        self._comfort.clear(self._node.now_s())
        self.session.finish(keep=False)
        if not active or self._p.observe_only:
            return
        until_s = self._node.steady_s() + self.session.driver.gate.settings.stop_time_s + MARGIN_S
        while not self.session.driver.gate.stands and self._node.steady_s() < until_s:
            self._send(self.session.driver.slow_down(self._p.time_scale / self._p.control_rate))
            time.sleep(1.0 / self._p.control_rate)
        self.session.driver.gate.continue_from(np.zeros(3))
        for _ in range(3):  # one may be lost on the way to a best-effort subscriber
            self._send(np.zeros(3))
        self._velocity_pub.wait_for_all_acked(ACK_TIMEOUT)

    @property
    def asked_for(self) -> AskedFor:
        """What it has to be told when it is configured again."""
        return AskedFor(self.session.enabled, self.session.driver.guard.latched)

    def take_over(self, kept: AskedFor | None) -> None:
        """Go on with what was asked of the one before."""
        if kept is not None:
            self.session.enabled = kept.enabled
            for fault in kept.latched:
                self.session.driver.guard.latch(fault)

    def close(self) -> None:
        """Let the learner go, and close all topics."""
        self._learner.stop()
        self._endpoints.close()

    # -- control ------------------------------------------------------------------------------
    def _on_time(self) -> None:
        if not self._periods.again(self._node.steady_s()):
            self._control()

    def _catch_up(self) -> None:
        """Two hundred people tell of themselves at once: commands are due in between."""
        if self._active and self._periods.due(self._node.steady_s()):
            self._timer.reset()
            self._control()

    def _control(self) -> None:
        """At a fixed rate: command first, everything else after; whatever fails, a ramp to rest."""
        self._periods.tick(self._node.steady_s())
        failed = False
        try:
            self._command()
        except Exception as error:
            failed = self._fail(error)
            self._send(self.session.halt(self._node.now()))
        try:
            self._look_after()
        except Exception as error:
            failed = self._fail(error)
        self.session.tell(Fault.CONTROL_FAILED, failed)

    def _fail(self, error: Exception) -> bool:
        self._failures += 1
        what = " ".join(str(error).split())[:200]
        self._node.complain("control", f"control: {type(error).__name__}: {what}; stopping")
        return True

    def _command(self) -> None:
        now = self._node.now()
        twist = self.session.tick(now)
        if self.session.deployed is not None:
            self._send(twist)
        if self.session.driven is not None and not self._p.observe_only:
            self._interventions.tell(self.session.driven, now.steady_s)

    def _look_after(self) -> None:
        now = self._node.now()
        for update in self._learner.work(now.steady_s):
            self._on_update(update)
        self.session.cut_by_time(now)
        if self.session.adopt(now):
            self._tell_policy(now.ros_s)
        self._ticks += 1
        if self._ticks % MARKERS_EVERY == 0 and self._topics.watched:
            self._publish_prediction()
        self._comfort.attend(self.session, now)
        if not self._learner.alive and not self._learner_lost:
            if self.session.deployed is None:
                self._node.failure = self._node.failure or InputError(
                    "the learner ended before its policy"
                )
            self._node.get_logger().error(
                "the learner process ended; driving on with the last policy"
            )
        self._learner_lost = not self._learner.alive

    def _tell_policy(self, deployed_s: float) -> None:
        assert self.session.deployed is not None
        told = replace(self.session.deployed, deployed_s=deployed_s)
        self._policy_pub.publish(bytes_message(pack_snapshot(told)))

    def _send(self, twist: Array) -> None:
        if not self._p.observe_only:
            stamped = self._p.enable_stamped_cmd_vel
            self._velocity_pub.publish(velocity_command(twist, stamped, self._node.now_s()))

    # -- learning -----------------------------------------------------------------------------
    def _on_update(self, update: Update) -> None:
        report, session, node = update.report, self.session, self._node
        if "error" in report and session.newest is None:
            node.failure = InputError(report["error"])
        elif "error" in report:
            node.get_logger().error(report["error"])
        if update.refused:
            node.complain("snapshot", f"{update.refused}; driving on with the last policy")
        if "refused" in report:
            node.complain("refused", report["refused"])
        if "said" in report:
            node.get_logger().info(report["said"])
        if update.snapshot is None:
            return
        session.offer(update.snapshot)
        if report:
            self._diagnostics.device = report["device"]
            self._diagnostics.objective = report["objective"]
            self._topics.publish(update.snapshot.features, report, **self._own_figures())

    def _own_figures(self) -> dict[str, Any]:
        """What the node itself adds to the learner's report."""
        session = self.session
        return {
            "control_period_ms": self._periods.summary_ms(),
            "refused": {
                "odom": dict(session.robot.refused),
                "people": dict(session.people.refused),
                "commands_not_finite": session.driver.gate.not_finite,
                "control_failures": self._failures,
            },
            "held_back": dict(self._interventions.counts),
            "dropped_batches": self._learner.dropped,
        }

    def _publish_prediction(self) -> None:
        session = self.session
        found = session.situation(self._node.now())
        if session.deployed is None or session.newest is None or found is None:
            return
        time_s = self._node.now_s()
        self._topics.publish_prediction(session.deployed, session.newest, *found, time_s)
