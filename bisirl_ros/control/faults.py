"""What may go wrong, and what is done then: one table, from which the guard acts and docs are made.

Reactions are ordered by how much they restrain: where several faults hold, the strongest reaction
does. After PX4's failsafe table of fault and action; the latch after ISO 3691-4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum


class Reaction(IntEnum):
    """What the robot does; a stronger one holds over a weaker one."""

    DRIVE = 0
    """goes on, and says so"""
    FALLBACK = 1
    """a slow way to the goal that keeps away from people, for a while; then a stop"""
    STOP = 2
    """ramps to rest, and goes on by itself once the fault is gone"""
    LATCH = 3
    """ramps to rest, and stays there until somebody resumes"""


class Fault(Enum):
    """What may go wrong."""

    DISABLED = "disabled"
    NO_TIME = "no time"
    NO_EPISODE = "no episode"
    NO_GOAL = "no goal"
    NO_POLICY = "no policy"
    ODOMETRY_SILENT = "odometry silent"
    TRACKER_SILENT = "tracker silent"
    SCAN_SILENT = "scan silent"
    POLICY_FAILED = "policy failed"
    LEARNER_DEAD = "learner dead"
    LEARNER_STALLED = "learner stalled"
    LEARNER_DIVERGED = "learner diverged"
    NOT_OBEYED = "not obeyed"
    LOST = "lost"
    TOO_NEAR = "too near"
    STOP_ASKED = "stop asked"
    CONTROL_FAILED = "control failed"


@dataclass(frozen=True)
class Rule:
    """What is done about a fault; when: it holds, in words; usual: nothing to complain of."""

    reaction: Reaction
    when: str
    usual: bool = False


TABLE: dict[Fault, Rule] = {
    Fault.DISABLED: Rule(Reaction.STOP, "`~/enable` was called with false", usual=True),
    Fault.NO_TIME: Rule(
        Reaction.STOP, "`use_sim_time` is set and nobody publishes `/clock`: waiting for it"
    ),
    Fault.NO_EPISODE: Rule(Reaction.STOP, "no episode is going on", usual=True),
    Fault.NO_GOAL: Rule(
        Reaction.STOP, "the robot was not sent anywhere, or its goal was withdrawn"
    ),
    Fault.NO_POLICY: Rule(Reaction.STOP, "the learner has not sent a policy yet", usual=True),
    Fault.ODOMETRY_SILENT: Rule(
        Reaction.STOP, "no good odometry of the robot for `odom_timeout_s`"
    ),
    Fault.TRACKER_SILENT: Rule(
        Reaction.STOP,
        "no good word of the tracker for `human_timeout_s`; one that says nobody is there is none",
    ),
    Fault.SCAN_SILENT: Rule(
        Reaction.STOP, "no usable scan for `obstacles.scan_timeout_s` where one is asked for"
    ),
    Fault.POLICY_FAILED: Rule(
        Reaction.FALLBACK, "the policy asked for something that is not finite, failed, or was late"
    ),
    Fault.LEARNER_DEAD: Rule(
        Reaction.DRIVE, "the learner's process ended: the last policy is kept"
    ),
    Fault.LEARNER_STALLED: Rule(
        Reaction.DRIVE, "the learner is silent about an interaction for `learner_timeout_s`"
    ),
    Fault.LEARNER_DIVERGED: Rule(
        Reaction.DRIVE,
        "a policy came that is not finite, or of another scenario: it is refused, the last one is"
        " kept",
    ),
    Fault.NOT_OBEYED: Rule(
        Reaction.DRIVE, "odometry does not do what is commanded: commands stay near what it does"
    ),
    Fault.LOST: Rule(
        Reaction.LATCH,
        "it did not obey for 3 s: held by somebody, or odometry that is frozen",
    ),
    Fault.TOO_NEAR: Rule(
        Reaction.LATCH,
        "a person is nearer than C + Z_d + Z_r; with `auto_resume` until `resume_after_s` later",
    ),
    Fault.STOP_ASKED: Rule(Reaction.LATCH, "`~/stop` was called"),
    Fault.CONTROL_FAILED: Rule(Reaction.STOP, "an unexpected failure in the control callback"),
}

BLIND = frozenset(
    {
        Fault.NO_TIME,
        Fault.ODOMETRY_SILENT,
        Fault.TRACKER_SILENT,
        Fault.SCAN_SILENT,
        Fault.NOT_OBEYED,
    }
)
"""While one of these holds nobody knows whether the way is clear: no `~/resume` then."""
