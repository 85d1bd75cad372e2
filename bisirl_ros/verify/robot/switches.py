"""A robot in front of a person, without ROS, fast: what faults are tried on by the thousand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from bisirl_ros.control.faults import Fault
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation
from bisirl_ros.io.contract import Snapshot
from bisirl_ros.session.clock import Now
from bisirl_ros.session.driver import Driver
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.session.session import Session
from bisirl_ros.session.settings import SessionSettings

PERIOD_S = 0.05
ASKED = (0.8, 0.0, 0.2)
"""The policy's command [m/s, rad/s]."""
FAR, NEAR = np.array([2.5, 2.5]), np.array([0.53, 0.0])
"""Where the person stands from the robot [m]: out of the way, and within the least gap."""


class Cruise(InteractionPolicy):
    """Straight on, a little to the left; phi that is not finite comes out as it is."""

    def __call__(self, phi: torch.Tensor, situation: Situation) -> torch.Tensor:
        return torch.tensor([ASKED]) + phi[0]


class BenchRobot:
    """A session with a robot that obeys and a person who stands; each fault is a switch.

    faults: the switches that are on now, by name (`SWITCHES`)
    """

    def __init__(self, scenario: Scenario, settings: SessionSettings) -> None:
        self.scenario, self._timeout_s = scenario, settings.people_timeout_s
        self.session = Session(scenario, settings)
        policy = Cruise(scenario.robot)
        period_s = settings.control_period_s
        self.session.driver = Driver(scenario, policy, settings.driver, period_s, lambda *_: None)
        self.on: set[str] = set()
        self.robot: Array = np.zeros(6)
        self.command: Array = np.zeros(3)
        self.steady_s, self.ros_s = 100.0, 1e7  # far from zero, which is no time, after all jumps
        n = len(scenario.feature_names)
        empty = (np.zeros((0, n)), np.zeros((0, n, n)), np.zeros(n), np.eye(n))
        self.good = Snapshot(0, torch.zeros(8), (), *empty, scenario.name, scenario.feature_names)
        self.session.offer(self.good)
        self.session.adopt(self.now)
        self.session.begin(self.ros_s)

    @property
    def now(self) -> Now:
        """Both clocks."""
        return Now(self.ros_s, self.steady_s)

    def switch(self, name: str, on: bool) -> None:
        """Let a fault begin or end."""
        (self.on.add if on else self.on.discard)(name)
        session = self.session
        if name == "stop asked" and on:
            session.driver.guard.latch(Fault.STOP_ASKED)
        elif name == "goal withdrawn":
            if on:
                session.withdraw_goal()
            else:
                session.go(np.array([[3.0, 0.0]]), self.now)
        elif name == "disabled":
            session.enabled = not on
        elif name in POLICIES:
            asks = sum(POLICIES[active] for active in self.on & set(POLICIES))
            session.deployed = replace(self.good, phi=torch.full((8,), float(asks)))
        elif name == "learner diverged":
            phi = torch.full((8,), math.inf if on else 0.0)
            session.offer(replace(self.good, version=1, phi=phi))
        elif name in LEARNER:
            session.tell(LEARNER[name], on)
        elif name in JUMPS and on:
            self.ros_s += JUMPS[name]

    def tick(self) -> Array:
        """A control period: everybody is heard, the robot is commanded and obeys."""
        self.steady_s += PERIOD_S
        if "clock paused" not in self.on:
            self.ros_s += PERIOD_S
        if "odometry silent" not in self.on:
            state = self.robot * (math.nan if "odometry not finite" in self.on else 1.0)
            self.session.hear_robot(state, self.ros_s, self.now)
        for report in self._reports():
            self.session.hear_person(report, self.now)
        failing = "control fails" in self.on
        self.command = (self.session.halt if failing else self.session.tick)(self.now)
        if "not obeyed" in self.on:
            self.robot[3:] = 0.0
        else:
            self._move()
        return self.command

    def recover(self) -> None:
        """All faults are gone, and somebody resumes; another episode begins, until it cruises."""
        for name in list(self.on):
            self.switch(name, False)
        self.session.finish(keep=False)
        self.session.begin(self.ros_s)
        for _ in range(round(RESUME_S / PERIOD_S)):
            if np.abs(self.tick() - ASKED).max() < 1e-3:
                break
            self.session.driver.guard.resume()

    def _reports(self) -> list[PersonReport]:
        if "tracker silent" in self.on:
            return []
        nonsense = self.on & {"tracker not finite", "tracker ahead"}
        if "tracker says nobody" in self.on and not nonsense:
            self.session.people.hear_of_nobody(self.now)
            return []
        place = self.robot[:2] + (NEAR if "person too near" in self.on else FAR)
        if "tracker not finite" in self.on:
            place = place * math.nan
        stamp_s = self.ros_s + 60.0 * ("tracker ahead" in self.on)
        zero = np.zeros((2, 2))
        names = [f"p{i}" for i in range(20 if "crowd" in self.on else 1)]
        names[0] += " near" * ("person too near" in self.on)  # somebody else, not a jump
        return [PersonReport(name, stamp_s, place, np.zeros(2), zero, zero) for name in names]

    def _move(self) -> None:
        blend = 1.0 - math.exp(-PERIOD_S / self.scenario.robot.lag_s)
        self.robot[3:] += blend * (self.command - self.robot[3:])
        yaw, vx, vy, wz = self.robot[2:]
        cos, sin = math.cos(yaw), math.sin(yaw)
        moved = PERIOD_S * np.array([cos * vx - sin * vy, sin * vx + cos * vy, wz])
        self.robot[:3] += moved


RESUME_S = 3.0
"""At most; who was near and is not told of any more may still be there for two seconds."""
LEARNER = {"learner dead": Fault.LEARNER_DEAD, "learner stalled": Fault.LEARNER_STALLED}
POLICIES = {"policy not finite": math.nan, "policy at maximum": 1e6}
JUMPS = {"clock jumps back": -100.0, "clock jumps ahead": 3600.0}
SWITCHES = {
    "tracker silent": Fault.TRACKER_SILENT,
    "tracker not finite": Fault.TRACKER_SILENT,
    "tracker ahead": Fault.TRACKER_SILENT,
    "tracker says nobody": None,
    "crowd": None,
    "person too near": Fault.TOO_NEAR,
    "odometry silent": Fault.ODOMETRY_SILENT,
    "odometry not finite": Fault.ODOMETRY_SILENT,
    "clock paused": Fault.ODOMETRY_SILENT,
    "clock jumps back": None,
    "clock jumps ahead": None,
    "goal withdrawn": Fault.NO_GOAL,
    "disabled": Fault.DISABLED,
    "stop asked": Fault.STOP_ASKED,
    "policy not finite": Fault.POLICY_FAILED,
    "policy at maximum": None,
    "learner dead": Fault.LEARNER_DEAD,
    "learner stalled": Fault.LEARNER_STALLED,
    "learner diverged": Fault.LEARNER_DIVERGED,
    "not obeyed": Fault.NOT_OBEYED,
    "control fails": Fault.CONTROL_FAILED,
}
"""What may be switched on, and the fault that it is; None: what no reaction is required to."""
