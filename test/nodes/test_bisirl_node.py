"""bisirl_node alone over DDS: bad input, new goals, a dead learner, a clean way out."""

from __future__ import annotations

import json
import math
import os
import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import String

from bisirl_ros.messages import records as mrec
from bisirl_ros.messages import robot as mr
from bisirl_ros.nodes import conversions as c
from bisirl_ros.nodes import conversions_people as cp

from .heard import moving, speeds, standing

pytestmark = [pytest.mark.ros, pytest.mark.slow]


class Stage:
    """A lone bisirl_node; a robot on a stand, whose wheels obey; a person who stands still."""

    def __init__(self, place: Any) -> None:
        self.graph = place.graph()
        self.commands = self.graph.listen("/cmd_vel", TwistStamped)
        self._odom = self.graph.publisher("/odom", Odometry)
        self._people = self.graph.publisher("/people/odom", Odometry)
        self.episode = self.graph.publisher("/episode", String, latched=True)
        self.goal = self.graph.publisher("/goal_pose", PoseStamped)
        self.node = place.start(
            "bisirl_ros.entry", "bisirl_node", "--ros-args", "-p", "device:=cpu"
        )
        self.spoil: Callable[[Odometry], None] = lambda message: None
        self.spoil_robot: Callable[[Odometry], None] = lambda message: None
        self.graph.node.create_timer(0.043, self._tick)

    def _tick(self) -> None:
        now_s = self.graph.now_s()
        twist = mr.command_of(self.commands[-1].message) if self.commands else np.zeros(3)
        robot = c.robot_to_odometry(np.array([-2.0, 0.0, 0.0, *twist]), "odom", now_s)
        state = np.array([0.0, -3.0, 0.0, 0.0])
        human = cp.person_to_odometry(cp.exact_report("somebody", now_s, state), "odom")
        self.spoil_robot(robot)
        self.spoil(human)
        self._odom.publish(robot)
        self._people.publish(human)

    def tell(self, event: str, **more: object) -> None:
        """A message on the `episode` topic."""
        record = {
            "schema": mrec.EPISODE,
            "event": event,
            "episode": 0,
            "stamp_s": self.graph.now_s(),
            "goals": {"somebody": [[0.0, 3.6]]},
            **more,
        }
        self.episode.publish(c.json_message(record))

    def told(self, pattern: str) -> list[float]:
        """When the node logged such lines [s]."""
        line = rf"^\[\w+\] \[(\d+\.\d+)\] \[bisirl_node\]: {pattern}"
        return [float(stamp) for stamp in re.findall(line, self.node.err, re.MULTILINE)]


@pytest.fixture
def stage(place: Any) -> Iterator[Stage]:
    """A robot that drives because all is well; it is asked to stop at the end, and does."""
    stage = Stage(place)
    stage.graph.until(lambda: stage.commands, "a command, which says that a policy is there", 60.0)
    stage.tell("started")
    stage.graph.until(lambda: moving(stage.commands), "a robot that drives", 10.0)
    yield stage
    assert stage.node.process.poll() is None, stage.node.err
    stage.node.process.send_signal(signal.SIGINT)
    stage.graph.until(lambda: stage.node.process.poll() is not None, "the node's end", 15.0)
    assert stage.node.wait() == 0, stage.node.err
    assert "Traceback" not in stage.node.err
    stage.graph.until(lambda: standing(stage.commands), "a last command that stops", 3.0)
    assert stage.node.running_after(3.0) == {}


def not_finite(message: Odometry) -> None:
    """A tracker that lost its target."""
    message.pose.pose.position.x = math.nan


def other_frame(message: Odometry) -> None:
    """A tracker in another frame."""
    message.header.frame_id = "map"


def old(message: Odometry) -> None:
    """A tracker with another clock."""
    message.header.stamp = c.to_stamp(mr.stamp_s(message.header.stamp) - 5.0)


def test_bad_human_input_stops_the_robot_and_is_told_once_per_second(stage: Stage) -> None:
    complaints = {
        not_finite: r"people/somebody: a value is not finite; check the tracker",
        other_frame: r"people/odom: frame_id 'map', expected 'odom'",
        old: r"people/somebody: stamp is \d\.\d\d s old; check clocks",
    }
    for spoil, pattern in complaints.items():
        stage.graph.until(lambda: moving(stage.commands), "a robot that drives again", 10.0)
        stage.spoil, since_s = spoil, stage.graph.now_s()
        stage.graph.until(lambda: standing(stage.commands), f"a stop after {spoil.__name__}", 5.0)
        assert stage.commands[-1].sent_s - since_s < 2.0, spoil.__name__
        stage.graph.until(lambda p=pattern: stage.told(p), f"the line about {pattern}", 15.0)
        stage.graph.work(1.5)
        assert standing(stage.commands)
        stage.spoil = lambda message: None
    for pattern in (*complaints.values(), r"(?:odometry|tracker) silent .*: stopping"):
        gaps_s = np.diff(stage.told(pattern))
        # Untold of, every message (10 Hz) would have its line; a busy neighbour shifts one by .1 s.
        assert np.all(gaps_s > 0.5), f"{pattern}: told after {gaps_s.min():.2f} s again"
    assert stage.node.process.poll() is None


def test_a_goal_given_at_run_time_is_driven_to_and_nonsense_is_not(stage: Stage) -> None:
    """Behind it to the left: it turns left. Then NaN, and another frame: it goes on as it did."""
    stage.goal.publish(c.goal_to_pose(np.array([-3.0, 2.0]), "odom", stage.graph.now_s()))
    stage.graph.until(lambda: speeds(stage.commands[-1:])[0, 1] > 0.3, "a robot that turns", 5.0)
    stage.goal.publish(c.goal_to_pose(np.array([math.nan, 0.0]), "odom", stage.graph.now_s()))
    stage.graph.until(lambda: stage.told("goal_pose: .*finite"), "a line", 10.0)
    stage.graph.work(1.1)  # a line per second is told
    stage.goal.publish(c.goal_to_pose(np.array([3.0, 0.0]), "map", stage.graph.now_s()))
    stage.graph.until(lambda: stage.told("goal: frame_id 'map'"), "a line", 10.0)
    assert speeds(stage.commands[-1:])[0, 1] > 0.3


def test_bad_odometry_stops_the_robot(stage: Stage) -> None:
    stage.spoil_robot = not_finite
    stage.graph.until(lambda: standing(stage.commands), "a stop", 5.0)
    stage.graph.until(lambda: stage.told("odom: a value is not finite"), "a line", 15.0)


def test_bad_episode_messages_are_told_and_the_robot_drives_on(stage: Stage) -> None:
    whole = {"schema": mrec.EPISODE, "event": "started", "episode": 1, "stamp_s": 0.0}
    texts = ["nonsense", json.dumps({"schema": "bisirl.episode/0"})]
    texts += [json.dumps({"schema": mrec.EPISODE})]
    texts += [json.dumps({**whole, "goals": goals}) for goals in (3, {"a": [1.0]}, {"a": "far"})]
    texts += [json.dumps({**whole, "route": route}) for route in (3, [], [[1.0, "far"]])]
    for count, text in enumerate(texts, 1):
        stage.episode.publish(String(data=text))
        stage.graph.until(
            lambda n=count: len(stage.told("episode: ")) >= n or stage.node.process.poll(),
            f"a line about {text}",
            10.0,
        )
        assert stage.node.process.poll() is None, f"{text}\n{stage.node.err}"
        stage.graph.work(1.1)  # a line per second is told
    assert moving(stage.commands)


def test_control_goes_on_at_its_rate_when_the_learner_is_killed(stage: Stage) -> None:
    learners = [
        pid for pid, line in stage.node.running().items() if "multiprocessing.spawn" in line
    ]
    (learner,) = learners
    os.kill(learner, signal.SIGKILL)
    stage.graph.until(
        lambda: stage.told("the learner process ended; driving on"), "a line about it", 10.0
    )
    before = len(stage.commands)
    stage.graph.work(3.0)
    after = stage.commands[before:]
    assert len(after) >= 48, "20 Hz for 3 s"
    assert np.diff([h.sent_s for h in after]).max() < 0.25
    assert speeds(after)[:, 0].min() > 0.3
    assert len(stage.told("the learner process ended")) == 1
