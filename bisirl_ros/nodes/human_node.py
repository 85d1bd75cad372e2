"""human_node: the simulated expert. Holds theta*; answers the deployed policy (section 1).

It also grades: it publishes each episode's return and each estimate's error, and theta* itself
only when the run is over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from std_msgs.msg import String, UInt8MultiArray

from bisirl_ros.config import setting
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.crowd.candidates import gauss_disc
from bisirl_ros.crowd.episode_return import episode_return
from bisirl_ros.crowd.game import RecedingHorizonGame
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.crowd.simulated_human import SimulatedHuman
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import Snapshot, unpack_snapshot
from bisirl_ros.nodes.conversions import (
    EVALUATION,
    LEARNING,
    TRUTH,
    json_message,
    message_bytes,
    odometry_to_human,
    odometry_to_robot,
    read_episode,
    read_json,
    stamp_s,
    to_stamp,
)
from bisirl_ros.nodes.ros import ACK_TIMEOUT, EVENTS, LATCHED, STANDARD, BisirlNode, declare

NOMINAL = (1.5, -3.0, -0.5, -0.4)


@dataclass(frozen=True)
class HumanParameters:
    """Parameters of human_node."""

    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    theta: tuple[float, ...] = setting(
        NOMINAL, doc="true reward weights before the spread", low=-1e3, high=1e3
    )
    theta_spread: float = setting(
        0.2, doc="each weight is drawn within this share around theta", low=0.0, high=0.9
    )
    candidates: int = setting(400, doc="candidate motions they choose among", low=10, high=20000)
    seed: int = setting(0, doc="of theta* and of their choices", low=0)
    frame: str = setting("odom", doc="frame of all poses")


class HumanNode(BisirlNode):
    """Decides at every decision period of an episode, against the policy it knows."""

    def __init__(self) -> None:
        super().__init__("human_node")
        torch.set_num_threads(1)
        self._p = p = declare(self, HumanParameters)
        self._scenario = scenario = load_scenario(p.scenario)
        if len(p.theta) != len(scenario.features):
            raise InputError(
                f"human_node: parameter theta has {len(p.theta)} values, scenario {scenario.name} "
                f"has {len(scenario.features)} features ({', '.join(scenario.feature_names)})"
            )
        if not any(p.theta):
            raise InputError("human_node: parameter theta is all zero: a person without wishes")
        draw = np.random.default_rng([p.seed, 1]).uniform(-1.0, 1.0, len(p.theta))
        self._theta = np.array(p.theta) * (1.0 + p.theta_spread * draw)
        self._policy = policy = InteractionPolicy(scenario.robot)
        self._human = SimulatedHuman(
            scenario, policy, self._theta, seed=p.seed + 7919, count=p.candidates
        )
        self._game = RecedingHorizonGame(
            scenario, policy, gauss_disc(scenario.human.max_speed), dtype=torch.float64
        )
        self._snapshot: Snapshot | None = None
        self._next_s: float | None = None
        self._robot: tuple[float, np.ndarray] | None = None
        self._body: tuple[float, np.ndarray] | None = None
        self._trace: list[tuple[np.ndarray, np.ndarray]] = []
        self._traced_s = -np.inf
        self._told = False
        self._command_pub = self.create_publisher(TwistStamped, "human/cmd_vel", STANDARD)
        self._evaluation_pub = self.create_publisher(String, "evaluation", EVENTS)
        self._truth_pub = self.create_publisher(String, "human/truth", LATCHED)
        self.listen(UInt8MultiArray, "policy", self._on_policy, LATCHED)
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.listen(Odometry, "odom", self._on_robot, STANDARD)
        self.listen(Odometry, "human/odom", self._on_body, STANDARD)
        self.listen(String, "learning", self._on_learning, EVENTS)

    def _on_policy(self, message: UInt8MultiArray) -> None:
        snapshot = unpack_snapshot(message_bytes(message), "policy")
        if len(snapshot.phi) != self._policy.size:
            raise InputError("policy: made for another policy architecture; check the namespace")
        self._snapshot = snapshot

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            self._trace.clear()
            self._next_s = record["stamp_s"]
            self._decide()
        elif record["event"] == "finished":
            self._next_s = None
            if self._body and self._robot and self._body[0] > self._traced_s + 1e-6:
                self._trace.append((self._body[1], self._robot[1]))
            if len(self._trace) < 2:  # joined late: it was over before a decision was due
                return
            human, robot = (np.array(states) for states in zip(*self._trace, strict=True))
            value = episode_return(self._game, self._theta, human, robot)
            self._evaluation_pub.publish(
                json_message({"schema": EVALUATION, "episode": record["episode"], "return": value})
            )
        elif record["event"] == "run_finished":
            self._tell_truth()

    def _on_robot(self, message: Odometry) -> None:
        self._robot = (stamp_s(message.header.stamp), finite(odometry_to_robot(message)))
        self._decide()

    def _on_body(self, message: Odometry) -> None:
        self._body = (stamp_s(message.header.stamp), finite(odometry_to_human(message)))
        self._decide()

    def _decide(self) -> None:
        """Choose, once both bodies' states at the decision's time are in."""
        due = self._next_s
        if due is None or self._robot is None or self._body is None or self._snapshot is None:
            return
        if min(self._robot[0], self._body[0]) < due - 1e-6:
            return
        self._next_s = due + self._scenario.decision_period_s
        human, robot = self._body[1], self._robot[1]
        self._trace.append((human, robot))
        self._traced_s = self._body[0]
        target = self._human.decide(human, robot, self._snapshot.phi)
        message = TwistStamped()
        message.header.frame_id, message.header.stamp = self._p.frame, to_stamp(self._body[0])
        message.twist.linear.x, message.twist.linear.y = float(target[0]), float(target[1])
        self._command_pub.publish(message)

    def _on_learning(self, message: String) -> None:
        """Grade an estimate."""
        record = read_json(message, LEARNING, "learning")
        error = relative_error(np.array(record["theta"]), self._theta)
        self._evaluation_pub.publish(
            json_message(
                {"schema": EVALUATION, "episode": record["episode"], "relative_error": error}
            )
        )

    def _tell_truth(self) -> None:
        if not self._told:
            self._told = True
            record = {"schema": TRUTH, "theta": self._theta.tolist()}
            self._truth_pub.publish(json_message(record))

    def on_stop(self) -> None:
        """The run is over for this node: tell what was hidden."""
        self._command_pub.publish(TwistStamped())
        self._tell_truth()
        self._truth_pub.wait_for_all_acked(ACK_TIMEOUT)


def finite(state: np.ndarray) -> np.ndarray:
    """The state; raises InputError where it holds NaN or infinity."""
    if not np.isfinite(state).all():
        raise InputError("a state holds a value that is not finite")
    return state


NODE = HumanNode
