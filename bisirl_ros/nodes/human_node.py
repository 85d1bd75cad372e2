"""human_node: the simulated people. Holds theta*; they answer the deployed policy (section 1).

It also grades: it publishes each episode's return and each estimate's errors, and theta* itself
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
from bisirl_ros.core.arrays import Array
from bisirl_ros.core.metrics import relative_error
from bisirl_ros.core.one_core import stay_on_one_core
from bisirl_ros.crowd.actors import SoftExpert
from bisirl_ros.crowd.aims import Aims
from bisirl_ros.crowd.episode import episode_return
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.crowd.true_weights import true_weights
from bisirl_ros.errors import InputError
from bisirl_ros.io.contract import unpack_snapshot
from bisirl_ros.messages.people import odometry_to_person, person_state
from bisirl_ros.messages.records import (
    EVALUATION,
    LEARNING,
    TRUTH,
    read_episode,
    read_estimates,
    read_intent,
    read_json,
)
from bisirl_ros.messages.robot import message_bytes, odometry_to_robot, stamp_s
from bisirl_ros.nodes.conversions import json_message
from bisirl_ros.nodes.conversions_people import person_command
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS, LATCHED, PEOPLE, STANDARD
from bisirl_ros.nodes.ros import ACK_TIMEOUT, BisirlNode
from bisirl_ros.parameters.scenario import ScenarioParameters

TOLERANCE_S = 1e-6


@dataclass(frozen=True)
class HumanParameters(ScenarioParameters):
    """Parameters of human_node."""

    theta: tuple[float, ...] = setting(
        (), doc="true reward weights before the spread; empty: usual ones", low=-1e3, high=1e3
    )
    theta_spread: float = setting(
        0.2, doc="each weight is drawn within this share around theta", low=0.0, high=0.9
    )
    same_reward: bool = setting(False, doc="all people have the same weights")
    candidates: int = setting(400, doc="candidate motions they choose among", low=10, high=20000)
    seed: int = setting(0, doc="of theta* and of their choices", low=0)
    frame: str = setting("odom", doc="frame of all poses")


class HumanNode(BisirlNode):
    """Everybody decides at every decision period of an episode, against the policy they know."""

    def __init__(self) -> None:
        super().__init__("human_node")
        stay_on_one_core()
        self._p = p = declare(self, HumanParameters)
        self._scenario = scenario = p.load()
        self._names = scenario.identities
        self._theta = true_weights(scenario, p.theta, p.theta_spread, p.same_reward, p.seed)
        self._policy = InteractionPolicy(scenario.robot)
        self._expert = SoftExpert(scenario, self._policy, self._theta, p.candidates)
        self._luck = np.random.default_rng(p.seed + 7919)
        self._next_s: float | None = None
        self._episode: tuple[int, float] | None = None
        self._route, self._goals = np.zeros((1, 2)), np.zeros((len(self._names), 2))
        self._intent: tuple[int, float, dict[str, Array]] | None = None
        self._robot: tuple[float, Array] | None = None
        self._bodies: dict[str, tuple[float, Array]] = {}
        self._trace: list[tuple[float, Array, Array]] = []
        self._told = False
        self._command_pubs = [
            self.create_publisher(TwistStamped, f"people/{name}/cmd_vel", STANDARD)
            for name in self._names
        ]
        self._evaluation_pub = self.create_publisher(String, "evaluation", EVENTS)
        self._truth_pub = self.create_publisher(String, "people/truth", LATCHED)
        self.listen(UInt8MultiArray, "policy", self._on_policy, LATCHED)
        self.listen(String, "people/intent", self._on_intent, LATCHED)
        self.listen(String, "episode", self._on_episode, EVENTS)
        self.listen(Odometry, "odom", self._on_robot, STANDARD)
        self.listen(Odometry, "people/ground_truth", self._on_body, PEOPLE)
        self.listen(String, "learning", self._on_learning, EVENTS)

    # -- inputs -------------------------------------------------------------------------------
    def _on_policy(self, message: UInt8MultiArray) -> None:
        snapshot = unpack_snapshot(message_bytes(message), "policy")
        if len(snapshot.phi) != self._policy.size:
            raise InputError("policy: made for another policy architecture; check the namespace")
        self._expert.phi = snapshot.phi

    def _on_intent(self, message: String) -> None:
        intent = read_intent(message)
        missing = set(self._names) - set(intent[2])
        if missing:
            raise InputError(f"people/intent: no goal of {min(missing)}; check scenario and people")
        self._intent = intent
        self._decide()

    def _on_episode(self, message: String) -> None:
        record = read_episode(message)
        if record["event"] == "started":
            if record["route"] is None:
                raise InputError("episode: no route; the return of an episode depends on it")
            self._trace.clear()
            self._route, self._next_s = record["route"], record["stamp_s"]
            self._episode = (record["episode"], record["stamp_s"])
            self._decide()
        elif record["event"] == "finished":
            self._next_s = None
            self._grade_episode(record["episode"])
        elif record["event"] == "run_finished":
            self._tell_truth()

    def _on_robot(self, message: Odometry) -> None:
        state = odometry_to_robot(message)
        if not np.isfinite(state).all():
            raise InputError("odom: a state holds a value that is not finite")
        self._robot = (stamp_s(message.header.stamp), state)
        self._decide()

    def _on_body(self, message: Odometry) -> None:
        report = odometry_to_person(message)
        if report.identity not in self._names:
            raise InputError(f"people/ground_truth: '{report.identity}' does not take part")
        self._bodies[report.identity] = (report.stamp_s, person_state(report))
        self._decide()

    # -- deciding -----------------------------------------------------------------------------
    def _known_at(self, time_s: float) -> tuple[float, Array, Array] | None:
        """Time, robot (6,) and people (P, 4), once all are known that late; None before."""
        if self._robot is None or len(self._bodies) < len(self._names):
            return None
        stamps = [self._robot[0], *(self._bodies[name][0] for name in self._names)]
        if min(stamps) < time_s - TOLERANCE_S:
            return None
        people = np.array([self._bodies[name][1] for name in self._names]).reshape(-1, 4)
        return min(stamps), self._robot[1], people

    def _decide(self) -> None:
        """Choose, once everybody's states at the decision's time are in."""
        if self._next_s is None or self._expert.phi is None:
            return
        if self._intent is None or self._intent[:2] != self._episode:
            return
        now = self._known_at(self._next_s)
        if now is None:
            return
        self._next_s += self._scenario.decision_period_s
        self._goals = np.array([self._intent[2][name] for name in self._names]).reshape(-1, 2)
        self._trace.append(now)
        luck = torch.from_numpy(self._luck.random((1, len(self._names))))
        targets = self._expert.act(self._situation([now]), luck)[0].tolist()
        for publisher, target in zip(self._command_pubs, targets, strict=True):
            publisher.publish(person_command(np.array(target), self._p.frame, now[0]))

    def _situation(self, moments: list[tuple[float, Array, Array]]) -> Situation:
        """The situation at B moments as people know it: where each goes is certain."""
        count, shape = len(moments), (len(moments), len(self._names), 1)
        robot, people = (torch.from_numpy(np.array([m[i] for m in moments])) for i in (1, 2))
        goals = torch.from_numpy(self._goals)[None, :, None].expand(*shape, 2)
        route = torch.from_numpy(self._route).expand(count, -1, -1)
        aims = Aims(route, goals, torch.zeros(shape, dtype=torch.float64))
        present = torch.ones(shape[:2], dtype=torch.bool)
        return Situation(robot, people, present, aims, self._scenario.room)

    # -- grading ------------------------------------------------------------------------------
    def _grade_episode(self, episode: int) -> None:
        if not self._trace:  # joined late: it was over before a decision was due
            return
        last = self._known_at(self._trace[-1][0] + 10.0 * TOLERANCE_S)
        if last is not None:
            self._trace.append(last)
        if len(self._trace) < 2:
            return
        lived = self._situation(self._trace)
        value = episode_return(self._scenario, lived, lived.aims.likeliest[0], self._theta)
        self._publish_grade(episode, {"return": value})

    def _on_learning(self, message: String) -> None:
        """Grade an estimate: each person's error, and their mean."""
        record = read_json(message, LEARNING, "learning", ("episode",))
        theta, _ = read_estimates(record, self._theta.shape[1])
        truth = dict(zip(self._names, self._theta, strict=True))
        errors = {
            name: relative_error(np.array(weights), truth[name])
            for name, weights in theta.items()
            if name in truth and np.isfinite(weights).all()
        }
        if errors:
            mean = float(np.mean(list(errors.values())))
            self._publish_grade(record["episode"], {"errors": errors, "relative_error": mean})

    def _publish_grade(self, episode: int, grade: dict[str, object]) -> None:
        record = {"schema": EVALUATION, "episode": episode, **grade}
        self._evaluation_pub.publish(json_message(record))

    def _tell_truth(self) -> None:
        if not self._told:
            self._told = True
            theta = dict(zip(self._names, self._theta.tolist(), strict=True))
            self._truth_pub.publish(json_message({"schema": TRUTH, "theta": theta}))

    def on_stop(self) -> None:
        """The run is over for this node: everybody stands, and what was hidden is told."""
        for publisher in self._command_pubs:
            publisher.publish(person_command(np.zeros(2), self._p.frame, self.now_s()))
        self._tell_truth()
        self._truth_pub.wait_for_all_acked(ACK_TIMEOUT)


NODE = HumanNode
