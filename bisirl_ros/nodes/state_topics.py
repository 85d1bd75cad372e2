"""What a simulation tells of where everybody is: the truth, a tracker's reports, the route."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry, Path

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.messages.people import OLD_IDENTITY
from bisirl_ros.nodes.conversions import goal_to_pose, robot_to_odometry, route_to_path
from bisirl_ros.nodes.conversions_people import exact_report, person_to_odometry, person_to_pose
from bisirl_ros.nodes.qos import LATCHED, PEOPLE, STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.session.reports import PersonReport
from bisirl_sim.tracker import Report


class StateTopics:
    """Publishers of `odom`, `people/odom`, `people/ground_truth`, `goal_pose` and `plan`.

    `human/odom` and `human/pose` repeat what is reported of the first person.
    """

    def __init__(self, node: BisirlNode, scenario: Scenario, frame: str) -> None:
        self._names, self._frame = scenario.identities, frame
        self._odom = node.create_publisher(Odometry, "odom", STANDARD)
        self._people = node.create_publisher(Odometry, "people/odom", PEOPLE)
        self._truth = node.create_publisher(Odometry, "people/ground_truth", PEOPLE)
        self._first = node.create_publisher(Odometry, "human/odom", STANDARD)
        self._first_pose = node.create_publisher(PoseStamped, "human/pose", STANDARD)
        self._goal = node.create_publisher(PoseStamped, "goal_pose", LATCHED)
        self._plan = node.create_publisher(Path, "plan", LATCHED)

    def publish_truth(self, robot: Array, people: Array, time_s: float) -> None:
        """True states: robot (6,), which knows itself, and people (P, 4), for graders."""
        self._odom.publish(robot_to_odometry(robot, self._frame, time_s))
        for name, state in zip(self._names, people, strict=True):
            report = exact_report(name, time_s, state)
            self._truth.publish(person_to_odometry(report, self._frame))

    def publish_report(self, seen: Report) -> None:
        """One person as a tracker saw them."""
        report = as_report(seen)
        self._people.publish(person_to_odometry(report, self._frame))
        if seen.identity == self._names[0]:
            first = replace(report, identity=OLD_IDENTITY)
            self._first.publish(person_to_odometry(first, self._frame))
            self._first_pose.publish(person_to_pose(first, self._frame))

    def publish_route(self, route: Array, time_s: float) -> None:
        """Where the robot is sent: (L, 2) [m], a goal where L = 1."""
        if len(route) == 1:
            self._goal.publish(goal_to_pose(route[0], self._frame, time_s))
        else:
            self._plan.publish(route_to_path(route, self._frame, time_s))


def as_report(seen: Report) -> PersonReport:
    """A simulated tracker's report, with covariances."""
    position, velocity = seen.position_variance, seen.velocity_variance
    return PersonReport(
        seen.identity,
        seen.stamp_s,
        seen.position,
        seen.velocity,
        None if position is None else position * np.eye(2),
        None if velocity is None else velocity * np.eye(2),
    )
