"""bisirl_node: steady control beside a learner that it never waits for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import String, UInt8MultiArray
from std_srvs.srv import SetBool

from bisirl_ros.config import setting
from bisirl_ros.control.gate import Limits, SafetyGate
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.recorder import InteractionRecorder
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import Snapshot, pack_snapshot
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.learner.process import LearnerProcess, Update
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.nodes.conversions import (
    bytes_message,
    odometry_to_human,
    odometry_to_robot,
    read_episode,
    stamp_s,
    velocity_command,
    velocity_type,
)
from bisirl_ros.nodes.learning_topics import LearningTopics, Periods
from bisirl_ros.nodes.pose_velocity import PoseVelocity
from bisirl_ros.nodes.ros import ACK_TIMEOUT, EVENTS, LATCHED, STANDARD, BisirlNode, declare
from bisirl_ros.nodes.state_input import StateInput

MARKERS_EVERY = 8
LONGEST_PERIOD_S = 0.25
JUMP_S = 0.5
SETTLE_S = 0.2
"""A new policy has reached whoever answers it by then."""


@dataclass(frozen=True)
class BisirlParameters:
    """Parameters of bisirl_node."""

    learner: LoopConfig = setting(doc="settings of the double loop")
    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    device: str = setting("auto", doc="where the learner imagines: auto, cpu, cuda or cuda:i")
    seed: int = setting(0, doc="of the learner", low=0)
    control_rate: float = setting(20.0, doc="of cmd_vel", unit="Hz", low=1.0, high=200.0)
    time_scale: float = setting(
        1.0,
        doc="ROS seconds per real second; acceleration limits are per ROS second",
        low=0.05,
        high=20.0,
    )
    observe_only: bool = setting(False, doc="learn from watching; publish no velocity")
    start_enabled: bool = setting(True, doc="drive without waiting for ~/enable")
    human_source: str = setting("odometry", doc="human input", choices=("odometry", "pose"))
    human_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01, high=10.0)
    odom_timeout_s: float = setting(0.5, doc="older is stale", unit="s", low=0.01, high=10.0)
    global_frame: str = setting("odom", doc="frame of all inputs")
    enable_stamped_cmd_vel: bool = setting(True, doc="cmd_vel is TwistStamped, else Twist")
    checkpoint: str = setting("", doc="file to go on from; empty starts anew")
    save_to: str = setting("", doc="file to keep the learner's state in; empty keeps none")
    batch_s: float = setting(
        0.0,
        doc="cut interactions every so long where no 'episode' topic tells; 0 waits for it",
        unit="s",
        low=0.0,
        high=600.0,
    )
    grid: tuple[int, ...] = setting(
        (8, 18), doc="rings, spokes of candidates explaining data", low=2, high=200
    )
    executor: str = setting("events", doc="rclpy executor", choices=("events", "single"))


class InteractionNode(BisirlNode):
    """Callbacks store; one timer drives; the learner lives in another process."""

    def __init__(self) -> None:
        super().__init__("bisirl_node")
        torch.set_num_threads(1)
        self._p = p = declare(self, BisirlParameters)
        self._scenario = scenario = load_scenario(p.scenario)
        if len(p.grid) != 2:
            raise InputError(f"bisirl_node: parameter grid: give rings and spokes, got {p.grid}")
        resolve_device(p.device)
        if p.checkpoint and not Path(p.checkpoint).is_file():
            raise InputError(f"bisirl_node: parameter checkpoint: no file {p.checkpoint}")
        self._policy = InteractionPolicy(scenario.robot)
        self._gate = SafetyGate(Limits.of(scenario.robot))
        self._recorder = InteractionRecorder(scenario, with_future=p.observe_only)
        self._robot = StateInput("odom", p.global_frame, p.odom_timeout_s, self.complain)
        self._human = StateInput("human", p.global_frame, p.human_timeout_s, self.complain)
        self._position = StateInput("human", p.global_frame, p.human_timeout_s, self.complain)
        self._pose_velocity = PoseVelocity(p.human_timeout_s)
        self._deployed: Snapshot | None = None
        self._newest: Snapshot | None = None
        self._in_episode, self._enabled = False, p.start_enabled
        self._goal = scenario.human.goal
        self._ticks, self._periods = 0, Periods()
        loop = replace(p.learner, policy_steps=0) if p.observe_only else p.learner
        self._learner = LearnerProcess(
            WorkerConfig(
                scenario, loop, p.seed, p.device, p.checkpoint, p.save_to, (p.grid[0], p.grid[1])
            )
        )
        self._learner_lost = False
        self._followed = self._mixed = False
        self._adopted_s = self._cut_at_s = -np.inf
        self._ros_s = -np.inf
        self._driven_s: float | None = None
        self._make_endpoints()
        self.steady_timer(1.0 / p.control_rate, self._control)

    def _make_endpoints(self) -> None:
        p = self._p
        if not p.observe_only:
            kind = velocity_type(p.enable_stamped_cmd_vel)
            self._velocity_pub = self.create_publisher(kind, "cmd_vel", STANDARD)
        self._policy_pub = self.create_publisher(UInt8MultiArray, "policy", LATCHED)
        self._topics = LearningTopics(self, self._scenario, p.global_frame)
        self.listen(Odometry, "odom", self._on_odom, STANDARD)
        if p.human_source == "pose":
            self.listen(PoseStamped, "human/pose", self._on_pose, STANDARD)
        else:
            self.listen(Odometry, "human/odom", self._on_human, STANDARD)
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.create_service(SetBool, "~/enable", self._on_enable)

    # -- inputs: callbacks only store ---------------------------------------------------------
    def _on_odom(self, message: Odometry) -> None:
        state, header = odometry_to_robot(message), message.header
        time_s = stamp_s(header.stamp)
        if self._robot.accept(state, header.frame_id, time_s, self.now_s(), self.steady_s()):
            self._recorder.robot(time_s, state)

    def _on_human(self, message: Odometry) -> None:
        self._take_human(odometry_to_human(message), message.header)

    def _on_pose(self, message: PoseStamped) -> None:
        header, position = message.header, message.pose.position
        time_s, place = stamp_s(header.stamp), np.array([position.x, position.y])
        clocks = (self.now_s(), self.steady_s())
        if not self._position.accept(place, header.frame_id, time_s, *clocks):
            return
        state = self._pose_velocity.push(time_s, position.x, position.y)
        if state is not None:
            self._take_human(state, header)

    def _take_human(self, state: np.ndarray, header: Any) -> None:
        time_s = stamp_s(header.stamp)
        if self._human.accept(state, header.frame_id, time_s, self.now_s(), self.steady_s()):
            self._recorder.human(time_s, state)

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            self._goal = record["human_goal"]
            self._begin(record["stamp_s"], record["episode"])
        elif record["event"] == "finished":
            self._finish(keep=record.get("outcome") != "reset")

    def _on_enable(self, request: SetBool.Request, response: SetBool.Response) -> Any:
        self._enabled = bool(request.data)
        response.success, response.message = True, "driving" if self._enabled else "stopped"
        return response

    # -- episodes -----------------------------------------------------------------------------
    def _begin(self, time_s: float, episode: int = -1) -> None:
        version = -1 if self._deployed is None else self._deployed.version
        self._recorder.begin(time_s, self._goal, version, episode)
        for latest, take in (
            (self._human, self._recorder.human),
            (self._robot, self._recorder.robot),
        ):
            if latest.state is not None and latest.stamp_s >= time_s - 1e-6:
                take(latest.stamp_s, latest.state)
        self._in_episode = self._followed = True
        self._mixed = time_s <= self._adopted_s

    def _finish(self, keep: bool = True) -> None:
        """Close the batch; keep it where the person saw one policy, and the robot followed it."""
        self._in_episode = False
        batch = self._recorder.finish()
        if not self._p.observe_only and (self._mixed or not self._followed):
            self.complain("batch", "the robot did not follow one policy: batch not learned from")
            return
        if batch is not None and keep and not self._learner.offer(batch):
            self.complain("learner", "learner is behind: a batch was dropped")

    def _cut_by_time(self) -> None:
        """Where no episodes are told: one batch after another, of batch_s each."""
        if self._human.state is None or self._robot.state is None:
            return
        if self._in_episode and self.steady_s() < self._cut_at_s:
            return
        if self._in_episode:
            self._finish()
        self._adopt()
        self._begin(self.now_s() + SETTLE_S)
        self._cut_at_s = self.steady_s() + self._p.batch_s

    # -- control ------------------------------------------------------------------------------
    def _control(self) -> None:
        """At a fixed rate: command first, everything else after."""
        self._periods.tick(self.steady_s())
        self._watch_ros_time()
        if not self._p.observe_only and self._deployed is not None:
            self._drive()
        for update in self._learner.poll():
            self._on_update(update)
        if self._p.batch_s > 0.0:
            self._cut_by_time()
        elif not self._in_episode or self._deployed is None:
            self._adopt()
        self._ticks += 1
        if self._ticks % MARKERS_EVERY == 0 and self._topics.watched:
            self._publish_prediction()
        if not self._learner.alive and not self._learner_lost:
            self._learner_lost = True
            if self._newest is None:
                self.failure = InputError("the learner ended before its first policy")
            self.get_logger().error("the learner process ended; driving on with the last policy")

    def _watch_ros_time(self) -> None:
        """Where ROS time jumps back (a bag that loops), what was heard before means nothing."""
        ros_s = self.now_s()
        if ros_s < self._ros_s - JUMP_S:
            for source in (self._robot, self._human, self._position):
                source.forget()
            self._in_episode = False
            self._recorder.finish()
            self.complain("time", "ROS time jumped back: starting anew")
        self._ros_s = ros_s

    def _drive(self) -> None:
        """Publish what the policy wants, or a stop, through the gate; dt as it really was."""
        nominal_s, now_s = 1.0 / self._p.control_rate, self.steady_s()
        since_s = nominal_s if self._driven_s is None else now_s - self._driven_s
        self._driven_s = now_s
        dt_s = self._p.time_scale * min(max(since_s, nominal_s), LONGEST_PERIOD_S)
        wanted = self._wanted()
        self._followed &= wanted is not None or not self._in_episode
        speed, turn_rate = wanted or (0.0, 0.0)
        speed, turn_rate = self._gate.admit(speed, turn_rate, dt_s)
        self._send(speed, turn_rate)

    def _wanted(self) -> tuple[float, float] | None:
        """The policy's command; None where it must not drive."""
        steady_s = self.steady_s()
        if not (self._enabled and self._in_episode and self._deployed is not None):
            return None
        if not (self._robot.fresh(steady_s) and self._human.fresh(steady_s)):
            self.complain("stale", "stale human or odometry: stopping")
            return None
        with torch.inference_mode():
            robot = torch.from_numpy(self._robot.state)[None]
            human = torch.from_numpy(self._human.state)[None]
            command = self._policy(self._deployed.phi, robot, human)[0]
        return float(command[0]), float(command[1])

    def _send(self, speed: float, turn_rate: float) -> None:
        stamped = self._p.enable_stamped_cmd_vel
        self._velocity_pub.publish(velocity_command(speed, turn_rate, stamped, self.now_s()))

    # -- learning -----------------------------------------------------------------------------
    def _on_update(self, update: Update) -> None:
        report = update.report
        if "error" in report and self._newest is None:
            self.failure = InputError(report["error"])
        elif "error" in report:
            self.get_logger().error(report["error"])
        if "refused" in report:
            self.complain("refused", report["refused"])
        if update.snapshot is None:
            return
        self._newest = update.snapshot
        if report:
            self._topics.publish(
                update.snapshot.features,
                report,
                control_period_ms=self._periods.summary_ms(),
                refused={
                    "odom": dict(self._robot.refused),
                    "human": dict(self._human.refused + self._position.refused),
                    "commands_not_finite": self._gate.not_finite,
                    "decisions_beyond_support": self._recorder.beyond,
                },
                dropped_batches=self._learner.dropped,
            )

    def _publish_prediction(self) -> None:
        deployed, newest = self._deployed, self._newest
        human, robot = self._human.state, self._robot.state
        if deployed is None or newest is None or human is None or robot is None:
            return
        self._topics.publish_prediction(
            deployed, newest.theta, human, robot, self._goal, self.now_s()
        )

    def _adopt(self) -> None:
        """Deploy the newest policy; only ever between batches, so that a batch has one policy."""
        if self._newest is not None and self._newest is not self._deployed:
            self._deployed, self._adopted_s = self._newest, self.now_s()
            self._policy_pub.publish(bytes_message(pack_snapshot(self._deployed)))

    def on_stop(self) -> None:
        """Stand still, then let the learner go."""
        if not self._p.observe_only:
            for _ in range(3):  # one may be lost on the way to a best-effort subscriber
                self._send(0.0, 0.0)
            self._velocity_pub.wait_for_all_acked(ACK_TIMEOUT)
        self._learner.stop()


NODE = InteractionNode
