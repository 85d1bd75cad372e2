"""bisirl_node: steady control beside a learner that it never waits for."""

from __future__ import annotations

import collections
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import Float64, Float64MultiArray, MultiArrayDimension, String, UInt8MultiArray
from std_srvs.srv import SetBool
from visualization_msgs.msg import MarkerArray

from bisirl_ros.config import setting
from bisirl_ros.core.bilevel import LoopConfig
from bisirl_ros.core.policy import InteractionPolicy
from bisirl_ros.core.predicted_motion import PredictedMotion
from bisirl_ros.core.recorder import InteractionRecorder
from bisirl_ros.core.safety import Limits, SafetyGate
from bisirl_ros.errors import InputError
from bisirl_ros.games.scenario import load_scenario
from bisirl_ros.io.contract import Snapshot, pack_snapshot
from bisirl_ros.learner.device import resolve_device
from bisirl_ros.learner.process import LearnerProcess, Update
from bisirl_ros.learner.worker import WorkerConfig
from bisirl_ros.nodes.conversions import (
    LEARNING,
    bytes_message,
    json_message,
    odometry_to_human,
    odometry_to_robot,
    path_marker,
    read_episode,
    stamp_s,
    velocity_command,
    velocity_type,
)
from bisirl_ros.nodes.pose_velocity import PoseVelocity
from bisirl_ros.nodes.ros import ACK_TIMEOUT, EVENTS, LATCHED, STANDARD, BisirlNode, declare
from bisirl_ros.nodes.state_input import StateInput

MARKERS_EVERY = 8
PERIODS_KEPT = 20000


@dataclass(frozen=True)
class BisirlParameters:
    """Parameters of bisirl_node."""

    learner: LoopConfig = setting(doc="settings of the double loop")
    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    device: str = setting("auto", doc="where the learner imagines: auto, cpu, cuda or cuda:i")
    seed: int = setting(0, doc="of the learner", low=0)
    control_rate: float = setting(20.0, doc="of cmd_vel", unit="Hz", low=1.0, high=200.0)
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
        (8, 18), doc="rings, spokes of candidates explaining data", low=2
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
        self._robot = StateInput("odom", p.global_frame, p.odom_timeout_s, self._complain)
        self._human = StateInput("human", p.global_frame, p.human_timeout_s, self._complain)
        self._pose_velocity = PoseVelocity()
        self._prediction = PredictedMotion(scenario, self._policy)
        self._deployed: Snapshot | None = None
        self._newest: Snapshot | None = None
        self._in_episode, self._enabled = False, p.start_enabled
        self._goal = scenario.human.goal
        self._ticks, self._last_s = 0, float("nan")
        self._periods: collections.deque[float] = collections.deque(maxlen=PERIODS_KEPT)
        loop = replace(p.learner, policy_steps=0) if p.observe_only else p.learner
        self._learner = LearnerProcess(
            WorkerConfig(
                scenario, loop, p.seed, p.device, p.checkpoint, p.save_to, (p.grid[0], p.grid[1])
            )
        )
        self._learner_lost = False
        self._make_endpoints()
        self.steady_timer(1.0 / p.control_rate, self._control)

    def _make_endpoints(self) -> None:
        p = self._p
        if not p.observe_only:
            kind = velocity_type(p.enable_stamped_cmd_vel)
            self._velocity_pub = self.create_publisher(kind, "cmd_vel", STANDARD)
        self._policy_pub = self.create_publisher(UInt8MultiArray, "policy", LATCHED)
        self._reward_pub = self.create_publisher(Float64MultiArray, "reward", STANDARD)
        self._objective_pub = self.create_publisher(Float64, "outer_objective", STANDARD)
        self._learning_pub = self.create_publisher(String, "learning", EVENTS)
        self._markers_pub = self.create_publisher(MarkerArray, "predicted_motion", STANDARD)
        self.create_subscription(Odometry, "odom", self._on_odom, STANDARD)
        if p.human_source == "pose":
            self.create_subscription(PoseStamped, "human/pose", self._on_pose, STANDARD)
        else:
            self.create_subscription(Odometry, "human/odom", self._on_human, STANDARD)
        self.create_subscription(String, "episode", self._on_episode, EVENTS)
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
        position = message.pose.position
        state = self._pose_velocity.push(stamp_s(message.header.stamp), position.x, position.y)
        self._take_human(state, message.header)

    def _take_human(self, state: np.ndarray, header: Any) -> None:
        time_s = stamp_s(header.stamp)
        if self._human.accept(state, header.frame_id, time_s, self.now_s(), self.steady_s()):
            self._recorder.human(time_s, state)

    def _on_episode(self, message: String) -> None:
        try:
            record = read_episode(message)
        except InputError as error:
            self._complain(str(error))
            return
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
        self._in_episode = True

    def _finish(self, keep: bool = True) -> None:
        self._in_episode = False
        batch = self._recorder.finish()
        if batch is not None and keep and not self._learner.offer(batch):
            self._complain("learner is behind: a batch was dropped")

    def _cut_by_time(self) -> None:
        """Where no episodes are told: one batch after another, of batch_s each."""
        if self._human.state is None or self._robot.state is None:
            return
        if not self._in_episode:
            self._adopt()
            self._begin(max(self._human.stamp_s, self._robot.stamp_s))
            self._cut_at_s = self.steady_s() + self._p.batch_s
        elif self.steady_s() >= self._cut_at_s:
            self._finish()

    # -- control ------------------------------------------------------------------------------
    def _control(self) -> None:
        """At a fixed rate: command first, everything else after."""
        now_s = self.steady_s()
        if self._ticks > 0:
            self._periods.append(now_s - self._last_s)
        self._last_s = now_s
        if not self._p.observe_only and self._deployed is not None:
            self._drive()
        for update in self._learner.poll():
            self._on_update(update)
        if self._p.batch_s > 0.0:
            self._cut_by_time()
        elif not self._in_episode:
            self._adopt()
        self._ticks += 1
        if self._ticks % MARKERS_EVERY == 0 and self._markers_pub.get_subscription_count():
            self._publish_prediction()
        if not self._learner.alive and not self._learner_lost:
            self._learner_lost = True
            self.get_logger().error("the learner process ended; driving on with the last policy")

    def _drive(self) -> None:
        speed, turn_rate = self._wanted()
        speed, turn_rate = self._gate.admit(speed, turn_rate, 1.0 / self._p.control_rate)
        self._send(speed, turn_rate)

    def _wanted(self) -> tuple[float, float]:
        """The policy's command, or a stop where it must not drive."""
        steady_s = self.steady_s()
        if not (self._enabled and self._in_episode and self._deployed is not None):
            return 0.0, 0.0
        if not (self._robot.fresh(steady_s) and self._human.fresh(steady_s)):
            self._complain("stale human or odometry: stopping")
            return 0.0, 0.0
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
        if "error" in report:
            self.failure = InputError(report["error"])
        if "refused" in report:
            self._complain(report["refused"])
        if update.snapshot is None:
            return
        self._newest = update.snapshot
        if report:
            self._publish_learning(update.snapshot, report)

    def _adopt(self) -> None:
        """Deploy the newest policy; only ever between batches, so that a batch has one policy."""
        if self._newest is not None and self._newest is not self._deployed:
            self._deployed = self._newest
            self._policy_pub.publish(bytes_message(pack_snapshot(self._deployed)))

    def _publish_learning(self, snapshot: Snapshot, report: dict[str, Any]) -> None:
        reward = Float64MultiArray(data=[*report["theta"], *report["std"]])
        n = len(snapshot.features)
        reward.layout.dim = [
            MultiArrayDimension(label="mean,std", size=2, stride=2 * n),
            MultiArrayDimension(label=",".join(snapshot.features), size=n, stride=n),
        ]
        self._reward_pub.publish(reward)
        if report["objective"] is not None:
            self._objective_pub.publish(Float64(data=report["objective"]))
        record = {
            "schema": LEARNING,
            "features": list(snapshot.features),
            "control_period_ms": self._period_ms(),
            "refused": {"odom": dict(self._robot.refused), "human": dict(self._human.refused)},
            "dropped_batches": self._learner.dropped,
            **report,
        }
        self._learning_pub.publish(json_message(record))

    def _period_ms(self) -> dict[str, float] | None:
        if len(self._periods) < 20:
            return None
        periods = 1e3 * np.array(self._periods)
        p50, p99 = np.percentile(periods, [50, 99])
        return {"p50": float(p50), "p99": float(p99), "max": float(periods.max())}

    def _publish_prediction(self) -> None:
        if self._deployed is None or self._newest is None:
            return
        if self._human.state is None or self._robot.state is None:
            return
        paths, shares = self._prediction(
            self._deployed.phi, self._newest.theta, self._human.state, self._robot.state, self._goal
        )
        markers = MarkerArray()
        for i, (path, share) in enumerate(zip(paths, shares, strict=True)):
            strength = share / max(shares)
            markers.markers.append(
                path_marker(path, self._p.global_frame, self.now_s(), i, strength, "human")
            )
        self._markers_pub.publish(markers)

    def _complain(self, line: str) -> None:
        self.get_logger().warning(line, throttle_duration_sec=1.0)

    def on_stop(self) -> None:
        """Stand still, then let the learner go."""
        if not self._p.observe_only:
            self._send(0.0, 0.0)
            self._velocity_pub.wait_for_all_acked(ACK_TIMEOUT)
        self._learner.stop()


NODE = InteractionNode
