"""What was commanded, against what may be: limits, gaps, when the robot was at rest."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from bisirl_ros.control.body import Body, Twist, admissible
from bisirl_ros.control.gate import GateSettings
from bisirl_ros.session.clock import LONGEST_PERIOD_S

LATE_S = 0.01
"""A command leaves so long after its tick was timed, more or less than the one before."""
ROUNDED = 1e-6
STILL = 1e-9


@dataclass(frozen=True)
class Sent:
    """A command: when it left the node [s], and vx, vy [m/s], wz [rad/s]."""

    time_s: float
    twist: Twist

    @property
    def speed(self) -> float:
        """[m/s]"""
        return math.hypot(*self.twist[:2])

    @property
    def stands(self) -> bool:
        """Whether it is a stop."""
        return max(map(abs, self.twist)) < STILL


@dataclass(frozen=True)
class Limits:
    """Of a robot whose commands are due every period_s [s]."""

    body: Body
    gate: GateSettings
    period_s: float

    @property
    def stop_s(self) -> float:
        """From when a fault can be known to a stop: the gate's, and two control periods [s]."""
        return self.gate.stop_time_s + 2.0 * self.period_s


def worst(commands: Sequence[Sent], limits: Limits) -> dict[str, float]:
    """The worst of some commands, as shares of what is allowed: 1 is at the limit.

    speed, turn: of the top ones; drive: how far outside what the drive can do [m/s, rad/s];
    change: of what the accelerations allow since the last command. When
    a command was decided is not told: commands are due on a grid of periods, and leave LATE_S late.
    """
    body, found = limits.body, {"speed": 0.0, "turn": 0.0, "drive": 0.0, "change": 0.0}
    for i, sent in enumerate(commands):
        able = admissible(body, sent.twist)
        away = max(abs(a - b) for a, b in zip(able, sent.twist, strict=True))
        values = {
            "speed": sent.speed / body.max_speed,
            "turn": abs(sent.twist[2]) / body.max_turn_rate,
            "drive": 0.0 if away < ROUNDED else away,
            "change": _change(commands[max(i - 2, 0) : i + 1], body, limits.period_s),
        }
        found = {key: max(found[key], value) for key, value in values.items()}
    return found


def _change(last: Sequence[Sent], body: Body, period_s: float) -> float:
    """How much the last of up to three commands changes, of what it may."""
    if len(last) < 2:
        return 0.0
    before, after = last[-2], last[-1]
    since_s = max(period_s, after.time_s - before.time_s)
    if len(last) == 3:
        since_s = max(since_s, after.time_s - last[0].time_s - period_s)
    dt_s = min(since_s + LATE_S, LONGEST_PERIOD_S)
    dx, dy, dw = (a - b for a, b in zip(after.twist, before.twist, strict=True))
    along, turning = body.max_acceleration * dt_s, body.max_turn_acceleration * dt_s
    return max(math.hypot(dx, dy) / along, abs(dw) / turning)


def within(shares: dict[str, float]) -> bool:
    """Whether no command was beyond a limit."""
    return shares["drive"] == 0.0 and max(shares.values()) <= 1.0 + ROUNDED


def gap_s(commands: Sequence[Sent], since_s: float, to_s: float) -> float:
    """The longest time without a command between two moments [s]."""
    times = [since_s, *(c.time_s for c in commands if since_s < c.time_s < to_s), to_s]
    return max(b - a for a, b in itertools.pairwise(times))


def rest_s(commands: Sequence[Sent], since_s: float) -> float | None:
    """From when on, after since_s, all commands are stops [s]; None where the last is none."""
    found = None
    for sent in commands:
        if sent.time_s < since_s:
            continue
        found = (found or sent.time_s) if sent.stands else None
    return found
