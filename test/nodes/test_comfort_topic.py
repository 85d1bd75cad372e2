"""What is said on `comfort_map`, and when; without DDS."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("rclpy", reason="needs the ROS 2 message packages")

from nav_msgs.msg import OccupancyGrid
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.comfort import ComfortSettings
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.nodes.comfort_topic import ComfortTopic
from bisirl_ros.session.clock import Now

CROSSING = load_scenario("crossing")


class Topic:
    """Stands in for a node's endpoints and for the publisher."""

    def __init__(self) -> None:
        self.sent: list[OccupancyGrid] = []
        self.readers = 1

    def publisher(self, kind: type, topic: str, qos: QoSProfile) -> Any:
        """Keep how it was asked for."""
        self.kind, self.topic, self.qos = kind, topic, qos
        return self

    def publish(self, message: OccupancyGrid) -> None:
        """Keep what is sent."""
        self.sent.append(message)

    def get_subscription_count(self) -> int:
        """How many read it."""
        return self.readers

    def values(self) -> np.ndarray:
        """The newest map's, (H, W)."""
        info = self.sent[-1].info
        return np.asarray(self.sent[-1].data).reshape(info.height, info.width)


def snapshot() -> Snapshot:
    """Of ana, who minds the robot; a stranger does not."""
    n = len(CROSSING.feature_names)
    minds = np.array([[0.0, -3.0, 0.0, 0.0]])
    zero = np.zeros((n, n))
    names = CROSSING.feature_names
    return Snapshot(
        1, torch.zeros(1), ("ana",), minds, zero[None], np.zeros(n), zero, "crossing", names
    )


def found(*names: str, x: float = 1.05) -> tuple[Situation, tuple[str, ...]]:
    """The robot at the origin, everybody at x, 0.05."""
    people = torch.tensor([[x, 0.05, 0.0, 0.0]] * len(names), dtype=torch.float64)
    count = len(names)
    goals = torch.zeros((1, count, 1, 2), dtype=torch.float64)
    aims = Aims(torch.zeros((1, 1, 2), dtype=torch.float64), goals, goals[..., 0])
    robot = torch.zeros((1, 6), dtype=torch.float64)
    present = torch.ones((1, count), dtype=torch.bool)
    return Situation(robot, people.reshape(1, count, 4), present, aims, CROSSING.room), names


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def comfort(topic: Topic) -> ComfortTopic:
    return ComfortTopic(topic, CROSSING, ComfortSettings(), "odom")


class Watched:
    """Stands in for a session, once a second attended to."""

    def __init__(self, comfort: ComfortTopic) -> None:
        self._comfort, self._time_s = comfort, 6.5
        self.newest: Snapshot | None = snapshot()
        self.found: tuple[Situation, tuple[str, ...]] | None = None
        self.asked = 0

    def situation(self, now: Now) -> tuple[Situation, tuple[str, ...]] | None:
        """What is known."""
        self.asked += 1
        return self.found

    def goes_on(self, *names: str, later_s: float = 1.0) -> None:
        """Time goes on, with these people there."""
        self._time_s += later_s
        self.found = found(*names)
        self._comfort.attend(self, Now(self._time_s, self._time_s))

    def knows_nothing(self, later_s: float = 1.0) -> None:
        """Time goes on, and nobody knows where the robot is."""
        self._time_s, self.found = self._time_s + later_s, None
        self._comfort.attend(self, Now(self._time_s, self._time_s))


@pytest.fixture
def session(comfort: ComfortTopic) -> Watched:
    return Watched(comfort)


def test_a_static_layer_can_read_it(topic: Topic, session: Watched) -> None:
    assert (topic.kind, topic.topic) == (OccupancyGrid, "comfort_map")
    assert topic.qos.durability == DurabilityPolicy.TRANSIENT_LOCAL
    assert topic.qos.reliability == ReliabilityPolicy.RELIABLE
    session.goes_on("ana")
    message = topic.sent[0]
    assert message.header.frame_id == "odom"
    assert message.header.stamp.sec == 7
    assert message.info.resolution == pytest.approx(0.1)
    row, column = 50, 60  # of the cell from 1.0 to 1.1 in x, from 0.0 to 0.1 in y
    assert topic.values()[row, column] == topic.values().max() == 100


def test_everybody_by_their_own_estimate(topic: Topic, session: Watched) -> None:
    session.goes_on("ben")
    assert not topic.values().any()
    session.goes_on("ben", "ana")
    assert topic.values().any()


def test_once_a_second_and_only_while_it_is_read(topic: Topic, session: Watched) -> None:
    topic.readers = 0
    for _ in range(40):
        session.goes_on("ana", later_s=0.05)
    assert (topic.sent, session.asked) == ([], 0)
    topic.readers = 1
    for _ in range(64):
        session.goes_on("ana", later_s=0.05)
    assert len(topic.sent) == session.asked == 4


def test_nothing_is_left_standing_of_people_who_are_not_known_of_any_more(
    topic: Topic, session: Watched, comfort: ComfortTopic
) -> None:
    comfort.clear(0.0)
    session.knows_nothing()
    assert topic.sent == []
    session.goes_on("ana")
    session.knows_nothing()
    assert not topic.values().any()
    assert topic.sent[0].info.origin == topic.sent[1].info.origin
    session.knows_nothing()
    assert len(topic.sent) == 2
    session.goes_on("ana")
    comfort.clear(20.0)
    assert not topic.values().any()


def test_before_there_is_an_estimate_nothing_is_said(topic: Topic, session: Watched) -> None:
    session.newest = None
    session.goes_on("ana")
    assert topic.sent == []


def test_the_last_reader_leaves_an_empty_map_to_the_next(topic: Topic, session: Watched) -> None:
    session.goes_on("ana")
    topic.readers = 0
    session.goes_on("ana")
    assert len(topic.sent) == 2
    assert not topic.values().any()
    session.goes_on("ana")
    assert len(topic.sent) == 2
