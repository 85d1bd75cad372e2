"""The guard: from the faults that hold to what the robot does, with a latch and a clock."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bisirl_ros.config import setting
from bisirl_ros.control.faults import BLIND, TABLE, Fault, Reaction


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
        False, doc="a latch but ~/stop's ends with its fault; for simulators"
    )
    resume_after_s: float = setting(0.5, doc="of auto_resume", unit="s", low=0.0, high=60.0)


@dataclass(frozen=True)
class Verdict:
    """What is done, since when [s]; fault: for which, the last of the strongest in the table."""

    reaction: Reaction
    fault: Fault | None
    since_s: float


class Guard:
    """Judges at every tick; never weaker than the strongest fault's own reaction.

    A latch holds after its fault is gone, until `resume`, which is refused to who cannot see. The
    fallback that has driven for fallback_s is a stop until the policy works again.
    """

    def __init__(self, settings: GuardSettings | None = None) -> None:
        self.settings = settings or GuardSettings()
        self._verdict = Verdict(Reaction.DRIVE, None, -math.inf)
        self._latched: set[Fault] = set()
        self._fallback_since_s: float | None = None
        self._near_s = -math.inf
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
        self._holding = holding
        if Fault.TOO_NEAR in holding:
            self._near_s = steady_s
        reactions = {fault: self._reaction(fault, steady_s) for fault in holding}
        self._latched |= {fault for fault, of in reactions.items() if of is Reaction.LATCH}
        reactions |= dict.fromkeys(self._latched, Reaction.LATCH)
        if not self._latched and steady_s - self._near_s < self.settings.resume_after_s:
            reactions[Fault.TOO_NEAR] = Reaction.STOP
        order = list(TABLE)
        fault = max(reactions, key=lambda f: (reactions[f], order.index(f)), default=None)
        found = Reaction.DRIVE if fault is None else reactions[fault]
        last = self._verdict
        if (found, fault) != (last.reaction, last.fault):
            self._verdict = Verdict(found, fault, steady_s)
        return self._verdict

    def latch(self, fault: Fault) -> None:
        """Stop for something that happened once, until `resume`."""
        self._latched.add(fault)

    @property
    def latched(self) -> frozenset[Fault]:
        """What somebody has to resume from."""
        return frozenset(self._latched)

    def policy_works(self) -> None:
        """The policy was asked and answered: the fallback has all its time again."""
        self._fallback_since_s = None

    def resume(self) -> str:
        """Let a latched robot go on; "" where it may, else why it may not."""
        still = [f for f in TABLE if f in self._holding and (self._latches(f) or f in BLIND)]
        if still:
            return f"{', '.join(fault.value for fault in still)}: still so"
        self._latched.clear()
        return ""

    def _latches(self, fault: Fault) -> bool:
        automatic = fault is not Fault.STOP_ASKED and self.settings.auto_resume
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
