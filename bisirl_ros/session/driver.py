"""From what is known to what is commanded: faults, guard, policy or fallback, gate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from bisirl_ros.config import setting
from bisirl_ros.control.around import Around
from bisirl_ros.control.fallback import FallbackSettings, fallback
from bisirl_ros.control.faults import BLIND, TABLE, Fault, Reaction
from bisirl_ros.control.gate import STOP, GateSettings, SafetyGate
from bisirl_ros.control.guard import Guard, GuardSettings, Verdict
from bisirl_ros.control.obedience import Obedience
from bisirl_ros.control.surroundings import Obstacles
from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.policy import InteractionPolicy
from bisirl_ros.crowd.scenario import Scenario
from bisirl_ros.crowd.situation import Situation

LATE_PERIODS = 2.0
"""A policy that thinks for longer than so many control periods is late."""


@dataclass(frozen=True)
class DriverSettings:
    """What stands between the policy and the wheels."""

    gate: GateSettings = setting(GateSettings(), doc="of every command")
    guard: GuardSettings = setting(GuardSettings(), doc="of faults")
    fallback: FallbackSettings = setting(FallbackSettings(), doc="without a policy")


SIMULATED = DriverSettings(guard=GuardSettings(auto_resume=True))
"""Where nobody can be hurt, and nobody is there to resume."""


@dataclass(frozen=True)
class Driven:
    """One tick: what was asked for, what is sent, and why they differ.

    asked: (3,) the policy's or the fallback's twist, None where neither was asked
    twist: (3,) vx, vy [m/s], wz [rad/s] to send; rule: of the gate, "" where it changed nothing
    """

    asked: Array | None
    twist: Array
    verdict: Verdict
    rule: str

    @property
    def followed(self) -> bool:
        """Whether the robot was driven by its policy, as far as the separation to people let it."""
        reaction, fault = self.verdict.reaction, self.verdict.fault
        waits = fault is Fault.TOO_NEAR and reaction is Reaction.STOP
        return waits or (self.asked is not None and reaction is Reaction.DRIVE)

    @property
    def why(self) -> str:
        """What held the robot back, in a word or two; "" where nothing did."""
        fault = self.verdict.fault
        held = fault is not None and self.verdict.reaction > Reaction.DRIVE
        return fault.value if fault is not None and held else self.rule


class Driver:
    """Judges what is wrong, asks who may drive, and lets the gate have the last word.

    period_s: between commands [s]; time_scale: ROS seconds per steady second
    complain: is told what about, and a line (throttle it); stopwatch: by which a policy is late [s]
    """

    def __init__(
        self,
        scenario: Scenario,
        policy: InteractionPolicy,
        settings: DriverSettings,
        period_s: float,
        complain: Callable[[str, str], None],
        time_scale: float = 1.0,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._scenario, self._policy, self._settings = scenario, policy, settings
        self._robot = robot = scenario.robot
        self._late_s, self._complain = LATE_PERIODS * period_s, complain
        self._stopwatch = stopwatch
        self.gate = SafetyGate(robot, settings.gate, time_scale * period_s)
        self.guard = Guard(settings.guard)
        self._obedience = Obedience(robot)
        self._failed_s = -np.inf
        self.last: Driven | None = None
        self.obstacles: Obstacles | None = None

    def reconfigure(self, settings: DriverSettings) -> None:
        """Other settings from now on; what is latched stays latched."""
        self._settings = settings
        self.gate.settings, self.guard.settings = settings.gate, settings.guard

    def drive(
        self,
        faults: Iterable[Fault],
        phi: Tensor | None,
        situation: Situation | None,
        lost: Array,
        steady_s: float,
        dt_s: float,
    ) -> Driven:
        """What to command now, dt_s after the last command; steady_s: on the steady clock [s].

        faults: that hold, as far as the caller sees; phi: of the deployed policy
        situation: what is known (B = 1), None where the robot does not know where it is
        lost: (L, 4) people who may still be there, for the gate alone
        """
        around = None
        if situation is not None:
            around = around_of(self._scenario, situation, self.obstacles, lost)
        measured = None if situation is None else situation.robot[0, 3:].numpy()
        faults = {*faults, *self._found(around, measured, steady_s, dt_s)}
        verdict = self.guard.judge(faults, steady_s)
        asked = None
        if verdict.reaction is Reaction.DRIVE and phi is not None and situation is not None:
            asked = self._ask(phi, situation, steady_s)
            if asked is not None:
                self.guard.policy_works()
            else:
                verdict = self.guard.judge({*faults, Fault.POLICY_FAILED}, steady_s)
        if verdict.reaction is Reaction.FALLBACK and situation is not None and around is not None:
            route = situation.aims.route[0].numpy()
            tolerance_m = self._robot.goal_tolerance_m
            asked = fallback(self._robot, self._settings.fallback, around, route, tolerance_m)
        if verdict.fault is not None and not TABLE[verdict.fault].usual:
            self._complain(verdict.fault.value, told(verdict))
        stopping = asked is None
        admitted = self.gate.admit(STOP if asked is None else asked, dt_s, around, stopping)
        self.last = Driven(asked, admitted.twist, verdict, admitted.rule)
        return self.last

    def watch(self, faults: Iterable[Fault], steady_s: float) -> None:
        """Somebody else drives: say what cannot be seen, and judge nothing else."""
        verdict = self.guard.judge({*faults} & BLIND, steady_s)
        if verdict.fault is not None:
            rule = TABLE[verdict.fault]
            self._complain(verdict.fault.value, f"{verdict.fault.value}: {rule.when}")

    def halt(self, steady_s: float, dt_s: float) -> Array:
        """Ramp to rest, whatever is the matter: the twist (3,) to send."""
        verdict = self.guard.judge({*self.guard.holding, Fault.CONTROL_FAILED}, steady_s)
        self.last = Driven(None, self.slow_down(dt_s), verdict, "")
        return self.last.twist

    def slow_down(self, dt_s: float) -> Array:
        """One step of a ramp to rest: the twist (3,) to send."""
        return self.gate.admit(STOP, dt_s, brake=True).twist

    @property
    def disobeyed(self) -> bool:
        """Whether the robot does something else than it is told."""
        return self._obedience.disobeyed

    def forget(self) -> None:
        """The robot may be elsewhere now: what was commanded before means nothing."""
        self._obedience.forget()

    def _found(
        self, around: Around | None, measured: Array | None, steady_s: float, dt_s: float
    ) -> list[Fault]:
        """The faults that show here."""
        found = []
        if around is not None:
            gaps = [gap for gap, *_ in around.people_near(self._robot.radius_m)]
            if min(gaps, default=math.inf) < self._settings.gate.separation.least_m:
                found.append(Fault.TOO_NEAR)
        if self.obstacles is not None and self.obstacles.silent(steady_s):
            found.append(Fault.SCAN_SILENT)
        if steady_s - self._failed_s < self._settings.guard.retry_s:
            found.append(Fault.POLICY_FAILED)
        if measured is not None and self.last is not None:
            self._obedience.watch(self.last.twist, measured, dt_s)
        if self._obedience.disobeyed and measured is not None and self.last is not None:
            found.append(Fault.LOST if self._obedience.lost else Fault.NOT_OBEYED)
            self.gate.continue_from(self._obedience.careful(self.last.twist, measured))
        return found

    def _ask(self, phi: Tensor, situation: Situation, steady_s: float) -> Array | None:
        """The policy's twist (3,); None where it failed."""
        began = self._stopwatch()
        try:
            with torch.inference_mode():
                twist = np.asarray(self._policy(phi, situation)[0], float)
        except (RuntimeError, ValueError, FloatingPointError) as error:
            self._complain("policy", f"policy: {' '.join(str(error).split())[:200]}")
            twist = np.full(3, np.nan)
        if self._stopwatch() - began > self._late_s or not np.isfinite(twist).all():
            self._failed_s = steady_s
            return None
        return twist


def around_of(
    scenario: Scenario, situation: Situation, obstacles: Obstacles | None, lost: Array
) -> Around:
    """What the gate must know of a situation (B = 1), and of people (L, 4) who were lost."""
    robot, room = scenario.robot, situation.room
    x, y, yaw = situation.robot[0, :3].tolist()
    people = np.concatenate([situation.people[0].numpy(), lost])
    radius_m = scenario.person.radius_m
    things: list[Array] = [np.zeros((0, 3))]
    if not room.empty:
        gaps, away = (found[0].numpy() for found in room.each(situation.robot[:, :2]))
        things.append(np.column_stack([gaps, -away]))
    if obstacles is not None:
        things.append(obstacles.each_way(x, y, people))
    around = np.concatenate(things) - np.array([robot.radius_m, 0.0, 0.0])
    return Around((x, y), yaw, people, radius_m, around)


def told(verdict: Verdict) -> str:
    """A verdict as one line."""
    assert verdict.fault is not None
    does = {
        Reaction.DRIVE: "driving on",
        Reaction.FALLBACK: "falling back",
        Reaction.STOP: "stopping",
        Reaction.LATCH: "stopping until ~/resume is called",
    }[verdict.reaction]
    return f"{verdict.fault.value} ({TABLE[verdict.fault].when.replace('`', '')}): {does}"
