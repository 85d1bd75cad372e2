"""When people decide, and how fast their bodies follow, where it is not as it was thought to be.

Each timing explains the same reports by decisions of its own, with a `MotionModel` of its own. How
probable the reports of all episodes were under each, one after the other, tells them apart (a bank
of filters: Magill 1965; prequentially: Dawid 1984). Choices count by habit: what is expected of
them where a reward is known was learned under one of the timings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bisirl_ros.tracking.motion_model import Expected, MotionModel, Seen, States
from bisirl_ros.tracking.track import Rhythm, Track

AS_GIVEN = ""
LATE, PERIODS, LAGS = (0.25, 0.5, 0.75), (0.5, 1.5), (0.5, 2.0)
"""Shares: of a period that decisions are late by; of the period; of the lag."""
QUICK = 0.75
"""Who is late reacts faster, by so much: two timings that come to the same are one."""
AHEAD = 10.0
"""Nats by which another one has to be ahead of what is believed."""
HARDLY_MPS = 0.17
"""Of people whose choices vary less by habit, nothing tells when they make them [m/s]."""
HOPELESS = 50.0
"""One so many nats behind the best is given up."""


@dataclass(frozen=True)
class Timing:
    """One way to keep time, all in seconds.

    told: in words, AS_GIVEN where it is what was thought; period_s: between decisions; lag_s: of
    the body; reaction_s: a choice shows at most so long after it; late_s: the first decision after
    an episode begins
    """

    told: str
    period_s: float
    lag_s: float
    reaction_s: float
    late_s: float = 0.0

    @property
    def sentence(self) -> str:
        """A whole one."""
        return f"everybody {self.told or 'decides when it was thought'}"

    def other_than(self, period_s: float, lag_s: float) -> tuple[float, float]:
        """Period and lag [s], both 0 where they are these."""
        found = self.period_s, self.lag_s
        return found if found != (period_s, lag_s) else (0.0, 0.0)


def timings(period_s: float, lag_s: float, reaction_s: float) -> tuple[Timing, ...]:
    """As given, and what differs from it in one thing each [s]."""
    late = [share * period_s for share in LATE]
    periods, lags = [share * period_s for share in PERIODS], [share * lag_s for share in LAGS]
    quick = QUICK * reaction_s
    return (
        Timing(AS_GIVEN, period_s, lag_s, reaction_s),
        *(Timing(f"decides {t:g} s later", period_s, lag_s, quick, t) for t in late),
        *(
            Timing(f"decides every {p:g} s, not every {period_s:g} s", p, lag_s, quick)
            for p in periods
        ),
        *(Timing(f"has a lag of {x:g} s, not {lag_s:g} s", period_s, x, reaction_s) for x in lags),
    )


class Timings:
    """What is learned of how people keep time, over all who were tracked.

    options: the first is as given; best: which is believed
    """

    def __init__(self, options: Sequence[Timing]) -> None:
        self._given = self.best = options[0]
        self._models = {timing: MotionModel(timing.lag_s, timing.reaction_s) for timing in options}
        self._log = dict.fromkeys(options, 0.0)

    @property
    def model(self) -> MotionModel:
        """The best one's."""
        return self._models[self.best]

    @property
    def log(self) -> dict[str, float]:
        """How probable everything was under each that may still be it, by what it is told as."""
        return {timing.told: log for timing, log in self._log.items()}

    def go_on(self, log: Mapping[str, float]) -> None:
        """From where another one was, whose `log` this is; nothing where it is of other options."""
        known = {timing: float(log[timing.told]) for timing in self._log if timing.told in log}
        if self._given in known:
            self._log = known
            self._believe()

    def follow(
        self,
        people: Mapping[str, Seen],
        begin_s: float,
        expect: Callable[[Rhythm, States], Expected] | None = None,
        *,
        compare: bool = True,
    ) -> tuple[Rhythm, dict[str, Track]]:
        """When the decisions of an episode were made, and everybody's track; learns from it.

        begin_s: when it began [s]; expect: see `MotionModel.follow`, None: nothing is expected
        compare: whether it tells timings apart; it does not where nobody told when it began
        """
        found, gained, usual_s = {}, {}, self._given.period_s
        for timing in list(self._log) if compare else [self.best]:
            begins_s, period_s = begin_s + timing.late_s, timing.period_s
            rhythm = Rhythm(begins_s, period_s, timing.reaction_s, usual_s)
            expected = () if expect is None else (partial(expect, rhythm),)
            model = self._models[timing]
            found[timing] = rhythm, model.follow(people, rhythm, *expected)
            gained[timing] = model.log_evidence
        if not all(seen.exact for seen in people.values()):  # habits make up for another lag
            given = gained.get(self._given, 0.0)
            other = {timing for timing in gained if timing.lag_s != self._given.lag_s}
            gained |= dict.fromkeys(other, given)
        varied = self._models[self._given].habit.spread_mps > HARDLY_MPS
        if compare and varied and all(map(math.isfinite, gained.values())):
            self._log = {timing: self._log[timing] + more for timing, more in gained.items()}
            self._believe()
        return found[self.best]

    def _believe(self) -> None:
        """Who is ahead enough; who is hopeless is given up, but for the timing as given."""
        likeliest = max(self._log, key=lambda timing: self._log[timing])
        least = self._log[likeliest] - HOPELESS
        given = max(self._log[self._given], least)
        self._log = {t: log for t, log in self._log.items() if log >= least} | {self._given: given}
        if self._log.get(self.best, -math.inf) < self._log[likeliest] - AHEAD:
            self.best = likeliest
