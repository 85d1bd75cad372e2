"""sim_node and human_node over DDS: the world does as it is told, and says what it knows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

import torch
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry, Path
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario, load_scenario
from bisirl_ros.io.contract import Snapshot, pack_snapshot
from bisirl_ros.messages import people as mp
from bisirl_ros.messages import records as mrec
from bisirl_ros.messages import robot as mr
from bisirl_ros.nodes import conversions as c
from bisirl_ros.nodes import conversions_people as cp

pytestmark = [pytest.mark.ros, pytest.mark.slow]

TWIST = np.array([0.4, 0.2, 0.0])
NOISE_M = 0.05


class Stage:
    """A world whose robot holds TWIST, and all that it tells."""

    def __init__(self, place: Any, scenario: Scenario, *parameters: str) -> None:
        self.place, self.graph, self.scenario = place, place.graph(), scenario
        graph = self.graph
        self.episodes = graph.listen("/episode", String, latched=True)
        self.intents = graph.listen("/people/intent", String, latched=True)
        self.routes = [
            graph.listen("/goal_pose", PoseStamped, latched=True),
            graph.listen("/plan", Path, latched=True),
        ]
        self.odom = graph.listen("/odom", Odometry)
        self.truth = graph.listen("/people/ground_truth", Odometry)
        self.reports = graph.listen("/people/odom", Odometry)
        self.first = graph.listen("/human/odom", Odometry)
        self._velocity = graph.publisher("/cmd_vel", TwistStamped)
        graph.node.create_timer(0.05, self._drive)
        self.arguments = ["--ros-args", "-p", f"scenario:={scenario.name}"]
        self.arguments += ["-p", f"people:={scenario.people}"]
        self.arguments += ["-p", f"drive:={scenario.robot.drive}"]
        more = [word for parameter in parameters for word in ("-p", parameter)]
        self.world = self.start("sim_node", "-p", "backend:=kinematic", *more)

    def start(self, node: str, *arguments: str) -> Any:
        """Another node of the same scenario."""
        return self.place.start("bisirl_ros.entry", node, *self.arguments, *arguments)

    def _drive(self) -> None:
        self._velocity.publish(c.velocity_command(TWIST, True, 0.0))

    def records(self, event: str) -> list[dict[str, Any]]:
        """What `episode` told of an event."""
        told = (mrec.read_episode(heard.message) for heard in self.episodes)
        return [record for record in told if record["event"] == event]


def test_three_people_walk_and_an_omnidirectional_robot_moves_sideways(place: Any) -> None:
    scenario = load_scenario("crossing", 3, "omni")
    stage = Stage(
        place, scenario, "real_time_factor:=1.5", f"tracker.position_noise_m:={NOISE_M}",
        "tracker.says_velocity:=false", "tracker.dropout:=0.3", "episodes:=1",
    )  # fmt: skip
    graph, names = stage.graph, scenario.identities
    commands = [graph.listen(f"/people/{name}/cmd_vel", TwistStamped) for name in names]
    grades = graph.listen("/evaluation", String, latched=True)
    truths = graph.listen("/people/truth", String, latched=True)
    policy, n = InteractionPolicy(scenario.robot), len(scenario.feature_names)
    snapshot = Snapshot(
        0, policy.initial(torch.Generator().manual_seed(0)).double(), (), np.zeros((0, n)),
        np.zeros((0, n, n)), np.zeros(n), np.eye(n), scenario.name, scenario.feature_names,
    )  # fmt: skip
    policies = graph.publisher("/policy", UInt8MultiArray, latched=True)
    policies.publish(c.bytes_message(pack_snapshot(snapshot)))
    human = stage.start("human_node", "-p", "same_reward:=true")
    graph.until(lambda: stage.records("run_finished") and truths and grades, "the end", 60.0)

    (started,), (intent,) = stage.records("started"), stage.intents
    assert set(started["goals"]) == set(names)
    assert len(stage.routes[0]) == 1 and not stage.routes[1]
    goal = mr.route_of(stage.routes[0][0].message)
    np.testing.assert_array_equal(goal, started["route"])
    _, stamp_s, goals = mrec.read_intent(intent.message)
    assert stamp_s == started["stamp_s"]
    for name in names:
        assert goals[name].tolist() in started["goals"][name].tolist()

    robot = np.array([mr.odometry_to_robot(heard.message) for heard in stage.odom])
    np.testing.assert_allclose(robot[:, 3:].max(0), TWIST, atol=0.02)
    for p, name in enumerate(names):
        seen = [mp.odometry_to_person(h.message) for h in stage.truth]
        path = np.array([r.position for r in seen if r.identity == name])
        assert np.ptp(path[:, 1]) > 2.0, f"{name} did not walk"
        assert len(commands[p]) > 5
        assert {h.message.header.frame_id for h in commands[p]} == {"odom"}
    truth = mrec.read_truth(truths[0].message)
    assert list(truth) == list(names) and truth[names[0]] == truth[names[2]]
    assert np.isfinite(json.loads(grades[0].message.data)["return"])

    told = [mp.odometry_to_person(h.message) for h in stage.reports]
    exact = {(r.identity, round(r.stamp_s, 6)): r.position for r in seen}
    both = [(r.position, exact.get((r.identity, round(r.stamp_s, 6)))) for r in told]
    off = np.array([report - true for report, true in both if true is not None])
    assert off.std() == pytest.approx(NOISE_M, rel=0.2)
    assert all(r.velocity is None and r.position_covariance is not None for r in told)
    assert 0.5 < len(told) / len(seen) < 0.9
    assert {h.message.child_frame_id for h in stage.first} == {"human"}
    assert human.process.poll() is None, human.err


def test_with_nobody_an_episode_is_played_without_waiting(place: Any) -> None:
    stage = Stage(place, load_scenario("doorway", 0), "real_time_factor:=8.0", "goal:=known")
    stage.graph.until(lambda: stage.records("finished"), "an episode", 40.0)
    record = stage.records("finished")[0]
    assert record["outcome"] in ("arrived", "timeout") and record["min_distance_m"] is None
    assert record["goals"] == {} and len(record["route"]) == 4
    path = mr.route_of(stage.routes[1][0].message)
    np.testing.assert_array_equal(path, stage.records("started")[0]["route"])
    assert not stage.reports and not stage.truth


def test_commands_that_are_not_finite_are_refused_in_one_line(place: Any) -> None:
    stage = Stage(place, load_scenario("crossing", 1))
    person = stage.graph.publisher("/people/person_0/cmd_vel", TwistStamped)
    stage.graph.until(lambda: stage.records("started"), "an episode", 30.0)
    person.publish(cp.person_command(np.array([np.nan, 0.0]), "odom", 0.0))
    stage.graph.until(lambda: "give a finite target velocity" in stage.world.err, "a line", 10.0)
    person.publish(cp.person_command(np.array([0.0, 1.0]), "odom", 0.0))
    before = len(stage.truth)
    stage.graph.until(lambda: len(stage.truth) > before + 20, "more states", 10.0)
    state = mp.person_state(mp.odometry_to_person(stage.truth[-1].message))
    assert state[3] == pytest.approx(1.0, abs=0.1)
    assert "Traceback" not in stage.world.err and stage.world.process.poll() is None
