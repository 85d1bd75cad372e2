"""Whole runs over DDS: what flows, what stays hidden, what is left."""

from __future__ import annotations

import json
import math
import signal
import struct
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import OccupancyGrid, Odometry
from rcl_interfaces.msg import Log
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Float64, Float64MultiArray, String, UInt8MultiArray
from visualization_msgs.msg import MarkerArray

from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.io.checkpoint import load_checkpoint
from bisirl_ros.io.contract import unpack_snapshot
from bisirl_ros.io.records import scenario_records
from bisirl_ros.messages import people as mp
from bisirl_ros.messages import robot as mr

from .heard import events, moving, records, speeds, standing

pytestmark = [pytest.mark.ros, pytest.mark.slow]

CROSSING = load_scenario("crossing", people=2)
PEOPLE = 2
LATCHED = (
    "/rosout", "/policy", "/episode", "/learning", "/evaluation", "/people/truth",
    "/people/intent", "/goal_pose", "/plan", "/bisirl_node/intervention", "/comfort_map",
)  # fmt: skip
KINDS = {
    "/clock": Clock,
    "/odom": Odometry,
    "/human/odom": Odometry,
    "/human/pose": PoseStamped,
    "/cmd_vel": TwistStamped,
    "/goal_pose": PoseStamped,
    "/people/odom": Odometry,
    "/people/ground_truth": Odometry,
    "/people/intent": String,
    "/people/person_0/cmd_vel": TwistStamped,
    "/people/person_1/cmd_vel": TwistStamped,
    "/policy": UInt8MultiArray,
    "/episode": String,
    "/reward": Float64MultiArray,
    "/outer_objective": Float64,
    "/learning": String,
    "/evaluation": String,
    "/people/truth": String,
    "/predicted_motion": MarkerArray,
    "/comfort_map": OccupancyGrid,
    "/bisirl_node/intervention": String,
    "/diagnostics": DiagnosticArray,
    "/rosout": Log,
}
SILENT = {"/parameter_events", "/tf", "/tf_static", "/plan", "/bisirl_node/transition_event"}
"""Not ours, of another scenario, or over before anybody listens."""
FACTOR, EPISODES = 1, 2
SIM = (
    "sim", "--backend", "kinematic", "--episodes", EPISODES, "--real-time-factor", FACTOR,
    "--oracle", "false", "--run-dir", "run", "--scenario", "crossing", "--people", PEOPLE,
)  # fmt: skip
SUMMARY_KEYS = [
    "scenario", "seed", "episodes", "theta_true", "theta_hat", "theta_std", "relative_error",
    "returns", "min_distances", "collisions", "oracle_return", "inner", "outer_iterations",
    "control_period_ms", "wall_s", "backend", "device", "versions", "people", "drive",
]  # fmt: skip


# -- a run to its end -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def run(shared_place: Any) -> SimpleNamespace:
    """Two episodes of the crossing, all of which was listened to."""
    graph = shared_place.graph()
    heard = {t: graph.listen(t, kind, latched=t in LATCHED) for t, kind in KINDS.items()}
    program = shared_place.start("bisirl_ros.cli", *SIM)
    topics: set[str] = set()

    def over() -> bool:
        topics.update(name for name, _ in graph.node.get_topic_names_and_types())
        return program.process.poll() is not None

    graph.until(over, "the end of the run", 240.0)
    graph.work(0.5)
    folder = shared_place.folder / "run"
    return SimpleNamespace(heard=heard, program=program, topics=topics, folder=folder)


def test_a_run_ends_well_and_leaves_no_process(run: SimpleNamespace) -> None:
    assert run.program.wait() == 0, run.program.err
    assert "Traceback" not in run.program.err
    assert not run.program.complaints()
    assert run.program.running_after(2.0) == {}
    assert standing(run.heard["/cmd_vel"])


def test_every_topic_carries_data(run: SimpleNamespace) -> None:
    heard = run.heard
    silent = [topic for topic in KINDS if not heard[topic]]
    assert silent == []
    assert run.topics - SILENT - set(KINDS) == set(), "a topic that nobody listened to"

    assert events(heard["/episode"]) == ["started", "finished"] * EPISODES + ["run_finished"]
    assert [r["episode"] for r in records(heard["/episode"])][:4] == [0, 0, 1, 1]
    assert {r["backend"] for r in records(heard["/episode"])} == {"kinematic"}
    stamps = [mr.stamp_s(h.message.clock) for h in heard["/clock"]]
    assert np.all(np.diff(stamps) > 0.0)
    for topic in ("/odom", "/human/odom", "/human/pose"):
        assert {h.message.header.frame_id for h in heard[topic]} == {"odom"}
        states = [mr.stamp_s(h.message.header.stamp) for h in heard[topic]]
        assert np.all(np.diff(states) > 0.0)
    told = [mp.odometry_to_person(h.message) for h in heard["/people/odom"]]
    assert {report.identity for report in told} == {"person_0", "person_1"}
    assert all(report.position_covariance is not None for report in told)
    robot = np.array([mr.odometry_to_robot(h.message) for h in heard["/odom"]])
    assert np.isfinite(robot).all()
    assert np.ptp(robot[:, 0]) > 3.0, "the robot did not cross"
    for name in ("person_0", "person_1"):
        places = np.array([report.position for report in told if report.identity == name])
        assert np.ptp(places[:, 1]) > 3.0, f"{name} did not cross"
    markers = heard["/predicted_motion"][-1].message.markers
    assert markers and markers[0].points


def test_what_is_learned_is_told(run: SimpleNamespace) -> None:
    heard = run.heard
    snapshots = [unpack_snapshot(mr.message_bytes(h.message), "policy") for h in heard["/policy"]]
    versions = [s.version for s in snapshots]
    assert versions[0] == 0
    assert versions == sorted(set(versions))
    assert {s.scenario for s in snapshots} == {"crossing"}
    learned = records(heard["/learning"])
    assert [r["episode"] for r in learned] == list(range(EPISODES))
    for r in learned:
        refused = r["refused"]
        assert refused["commands_not_finite"] == refused["control_failures"] == 0, refused
        # everybody is put elsewhere between episodes, and a busy machine may be late, its clock too
        assert set(refused["odom"]) <= {"ahead", "old"}, refused
        assert set(refused["people"]) <= {"jump", "old", "ahead"}, refused
        assert set(r["people"]) == {"person_0", "person_1"}
    assert all(r["dropped_batches"] == 0 for r in learned)
    assert len(heard["/outer_objective"]) == EPISODES
    for h, record in zip(heard["/reward"], learned, strict=True):
        people, labels = record["people"], [d.label for d in h.message.layout.dim]
        assert labels == [",".join(people), "mean,std", ",".join(CROSSING.feature_names)]
        expected = [[found["theta"], found["std"]] for found in people.values()]
        np.testing.assert_array_equal(h.message.data, np.ravel(expected))
    graded = records(heard["/evaluation"])
    for key in ("return", "relative_error"):
        found = {r["episode"]: r[key] for r in graded if key in r}
        assert sorted(found) == list(range(EPISODES))
        assert np.isfinite(list(found.values())).all()


def test_commands_keep_the_limits_and_the_rate(run: SimpleNamespace) -> None:
    heard, robot = run.heard["/cmd_vel"], CROSSING.robot
    assert {h.message.header.frame_id for h in heard} == {"base_link"}
    commands = speeds(heard)
    assert np.abs(commands[:, 0]).max() <= robot.max_speed + 1e-9
    assert np.abs(commands[:, 1]).max() <= robot.max_turn_rate + 1e-9
    assert commands[:, 0].max() > 0.5 * robot.max_speed
    period_s = 1.0 / (20.0 * FACTOR)
    periods_s = np.diff([h.sent_s for h in heard])
    assert 0.7 * period_s < np.median(periods_s) < 1.5 * period_s
    change = np.abs(np.diff(commands, axis=0))
    most_s = FACTOR * (periods_s + 2.0 * period_s)  # simulated; a command may have been lost
    assert np.all(change[:, 0] <= robot.max_acceleration * most_s + 1e-9)
    assert np.all(change[:, 1] <= robot.max_turn_acceleration * most_s + 1e-9)


def test_the_true_weights_are_on_no_topic_before_the_run_is_over(run: SimpleNamespace) -> None:
    truths = json.loads((run.folder / "summary.json").read_text())["theta_true"]
    truth = [v for weights in truths.values() for v in weights]
    needles = [n for v in truth for n in (struct.pack("<d", v), struct.pack("<f", v))]
    needles += [json.dumps(v)[:10].encode() for v in truth]

    def tells(raw: bytes) -> bool:
        return any(needle in raw for needle in needles)

    (truth_told,) = run.heard["/people/truth"]
    assert json.loads(truth_told.message.data)["theta"] == truths
    assert tells(truth_told.raw), "this test would not see the weights"
    assert events(run.heard["/episode"])[-1] == "run_finished"
    over_s = run.heard["/episode"][-1].sent_s
    assert truth_told.sent_s > over_s
    early = [(t, h) for t, all_ in run.heard.items() for h in all_ if h.sent_s < over_s]
    assert len(early) > 1000
    assert [topic for topic, h in early if tells(h.raw)] == []


def test_the_folder_of_a_run(run: SimpleNamespace) -> None:
    summary = json.loads((run.folder / "summary.json").read_text())
    assert [key for key in SUMMARY_KEYS if key not in summary] == []
    assert (summary["scenario"], summary["seed"], summary["episodes"]) == ("crossing", 0, EPISODES)
    assert summary["interrupted"] is False
    assert summary["backend"] == "kinematic"
    learned = records(run.heard["/learning"])
    assert summary["device"] == learned[-1]["device"]
    assert (summary["people"], summary["drive"]) == (PEOPLE, "differential")
    for name, found in learned[-1]["people"].items():
        assert summary["theta_hat"][name] == found["theta"]
        assert summary["theta_std"][name] == found["std"]
        truth = summary["theta_true"][name]
        assert summary["errors"][name] == pytest.approx(
            math.dist(found["theta"], truth) / math.hypot(*truth)
        )
    assert summary["relative_error"] == pytest.approx(np.mean(list(summary["errors"].values())))
    for key in ("returns", "min_distances", "inner"):
        assert len(summary[key]) == EPISODES and None not in summary[key]
    assert summary["collisions"] in range(EPISODES + 1)
    assert summary["oracle_return"] is None
    assert summary["outer_iterations"] == EPISODES
    assert {i["status"] for i in summary["inner"]} == {"converged"}
    assert 0.4 < summary["control_period_ms"]["p50"] / (1000.0 / (20.0 * FACTOR)) < 2.0
    assert 0.0 < summary["wall_s"] < 120.0
    assert {"bisirl_ros", "python", "torch", "numpy"} <= set(summary["versions"])
    for name in ("weights", "returns", "paths"):
        assert (run.folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(run.folder.glob(".*")), "a temporary file was left"


def test_the_checkpoint_of_a_run_loads(run: SimpleNamespace) -> None:
    size = InteractionPolicy(CROSSING.robot).size
    state, extra = load_checkpoint(
        run.folder / "checkpoint.safetensors", scenario_records(CROSSING, size), LoopConfig()
    )
    assert state.k == EPISODES
    last = records(run.heard["/learning"])[-1]["people"]
    assert state.evidence.identities == tuple(last)
    np.testing.assert_array_equal(state.theta, np.ravel([p["theta"] for p in last.values()]))
    assert extra["constant_velocity"]["decisions"] > 0


# -- Ctrl-C ---------------------------------------------------------------------------------------
def test_ctrl_c_stops_the_robot_keeps_the_summary_and_leaves_no_process(place: Any) -> None:
    graph = place.graph()
    heard = graph.listen("/cmd_vel", TwistStamped)
    program = place.start("bisirl_ros.cli", *SIM)
    graph.until(lambda: moving(heard), "a robot that drives")
    program.process.send_signal(signal.SIGINT)
    graph.until(lambda: program.process.poll() is not None, "the end", 20.0)
    assert program.wait() == 130
    assert "Traceback" not in program.err, program.err
    graph.until(lambda: standing(heard), "a last command that stops", 3.0)
    summary = json.loads((place.folder / "run" / "summary.json").read_text())
    assert summary["interrupted"] is True
    assert [key for key in SUMMARY_KEYS if key not in summary] == []
    truths = summary["theta_true"] or {}  # it may not have been heard of yet
    assert all(len(truth) == 4 for truth in truths.values())
    assert "stopped early" in program.out
    assert program.running_after(2.0) == {}
