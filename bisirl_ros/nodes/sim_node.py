"""sim_node: the world. Moves both bodies, keeps time, and says how each episode went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import PoseStamped, TwistStamped
from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import String
from std_srvs.srv import Trigger

from bisirl_ros.config import setting
from bisirl_ros.crowd.scenario import load_scenario
from bisirl_ros.nodes.conversions import (
    EPISODE,
    human_to_odometry,
    human_to_pose,
    json_message,
    robot_to_odometry,
    to_stamp,
    twist_of,
    velocity_type,
)
from bisirl_ros.nodes.ros import EVENTS, STANDARD, BisirlNode, declare
from bisirl_sim.task import Task
from bisirl_sim.world import make_world

STEP_S = 0.01
STATE_EVERY = 5
MOST_STEPS_AT_ONCE = 20


@dataclass(frozen=True)
class SimParameters:
    """Parameters of sim_node."""

    scenario: str = setting("crossing", doc="name or .yaml path of the scenario")
    backend: str = setting("auto", doc="physics", choices=("auto", "bullet", "kinematic"))
    headless: bool = setting(True, doc="no window")
    episodes: int = setting(24, doc="episodes to play; 0 plays on", low=0, high=100000)
    seed: int = setting(0, doc="of the starts", low=0)
    real_time_factor: float = setting(1.0, doc="simulated per real second", low=0.05, high=20.0)
    pause_s: float = setting(1.5, doc="simulated time between episodes", unit="s", low=0.0, high=60)
    frame: str = setting("odom", doc="frame of all poses")
    enable_stamped_cmd_vel: bool = setting(True, doc="cmd_vel is TwistStamped, else Twist")


class SimNode(BisirlNode):
    """Plays episodes of a scenario; waits for the first cmd_vel before the first one."""

    def __init__(self) -> None:
        super().__init__("sim_node")
        self._p = p = declare(self, SimParameters)
        self._scenario = load_scenario(p.scenario)
        self._world = make_world(self._scenario, p.backend, gui=not p.headless, dt_s=STEP_S)
        self._task, self._rng = Task(self._scenario), np.random.default_rng(p.seed)
        self.get_logger().info(f"world: {self._world.backend}, {p.real_time_factor:g} x real time")
        self._clock_pub = self.create_publisher(ClockMessage, "/clock", STANDARD)
        self._odom_pub = self.create_publisher(Odometry, "odom", STANDARD)
        self._human_pub = self.create_publisher(Odometry, "human/odom", STANDARD)
        self._pose_pub = self.create_publisher(PoseStamped, "human/pose", STANDARD)
        self._episode_pub = self.create_publisher(String, "episode", EVENTS)
        kind = velocity_type(p.enable_stamped_cmd_vel)
        self.listen(kind, "cmd_vel", self._on_robot_command, STANDARD)
        self.listen(TwistStamped, "human/cmd_vel", self._on_human_command, STANDARD)
        self.create_service(Trigger, "~/reset", self._on_reset)
        self._heard_robot = False
        self._episode, self._running = 0, False
        self._steps, self._pause_until_s = 0, 0.0
        self._began_s, self._least_m, self._waited_since = 0.0, np.inf, self.steady_s()
        self._published_s = -1.0
        self._started_at = self.steady_s()
        self.steady_timer(STEP_S / p.real_time_factor, self._tick)

    # -- callbacks ----------------------------------------------------------------------------
    def _on_robot_command(self, message: TwistStamped) -> None:
        self._heard_robot = True
        twist = twist_of(message)
        if self._running and np.isfinite([twist.linear.x, twist.angular.z]).all():
            self._world.command_robot(twist.linear.x, twist.angular.z)

    def _on_human_command(self, message: TwistStamped) -> None:
        twist = message.twist
        if self._running and np.isfinite([twist.linear.x, twist.linear.y]).all():
            self._world.command_human(twist.linear.x, twist.linear.y)

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        if self._running:
            self._finish("reset", counts=False)
        response.success, response.message = True, f"episode {self._episode} starts anew"
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
            self._watch(now_s)
        elif self._episode_due(now_s):
            self._begin(now_s)
        since_s = now_s - self._began_s
        if round(since_s / STEP_S) % STATE_EVERY == 0:
            self._publish_state(now_s)

    def _watch(self, now_s: float) -> None:
        robot, human = self._world.robot_state(), self._world.human_state()
        self._least_m = min(self._least_m, self._task.distance_m(robot, human))
        outcome = self._task.outcome(robot, human, now_s - self._began_s)
        if outcome:
            self._finish(outcome)

    def _episode_due(self, now_s: float) -> bool:
        if self._p.episodes and self._episode >= self._p.episodes:
            return False
        if not self._heard_robot or self.count_publishers("human/cmd_vel") == 0:
            if self.steady_s() - self._waited_since > 10.0:
                missing = "human/cmd_vel" if self._heard_robot else "cmd_vel"
                self.get_logger().warning(f"waiting for somebody to publish {missing}")
                self._waited_since = self.steady_s()
            return False
        return now_s >= self._pause_until_s

    def _begin(self, now_s: float) -> None:
        start = self._task.sample_start(self._rng)
        self._world.reset(start.robot, start.human)
        self._running, self._began_s, self._least_m = True, now_s, np.inf
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
        self._world.command_robot(0.0, 0.0)
        self._world.command_human(0.0, 0.0)
        self._pause_until_s = now_s + self._p.pause_s
        if counts:
            self._episode += 1
            if self._episode == self._p.episodes:
                self._tell("run_finished", now_s)

    # -- publishing ---------------------------------------------------------------------------
    def _publish_state(self, now_s: float) -> None:
        if now_s <= self._published_s:
            return
        self._published_s = now_s
        robot, human = self._world.robot_state(), self._world.human_state()
        self._odom_pub.publish(robot_to_odometry(robot, self._p.frame, now_s))
        self._human_pub.publish(human_to_odometry(human, self._p.frame, now_s))
        self._pose_pub.publish(human_to_pose(human, self._p.frame, now_s))

    def _tell(self, event: str, now_s: float, **more: object) -> None:
        record = {
            "schema": EPISODE,
            "event": event,
            "episode": self._episode,
            "stamp_s": round(now_s, 6),
            "human_goal": list(self._scenario.human.goal),
            "backend": self._world.backend,
            **more,
        }
        self._episode_pub.publish(json_message(record))

    def on_stop(self) -> None:
        """Close the world."""
        self._world.close()


NODE = SimNode
