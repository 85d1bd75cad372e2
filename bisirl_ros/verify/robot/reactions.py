"""What a robot is required to do about a fault, and how that is seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bisirl_ros.verify.robot.commands import Limits, Sent, gap_s, rest_s
from bisirl_ros.verify.robot.program import until
from bisirl_ros.verify.robot.stage import Stage

SEEN_S, HELD_S, LATCHED_S = 1.2, 0.4, 1.5
"""How long it is watched driving on, at rest, and at rest after the fault has gone [s]."""
LONGER_S = 2.0
"""So much later than it must it may come to rest, to be measured."""
MOST_GAP_S = 0.1
"""Without a command, beyond the period [s]."""
SLOWER = 0.5
"""A robot that drives on is never slower than so much of its speed before."""


class Reaction(Enum):
    """What is required."""

    STOP = "stops, goes on by itself"
    LATCH = "stops, goes on when told"
    DRIVE = "drives on"
    COMMAND = "goes on commanding"
    END = "commands nothing any more"
    WAIT = "begins at rest again"


@dataclass(frozen=True)
class Seen:
    """How a robot reacted.

    took_s: from when the fault could be known to the reaction, or the longest time without a
    command of a robot that goes on [s]; None where it did not come
    most_s: the bar of that; why: what was wrong with it, "" where nothing
    """

    took_s: float | None
    most_s: float
    why: str = ""


def watch(stage: Stage, reaction: Reaction, known_s: float, silence_s: float) -> Seen:
    """See how the first robot reacts to what can be known from known_s + silence_s on [s]."""
    rig, limits = stage.rig, stage.limits
    if reaction in (Reaction.STOP, Reaction.LATCH):
        most_s = silence_s + limits.stop_s
        until(lambda: rest_s(rig.commands, known_s), most_s + LONGER_S)
        time.sleep(HELD_S)
        return stopped(rig.commands, known_s, most_s)
    if reaction is Reaction.END:
        time.sleep(SEEN_S)
        return ended(rig.commands, known_s, limits)
    if reaction is Reaction.WAIT:
        return Seen(0.0, 0.0)
    time.sleep(max(0.0, known_s + silence_s + SEEN_S - time.time()))
    return went_on(rig.commands, known_s, time.time(), limits, reaction is Reaction.DRIVE)


def stopped(commands: Sequence[Sent], known_s: float, most_s: float) -> Seen:
    """Whether it came to rest in time, and stayed there."""
    since_s = rest_s(commands, known_s)
    if since_s is None:
        return Seen(None, most_s, "does not come to rest")
    took_s = since_s - known_s
    return Seen(took_s, most_s, "" if took_s <= most_s else "comes to rest late")


def went_on(
    commands: Sequence[Sent], since_s: float, to_s: float, limits: Limits, drives: bool
) -> Seen:
    """Whether commands went on from since_s to to_s [s]; drives: and it drove all the while."""
    took_s, most_s = gap_s(commands, since_s, to_s), limits.period_s + MOST_GAP_S
    before = [c.speed for c in commands if c.time_s <= since_s][-3:]
    meanwhile = [c.speed for c in commands if since_s < c.time_s < to_s]
    slow = bool(meanwhile) and min(meanwhile) < SLOWER * min(before, default=0.0)
    if drives and (slow or not meanwhile):
        slowest = min(meanwhile, default=0.0)
        return Seen(took_s, most_s, f"does not drive on: slows down to {slowest:.2f} m/s")
    return Seen(took_s, most_s, "" if took_s <= most_s else "a gap between commands")


def ended(commands: Sequence[Sent], known_s: float, limits: Limits) -> Seen:
    """Whether nothing was commanded from two periods later on."""
    last_s = max((c.time_s for c in commands), default=known_s)
    took_s, most_s = max(0.0, last_s - known_s), 2.0 * limits.period_s
    return Seen(took_s, most_s, "" if took_s <= most_s else "commands on")
