"""sim_node: the world. Moves all bodies, keeps time, and says how each episode went."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from geometry_msgs.msg import TwistStamped
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import String
from std_srvs.srv import Trigger

from bisirl_ros.config import setting
from bisirl_ros.messages.records import EPISODE, INTENT
from bisirl_ros.messages.robot import command_of
from bisirl_ros.nodes.clock_watch import ClockWatch
from bisirl_ros.nodes.conversions import json_message, to_stamp, velocity_type
from bisirl_ros.nodes.parameters import declare
from bisirl_ros.nodes.qos import EVENTS, LATCHED, STANDARD
from bisirl_ros.nodes.ros import BisirlNode
from bisirl_ros.nodes.state_topics import StateTopics
from bisirl_ros.parameters.scenario import ScenarioParameters
from bisirl_sim.episode import Episode
from bisirl_sim.tracker import Tracker, TrackerSpec
from bisirl_sim.world import make_world

STEP_S = 0.01
STATE_EVERY = 5
MOST_STEPS_AT_ONCE = 20
WAITING_S = 10.0


@dataclass(frozen=True)
class SimParameters(ScenarioParameters):
    """Parameters of sim_node."""

    backend: str = setting("auto", doc="physics", choices=("auto", "bullet", "kinematic"))
    headless: bool = setting(True, doc="no window")
    episodes: int = setting(24, doc="episodes to play; 0 plays on", low=0, high=100000)
    seed: int = setting(0, doc="of the starts and of the tracker", low=0)
    real_time_factor: float = setting(1.0, doc="simulated per real second", low=0.05, high=20.0)
    pause_s: float = setting(1.5, doc="simulated time between episodes", unit="s", low=0.0, high=60)
    goal: str = setting(
        "latent",
        doc="what 'episode' tells of where people go: all that the scenario lists, or the truth",
        choices=("latent", "known"),
    )
    tracker: TrackerSpec = setting(TrackerSpec(), doc="how people are seen")
    frame: str = setting("odom", doc="frame of all poses")
    enable_stamped_cmd_vel: bool = setting(True, doc="cmd_vel is TwistStamped, else Twist")


class SimNode(BisirlNode):
    """Plays episodes of a scenario; waits for the first cmd_vel before the first one."""

    def __init__(self) -> None:
        super().__init__("sim_node")
        self._p = p = declare(self, SimParameters)
        self._scenario = scenario = p.load()
        self._rng, self._luck = np.random.default_rng(p.seed), np.random.default_rng([p.seed, 1])
        self._world = make_world(scenario, p.backend, gui=not p.headless, dt_s=STEP_S)
        self.get_logger().info(f"world: {self._world.backend}, {p.real_time_factor:g} x real time")
        self._clock_pub = self.create_publisher(ClockMessage, "/clock", STANDARD)
        self._clock_watch = ClockWatch(self)
        self._episode_pub = self.create_publisher(String, "episode", EVENTS)
        self._intent_pub = self.create_publisher(String, "people/intent", LATCHED)
        self._states = StateTopics(self, scenario, p.frame)
        kind = velocity_type(p.enable_stamped_cmd_vel)
        self.listen(kind, "cmd_vel", self._on_robot_command, STANDARD)
        self._command_topics = [f"people/{name}/cmd_vel" for name in scenario.identities]
        for index, topic in enumerate(self._command_topics):
            callback = partial(self._on_person_command, index)
            self.listen(TwistStamped, topic, callback, STANDARD)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._heard_robot, self._running = False, False
        self._number, self._steps, self._pause_until_s = 0, 0, 0.0
        self._began_s, self._least_m, self._published_s = 0.0, np.inf, -1.0
        self._begin_anew()
        self._started_at = self._waited_since = self.steady_s()
        self.steady_timer(STEP_S / p.real_time_factor, self._tick)

    # -- callbacks ----------------------------------------------------------------------------
    def _on_robot_command(self, message: TwistStamped) -> None:
        self._heard_robot = True
        if self._running:
            self._world.command_robot(*command_of(message).tolist())

    def _on_person_command(self, index: int, message: TwistStamped) -> None:
        if self._running:
            vx, vy, _ = command_of(message).tolist()
            self._world.command_person(index, vx, vy)

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._running:
            self._finish("reset", counts=False)
        response.success, response.message = True, f"episode {self._number} starts anew"
        return response

    def _tick(self) -> None:
        due = round((self.steady_s() - self._started_at) * self._p.real_time_factor / STEP_S)
        for _ in range(min(due - self._steps, MOST_STEPS_AT_ONCE)):
            self._step()
        self._steps = max(self._steps, due - MOST_STEPS_AT_ONCE)

    # -- the episode --------------------------------------------------------------------------
    def _step(self) -> None:
        self._steps += 1
        self._world.step()
        now_s = self._world.time_s
        self._clock_pub.publish(ClockMessage(clock=to_stamp(now_s)))
        if self._running:
            self._watch()
        elif self._episode_due(now_s):
            self._begin(now_s)
        people = self._world.people_state()
        for report in self._tracker.observe(now_s, people, self._scenario.identities):
            self._states.publish_report(report)
        if round((now_s - self._began_s) / STEP_S) % STATE_EVERY == 0:
            self._publish_state(now_s)

    def _watch(self) -> None:
        self._least_m = min(self._least_m, self._episode.distance_m)
        outcome = self._episode.outcome
        if outcome:
            self._finish(outcome)

    def _episode_due(self, now_s: float) -> bool:
        if self._p.episodes and self._number >= self._p.episodes:
            return False
        if self._number == 0 and not self._clock_watch.alone():
            return False
        silent = [] if self._heard_robot else ["cmd_vel"]
        silent += [topic for topic in self._command_topics if not self.count_publishers(topic)]
        if silent:
            if self.steady_s() - self._waited_since > WAITING_S:
                self.get_logger().warning(f"waiting for somebody to publish {', '.join(silent)}")
                self._waited_since = self.steady_s()
            return False
        return now_s >= self._pause_until_s

    def _begin_anew(self) -> None:
        """Put everybody at a new start; a new tracker looks for the first time right there."""
        self._episode = Episode(self._scenario, self._world, self._rng)
        self._tracker = Tracker(self._p.tracker, int(self._luck.integers(2**31)))

    def _begin(self, now_s: float) -> None:
        self._begin_anew()
        self._running, self._began_s, self._least_m = True, now_s, np.inf
        goals = zip(self._scenario.identities, self._episode.goals.tolist(), strict=True)
        intent = {"schema": INTENT, "episode": self._number, "stamp_s": round(now_s, 6)}
        self._intent_pub.publish(json_message({**intent, "goals": dict(goals)}))
        self._states.publish_route(self._episode.start.aims.route[0].numpy(), now_s)
        self._tell("started", now_s)

    def _finish(self, outcome: str, counts: bool = True) -> None:
        now_s = self._world.time_s
        self._publish_state(now_s)
        self._running = False
        self._tell(
            "finished",
            now_s,
            outcome=outcome,
            min_distance_m=float(self._least_m) if np.isfinite(self._least_m) else None,
            duration_s=now_s - self._began_s,
        )
        self._world.command_robot(0.0, 0.0, 0.0)
        for index in range(self._scenario.people):
            self._world.command_person(index, 0.0, 0.0)
        self._pause_until_s = now_s + self._p.pause_s
        if counts:
            self._number += 1
            if self._number == self._p.episodes:
                self._tell("run_finished", now_s)

    # -- publishing ---------------------------------------------------------------------------
    def _publish_state(self, now_s: float) -> None:
        """The truth, once per moment."""
        if now_s > self._published_s:
            self._published_s = now_s
            self._states.publish_truth(self._world.robot_state(), self._world.people_state(), now_s)

    def _hypotheses(self) -> dict[str, list[list[float]]]:
        """Where each person may be going, as far as it is told [m]."""
        aims, told = self._episode.start.aims, {}
        for p, name in enumerate(self._scenario.identities):
            possible = aims.goals[0, p][aims.log_belief[0, p].isfinite()].tolist()
            known = self._p.goal == "known"
            told[name] = [self._episode.goals[p].tolist()] if known else possible
        return told

    def _tell(self, event: str, now_s: float, **more: object) -> None:
        record = {
            "schema": EPISODE,
            "event": event,
            "episode": self._number,
            "stamp_s": round(now_s, 6),
            "route": self._episode.start.aims.route[0].tolist(),
            "goals": self._hypotheses(),
            "backend": self._world.backend,
            **more,
        }
        self._episode_pub.publish(json_message(record))

    def on_stop(self) -> None:
        """Close the world."""
        self._world.close()


NODE = SimNode
