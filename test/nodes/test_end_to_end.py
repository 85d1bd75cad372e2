"""Whole runs over DDS: what flows, what stays hidden, what happens to bad input, what is left."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy")

from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry
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
from bisirl_ros.nodes import conversions as c

pytestmark = [pytest.mark.ros, pytest.mark.slow]

CROSSING = load_scenario("crossing")
LATCHED = ("/rosout", "/policy", "/episode", "/learning", "/evaluation", "/human/truth")
KINDS = {
    "/clock": Clock,
    "/odom": Odometry,
    "/human/odom": Odometry,
    "/human/pose": PoseStamped,
    "/cmd_vel": TwistStamped,
    "/human/cmd_vel": TwistStamped,
    "/policy": UInt8MultiArray,
    "/episode": String,
    "/reward": Float64MultiArray,
    "/outer_objective": Float64,
    "/learning": String,
    "/evaluation": String,
    "/human/truth": String,
    "/predicted_motion": MarkerArray,
    "/rosout": Log,
}
SILENT = {"/parameter_events", "/tf", "/tf_static"}
FACTOR, EPISODES = 2, 2
SIM = (
    "sim", "--backend", "kinematic", "--episodes", EPISODES, "--real-time-factor", FACTOR,
    "--oracle", "false", "--run-dir", "run",
)  # fmt: skip
SUMMARY_KEYS = [
    "scenario", "seed", "episodes", "theta_true", "theta_hat", "theta_std", "relative_error",
    "returns", "min_distances", "collisions", "oracle_return", "inner", "outer_iterations",
    "control_period_ms", "wall_s", "backend", "device", "versions",
]  # fmt: skip
DATA = Path(os.environ.get("BISIRL_DATA", Path(__file__).parents[3] / "shared" / "data"))
RECORDINGS = sorted((DATA / "navwareset" / "12_poses").glob("*.csv"))[:3]


def records(heard: list[Any]) -> list[dict[str, Any]]:
    """JSON messages as records."""
    return [json.loads(h.message.data) for h in heard]


def events(heard: list[Any]) -> list[str]:
    """What the `episode` topic told."""
    return [record["event"] for record in records(heard)]


def speeds(heard: list[Any]) -> np.ndarray:
    """Forward speed and turn rate of each command, (N, 2)."""
    twists = [h.message.twist for h in heard]
    return np.array([(t.linear.x, t.angular.z) for t in twists]).reshape(-1, 2)


def moving(heard: list[Any], faster_than: float = 0.3) -> bool:
    """Whether the last command drives."""
    return bool(heard) and heard[-1].message.twist.linear.x > faster_than


def standing(heard: list[Any]) -> bool:
    """Whether the last command is zero."""
    return bool(heard) and not speeds(heard[-1:]).any()


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

    graph.until(over, "the end of the run", 120.0)
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
    stamps = [c.stamp_s(h.message.clock) for h in heard["/clock"]]
    assert np.all(np.diff(stamps) > 0.0)
    for topic in ("/odom", "/human/odom", "/human/pose"):
        assert {h.message.header.frame_id for h in heard[topic]} == {"odom"}
        states = [c.stamp_s(h.message.header.stamp) for h in heard[topic]]
        assert np.all(np.diff(states) > 0.0)
    robot = np.array([c.odometry_to_robot(h.message) for h in heard["/odom"]])
    human = np.array([c.odometry_to_human(h.message) for h in heard["/human/odom"]])
    assert np.isfinite(robot).all() and np.isfinite(human).all()
    assert np.ptp(robot[:, 0]) > 3.0, "the robot did not cross"
    assert np.ptp(human[:, 1]) > 3.0, "the person did not cross"
    markers = heard["/predicted_motion"][-1].message.markers
    assert markers and markers[0].points


def test_what_is_learned_is_told(run: SimpleNamespace) -> None:
    heard = run.heard
    snapshots = [unpack_snapshot(c.message_bytes(h.message), "policy") for h in heard["/policy"]]
    versions = [s.version for s in snapshots]
    assert versions[0] == 0
    assert versions == sorted(set(versions))
    assert {s.scenario for s in snapshots} == {"crossing"}
    learned = records(heard["/learning"])
    assert [r["episode"] for r in learned] == list(range(EPISODES))
    nothing = {"odom": {}, "human": {}, "commands_not_finite": 0, "decisions_beyond_support": 0}
    assert all(r["refused"] == nothing for r in learned), learned
    assert all(r["dropped_batches"] == 0 for r in learned)
    assert len(heard["/outer_objective"]) == EPISODES
    for h, record in zip(heard["/reward"], learned, strict=True):
        np.testing.assert_array_equal(h.message.data, [*record["theta"], *record["std"]])
        assert h.message.layout.dim[1].label == ",".join(CROSSING.feature_names)
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
    assert np.percentile(periods_s, 95) < 4.0 * period_s
    change = np.abs(np.diff(commands, axis=0))
    most_s = FACTOR * (periods_s + 2.0 * period_s)  # simulated; a command may have been lost
    assert np.all(change[:, 0] <= robot.max_acceleration * most_s + 1e-9)
    assert np.all(change[:, 1] <= robot.max_turn_acceleration * most_s + 1e-9)


def test_the_true_weights_are_on_no_topic_before_the_run_is_over(run: SimpleNamespace) -> None:
    truth = json.loads((run.folder / "summary.json").read_text())["theta_true"]
    needles = [n for v in truth for n in (struct.pack("<d", v), struct.pack("<f", v))]
    needles += [json.dumps(v)[:10].encode() for v in truth]

    def tells(raw: bytes) -> bool:
        return any(needle in raw for needle in needles)

    (truth_told,) = run.heard["/human/truth"]
    assert json.loads(truth_told.message.data)["theta"] == truth
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
    assert (summary["backend"], summary["device"]) == ("kinematic", summary["device"])
    learned = records(run.heard["/learning"])
    assert summary["theta_hat"] == learned[-1]["theta"]
    assert summary["theta_std"] == learned[-1]["std"]
    assert summary["relative_error"] == pytest.approx(
        math.dist(summary["theta_hat"], summary["theta_true"]) / math.hypot(*summary["theta_true"])
    )
    for key in ("returns", "min_distances", "inner"):
        assert len(summary[key]) == EPISODES and None not in summary[key]
    assert summary["collisions"] in range(EPISODES + 1)
    assert summary["oracle_return"] is None
    assert summary["outer_iterations"] == EPISODES
    assert {i["status"] for i in summary["inner"]} == {"converged"}
    assert 10.0 < summary["control_period_ms"]["p50"] < 50.0
    assert 0.0 < summary["wall_s"] < 120.0
    assert {"bisirl_ros", "python", "torch", "numpy"} <= set(summary["versions"])
    for name in ("weights", "returns", "paths"):
        assert (run.folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert not list(run.folder.glob(".*")), "a temporary file was left"


def test_the_checkpoint_of_a_run_loads(run: SimpleNamespace) -> None:
    size = InteractionPolicy(CROSSING.robot).size
    state = load_checkpoint(
        run.folder / "checkpoint.safetensors", scenario_records(CROSSING, size), LoopConfig()
    )
    assert state.k == EPISODES
    np.testing.assert_array_equal(state.theta, records(run.heard["/learning"])[-1]["theta"])


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
    assert len(summary["theta_true"]) == len(CROSSING.features)
    assert "stopped early" in program.out
    assert program.running_after(2.0) == {}


# -- bisirl_node alone ----------------------------------------------------------------------------
class Stage:
    """A lone bisirl_node, and a robot and a person who stand still until told otherwise."""

    def __init__(self, place: Any) -> None:
        self.graph = place.graph()
        self.commands = self.graph.listen("/cmd_vel", TwistStamped)
        self._odom = self.graph.publisher("/odom", Odometry)
        self._human = self.graph.publisher("/human/odom", Odometry)
        self.episode = self.graph.publisher("/episode", String, latched=True)
        self.node = place.start(
            "bisirl_ros.entry", "bisirl_node", "--ros-args", "-p", "device:=cpu"
        )
        self.spoil: Callable[[Odometry], None] = lambda message: None
        self.spoil_robot: Callable[[Odometry], None] = lambda message: None
        self.graph.node.create_timer(0.043, self._tick)

    def _tick(self) -> None:
        now_s = self.graph.now_s()
        robot = c.robot_to_odometry(np.array([-2.0, 0.0, 0.0, 0.0, 0.0]), "odom", now_s)
        human = c.human_to_odometry(np.array([0.0, -3.0, 0.0, 0.9]), "odom", now_s)
        self.spoil_robot(robot)
        self.spoil(human)
        self._odom.publish(robot)
        self._human.publish(human)

    def tell(self, event: str, **more: object) -> None:
        """A message on the `episode` topic."""
        record = {
            "schema": c.EPISODE,
            "event": event,
            "episode": 0,
            "stamp_s": self.graph.now_s(),
            "human_goal": list(CROSSING.human.goal),
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
    stage.graph.until(lambda: stage.commands, "a command, which says that a policy is there", 30.0)
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
    message.header.stamp = c.to_stamp(c.stamp_s(message.header.stamp) - 5.0)


def test_bad_human_input_stops_the_robot_and_is_told_once_per_second(stage: Stage) -> None:
    complaints = {
        not_finite: r"human: a value is not finite; check the tracker",
        other_frame: r"human: frame_id 'map', expected 'odom'",
        old: r"human: stamp is \d\.\d\d s old; check clocks",
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
    for pattern in (*complaints.values(), r"stale human or odometry: stopping"):
        gaps_s = np.diff(stage.told(pattern))
        assert np.all(gaps_s > 0.95), f"{pattern}: told after {gaps_s.min():.2f} s again"
    assert stage.node.process.poll() is None


def test_bad_odometry_stops_the_robot(stage: Stage) -> None:
    stage.spoil_robot = not_finite
    stage.graph.until(lambda: standing(stage.commands), "a stop", 5.0)
    stage.graph.until(lambda: stage.told("odom: a value is not finite"), "a line", 15.0)


def test_bad_episode_messages_are_told_and_the_robot_drives_on(stage: Stage) -> None:
    whole = {"schema": c.EPISODE, "event": "started", "episode": 1, "stamp_s": 0.0}
    texts = ["nonsense", json.dumps({"schema": "bisirl.episode/0"})]
    texts += [json.dumps(whole), json.dumps({"schema": c.EPISODE})]
    texts += [json.dumps({**whole, "human_goal": goal}) for goal in (3, [1.0], [1.0, "far"])]
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


# -- recorded people ------------------------------------------------------------------------------
@pytest.mark.skipif(not RECORDINGS, reason=f"no recordings under {DATA}; set BISIRL_DATA")
def test_people_demo_learns_from_recordings(place: Any) -> None:
    program = place.start(
        "bisirl_ros.cli", "people-demo", *RECORDINGS, "--rate", 20, "--run-dir", "run"
    )
    assert program.wait(90.0) == 0, program.err
    assert "Traceback" not in program.err
    summary = json.loads((place.folder / "run" / "summary.json").read_text())
    assert summary["recordings_played"] == summary["recordings_learned_from"] == len(RECORDINGS)
    assert summary["held_out_decisions"] > 0
    for key in ("held_out_log_likelihood", "constant_velocity_log_likelihood"):
        assert math.isfinite(summary[key])
    assert len(summary["theta_hat"]) == len(summary["feature_names"])
    assert np.isfinite(summary["theta_hat"]).all()
    assert min(summary["theta_std"]) > 0.0
    assert program.running_after(2.0) == {}
