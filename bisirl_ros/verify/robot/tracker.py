"""Who tells of people on a stage, and what may be wrong with what is told."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from geometry_msgs.msg import Point, Pose, PoseArray
from nav_msgs.msg import Odometry

from bisirl_ros.nodes.conversions import to_stamp
from bisirl_ros.nodes.conversions_people import exact_report, person_to_odometry
from bisirl_ros.nodes.qos import PEOPLE
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.verify.robot.graph import Graph
from bisirl_ros.verify.robot.stage_clock import StageClock

ROUND_M, ROUND_RADPS = 0.4, 0.5
"""Everybody walks in a circle: of this radius, at this rate."""
FIRST_M, APART_M = (-2.0, -3.5), 1.0
TOPICS = {"people": ("people/odom", Odometry), "pose_array": ("people/pose_array", PoseArray)}

Spoil = Callable[[list[PersonReport]], list[PersonReport]]
"""Makes what is told of the true reports of one moment."""


def somebody(number: int, time_s: float) -> PersonReport:
    """The true state of a person at time_s [s]."""
    phase = ROUND_RADPS * time_s + number
    way = np.array([math.cos(phase), math.sin(phase)])
    place = np.array(FIRST_M) + [number * APART_M, 0.0] + ROUND_M * way
    velocity = ROUND_M * ROUND_RADPS * np.array([-way[1], way[0]])
    return exact_report(f"person_{number}", time_s, np.concatenate([place, velocity]))


def as_they_are(reports: list[PersonReport]) -> list[PersonReport]:
    """Nothing is wrong."""
    return reports


@dataclass
class Tracker:
    """Tells of `count` people whenever `tell` is called.

    source: "people" (a message a person) or "pose_array" (one of everybody)
    spoil, frame, silent: what is wrong; good_s: when it last told what can be believed [s]
    bad_s: when it first told something else since `spoil_with` [s]
    """

    graph: Graph
    clock: StageClock
    namespace: str
    count: int
    source: str = "people"
    spoil: Spoil = as_they_are
    frame: str = "odom"
    silent: bool = False
    good_s: float = -math.inf
    bad_s: float | None = None
    _stamp_s: float = -math.inf

    def __post_init__(self) -> None:
        topic, kind = TOPICS[self.source]
        node = self.graph.node
        self.publisher: Any = node.create_publisher(kind, f"{self.namespace}/{topic}", PEOPLE)

    def spoil_with(self, spoil: Spoil, frame: str = "odom") -> None:
        """From now on."""
        self.bad_s, self.frame, self.spoil = None, frame, spoil

    def mend(self) -> None:
        """Nothing is wrong from now on."""
        self.frame, self.silent, self.spoil = "odom", False, as_they_are

    def tell(self) -> None:
        """Of everybody, now."""
        if self.silent:
            return
        stamp_s, frame, spoil = self.clock.now_s(), self.frame, self.spoil
        true = [somebody(number, stamp_s) for number in range(self.count)]
        sent_s = time.time()
        self._publish(spoil(true), frame, stamp_s)
        if (spoil, frame) != (as_they_are, "odom"):
            self.bad_s = self.bad_s or sent_s
        elif stamp_s > self._stamp_s:
            self.good_s = sent_s
        self._stamp_s = stamp_s

    def _publish(self, reports: Sequence[PersonReport], frame: str, stamp_s: float) -> None:
        if self.source == "people":
            for report in reports:
                self.publisher.publish(person_to_odometry(report, frame))
            return
        message = PoseArray(poses=[_pose(report) for report in reports])
        message.header.frame_id, message.header.stamp = frame, to_stamp(stamp_s)
        self.publisher.publish(message)


def _pose(report: PersonReport) -> Pose:
    x, y = report.position
    return Pose(position=Point(x=float(x), y=float(y)))


def shifted(
    report: PersonReport, by_m: Sequence[float] = (0.0, 0.0), by_s: float = 0.0
) -> PersonReport:
    """The same person elsewhere, or at another time."""
    place = report.position + np.array(by_m)
    return replace(report, position=place, stamp_s=report.stamp_s + by_s)
