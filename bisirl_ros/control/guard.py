"""The guard: from the faults that hold to what the robot does, with a latch and a clock."""

from __future__ import annotations

import collections
import math
from collections.abc import Iterable
from dataclasses import dataclass

from bisirl_ros.config import setting
from bisirl_ros.control.faults import TABLE, Fault, Reaction


@dataclass(frozen=True)
class GuardSettings:
    """How long is waited for what."""

    fallback_s: float = setting(
        5.0, doc="the fallback drives for so long, then stops", unit="s", low=0.0, high=60.0
    )
    retry_s: float = setting(
        1.0, doc="a policy that failed is tried again after so long", unit="s", low=0.05, high=60.0
    )
    auto_resume: bool = setting(
        False, doc="a person who was too near and left lets the robot go on; for simulators"
    )
    resume_after_s: float = setting(0.5, doc="of auto_resume", unit="s", low=0.0, high=60.0)


@dataclass(frozen=True)
class Verdict:
    """What is done, for which fault (the first of the strongest; None: none), since when [s]."""

    reaction: Reaction
    fault: Fault | None
    since_s: float


class Guard:
    """Judges at every tick; never weaker than the strongest fault's own reaction.

    A latch holds after its fault is gone, until `resume`. The fallback that has driven for
    fallback_s is a stop until its fault is gone.
    """

    def __init__(self, settings: GuardSettings | None = None) -> None:
        self.settings = settings or GuardSettings()
        self._verdict = Verdict(Reaction.DRIVE, None, -math.inf)
        self._latched: Fault | None = None
        self._fallback_since_s: float | None = None
        self._near_s = -math.inf
        self.seen: collections.Counter[Fault] = collections.Counter()
        self._holding: frozenset[Fault] = frozenset()

    @property
    def verdict(self) -> Verdict:
        """The last one."""
        return self._verdict

    @property
    def holding(self) -> frozenset[Fault]:
        """The faults that held at the last tick."""
        return self._holding

    def judge(self, faults: Iterable[Fault], steady_s: float) -> Verdict:
        """What to do now, at steady_s on the steady clock [s]."""
        holding = frozenset(faults)
        self.seen.update(holding - self._holding)
        self._holding = holding
        if Fault.TOO_NEAR in holding:
            self._near_s = steady_s
        reactions = {fault: self._reaction(fault, steady_s) for fault in holding}
        if all(TABLE[fault].reaction is not Reaction.FALLBACK for fault in holding):
            self._fallback_since_s = None
        for held, reaction in reactions.items():
            if reaction is Reaction.LATCH:
                self._latched = self._latched or held
        if self._latched is not None:
            reactions[self._latched] = Reaction.LATCH
        elif steady_s - self._near_s < self.settings.resume_after_s:
            reactions[Fault.TOO_NEAR] = Reaction.STOP
        order = list(TABLE)
        fault = max(reactions, key=lambda f: (reactions[f], -order.index(f)), default=None)
        found = Reaction.DRIVE if fault is None else reactions[fault]
        last = self._verdict
        if (found, fault) != (last.reaction, last.fault):
            self._verdict = Verdict(found, fault, steady_s)
        return self._verdict

    def latch(self, fault: Fault) -> None:
        """Stop for something that happened once, until `resume`."""
        self.seen.update([fault])
        self._latched = self._latched or fault

    def resume(self) -> str:
        """Let a latched robot go on; "" where it may, else why it may not."""
        still = [f.value for f in TABLE if f in self._holding and self._latches(f)]
        if still:
            return f"{', '.join(still)}: still so"
        self._latched = None
        return ""

    def _latches(self, fault: Fault) -> bool:
        automatic = fault is Fault.TOO_NEAR and self.settings.auto_resume
        return TABLE[fault].reaction is Reaction.LATCH and not automatic

    def _reaction(self, fault: Fault, steady_s: float) -> Reaction:
        reaction = TABLE[fault].reaction
        if reaction is Reaction.LATCH and not self._latches(fault):
            return Reaction.STOP
        if reaction is not Reaction.FALLBACK:
            return reaction
        if self._fallback_since_s is None:
            self._fallback_since_s = steady_s
        spent = steady_s - self._fallback_since_s >= self.settings.fallback_s
        return Reaction.STOP if spent else Reaction.FALLBACK
