"""One person's reports, cut at the moments of decision."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.habit import ChoicePrior
from bisirl_ros.tracking.person_filter import Hypothesis, PersonFilter, Report

Wanted = Callable[[float, Array], Array]
"""(time [s], place (2,) [m]) -> the velocity (2,) [m/s] straight to where they are going then."""

TICK_S = 1e-6
LEAST_GAP_S, MOST_GAP_S = 0.35, 1.5
SPARSE = 0.75
"""Reports this many periods apart may miss what a choice shows, by their phase."""


@dataclass(frozen=True)
class Rhythm:
    """When decisions are made: at begin_s + k * period_s, k = 0, 1, ... [s].

    reaction_s: a choice shows at most so long after it was made; usual_s: the period by which
    reports are too rare to follow somebody, 0: period_s
    """

    begin_s: float
    period_s: float
    reaction_s: float
    usual_s: float = 0.0

    @property
    def gap_s(self) -> float:
        """After so long without a report nobody is followed any more [s].

        A tracker of one report per decision is still followed, a little late.
        """
        return min(max(LEAST_GAP_S, 1.25 * (self.usual_s or self.period_s)), MOST_GAP_S)

    def at(self, step: Any) -> Any:
        """The moment of decision number `step`, an int or an array of them [s]."""
        return self.begin_s + step * self.period_s

    def next(self, time_s: float) -> int:
        """The first decision at time_s or later, not before the beginning."""
        return max(0, math.ceil((time_s - self.begin_s - TICK_S) / self.period_s))

    def in_phase(self, runs: Sequence[Sequence[Report]]) -> Rhythm:
        """The same, begun later by less than a period, where reports come about once a period:
        midway between when a choice shows and the next one, and not just before it would show.

        For when nobody told at which moments people decide; runs: of reports, as in `follow`
        """
        times = [np.array([report.time_s for report in run]) for run in runs if len(run)]
        gaps = np.concatenate([np.diff(of) for of in times] or [np.zeros(0)])
        if not len(gaps) or np.median(gaps) < SPARSE * self.period_s:
            return self
        turn = 2.0 * math.pi / self.period_s
        mean = np.exp(1j * turn * (np.concatenate(times) - self.begin_s)).mean()
        best_s = 0.5 * (self.reaction_s + self.period_s)
        late_s = (float(np.angle(mean)) / turn - best_s) % self.period_s
        return replace(self, begin_s=self.begin_s + late_s)


@dataclass
class Moment:
    """One person at one moment of decision, under each of B hypotheses.

    step: which moment; now: mean (B, 4) and covariance (B, 4, 4) of x, y, vx, vy from the reports
    until then; decision: mean (B, 6), covariance (B, 6, 6) of those and the target, from those
    until the next moment; None where nothing was reported after the reaction
    wanted: (2,) the velocity straight to their goal [m/s]
    exact: whether all reports were told to be without error
    """

    step: int
    now: tuple[Array, Array]
    wanted: Array
    decision: tuple[Array, Array] | None = None
    exact: bool = False


@dataclass(frozen=True)
class Track:
    """The moments at which somebody was there; log_likelihood: (B,) of all reports.

    unbroken: whether they were followed from the first report to the last
    """

    moments: list[Moment]
    log_likelihood: Array
    unbroken: bool


def follow(
    reports: Sequence[Sequence[Report]],
    rhythm: Rhythm,
    lag_s: float,
    hypotheses: Sequence[Hypothesis],
    wanted: Wanted,
    expected: Mapping[int, ChoicePrior],
) -> Track:
    """Filter unbroken runs of reports, each in the order of time; a long gap breaks a run too.

    lag_s: of the body; hypotheses: B of when choices take effect, and of how they come about
    expected: what is expected of them, by moment, where that is known
    Takes time in proportion to the number of reports, however far apart they are.
    """
    moments: list[Moment] = []
    total = np.zeros(len(hypotheses))
    parts = [part for run in reports for part in _unbroken(run, rhythm.gap_s)]
    for part, after in itertools.zip_longest(parts, parts[1:]):
        belief = PersonFilter(lag_s, hypotheses, part[0])
        walk = _Walk(part[0], rhythm, belief, wanted, expected)
        for report in part[1:]:
            walk.take(report)
        walk.end(after[0].time_s if after else math.inf)
        moments += walk.moments
        total += walk.filter.log_likelihood
    return Track(moments, total, len(parts) == 1)


class _Walk:
    """One unbroken run."""

    def __init__(
        self,
        first: Report,
        rhythm: Rhythm,
        belief: PersonFilter,
        wanted: Wanted,
        expected: Mapping[int, ChoicePrior],
    ) -> None:
        self._rhythm, self.filter = rhythm, belief
        self._wanted, self._expected = wanted, expected
        self.moments: list[Moment] = []
        self._exact, self._seen = first.exact, False
        self._step, self._last_s = rhythm.next(first.time_s), first.time_s

    def take(self, report: Report) -> None:
        """One more report, later than the last."""
        self._decide_before(report.time_s - TICK_S)
        self.filter.update(report)
        self._exact &= report.exact
        self._last_s = report.time_s
        if self.moments:
            shows_s = self._rhythm.at(self._step - 1) + self._rhythm.reaction_s
            self._seen |= report.time_s > shows_s + TICK_S

    def end(self, next_s: float) -> None:
        """Settle what is open; present until next_s or a gap after the last report."""
        self._decide_before(min(self._last_s + self._rhythm.gap_s, next_s - TICK_S))
        self._close()
        self.filter.settle()

    def _decide_before(self, time_s: float) -> None:
        while (at := self._rhythm.at(self._step)) < time_s:
            self.filter.advance(at)
            self._close()
            now = self.filter.state
            wanted = self._wanted(at, now[0][:, :2].mean(0))
            self.moments.append(Moment(self._step, now, wanted))
            self.filter.decide(wanted, self._expected.get(self._step))
            self._step += 1
            self._seen = False

    def _close(self) -> None:
        if self.moments and self._seen:
            last = self.moments[-1]
            last.decision, last.exact = self.filter.decision, self._exact


def _unbroken(run: Sequence[Report], gap_s: float) -> list[Sequence[Report]]:
    """The run cut wherever more than gap_s passes between two reports."""
    cuts = [i for i in range(1, len(run)) if run[i].time_s - run[i - 1].time_s > gap_s]
    bounds = [0, *cuts, len(run)]
    return [run[a:b] for a, b in itertools.pairwise(bounds) if b > a]
