"""What is learned of how people react and choose, over all who were tracked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.habit import HABITS, ChoicePrior, Habit, likely
from bisirl_ros.tracking.person_filter import Hypothesis, Report, mixed
from bisirl_ros.tracking.reaction import Reaction, reactions
from bisirl_ros.tracking.track import Rhythm, Track, Wanted, follow

MOST_SURE = 50.0
"""No log likelihood ratio counts for more: what changes can be learned anew."""

States = Mapping[str, Mapping[int, Array]]
"""Where everybody was, (4,) x, y [m], vx, vy [m/s], by name and moment."""
Expected = Mapping[str, Mapping[int, ChoicePrior]]
"""What each was expected to choose there, where that is known."""


@dataclass(frozen=True)
class Seen:
    """What was reported of one person, in unbroken runs, and where they wanted to go."""

    runs: Sequence[Sequence[Report]]
    wanted: Wanted

    @property
    def exact(self) -> bool:
        """Whether all was told to be without error."""
        return all(report.exact for run in self.runs for report in run)


class MotionModel:
    """Tells when choices take effect, and how they usually come about, by likelihood.

    lag_s: of the body; reaction_s: choices take effect within this time [s]
    log_weight: (B,) of the hypotheses, as `Track.log_likelihood` has them: every reaction by habit,
    then every reaction as is expected of them
    log_evidence: of the newest reports of whom was followed without a gap, given those before,
    choices by habit
    """

    def __init__(self, lag_s: float, reaction_s: float) -> None:
        self._lag_s, self._reactions = lag_s, reactions(reaction_s)
        self.log_weight: Array = np.zeros(2 * len(self._reactions))
        self._log_habit: Array = np.zeros(len(HABITS))
        self.log_evidence = 0.0

    @property
    def reaction(self) -> Reaction:
        """The likeliest."""
        return self._reactions[int(np.argmax(self.log_weight)) % len(self._reactions)]

    @property
    def habit(self) -> Habit:
        """The expected one."""
        return likely(HABITS, self._log_habit)

    def follow(
        self,
        people: Mapping[str, Seen],
        rhythm: Rhythm,
        expect: Callable[[States], Expected] = lambda states: {},
    ) -> dict[str, Track]:
        """Everybody's track, after learning from these reports: first the habit, then the rest.

        expect: what is expected of people, from where the habit's tracks have them
        """
        habits = [Hypothesis(self.reaction, habit) for habit in HABITS]
        tracks, self._log_habit = self._under(habits, self._log_habit, people, rhythm, {})
        expected = expect({name: self._states(track) for name, track in tracks.items()})
        each = [Hypothesis(r, self.habit, e) for e in (False, True) for r in self._reactions]
        habitual = slice(len(self._reactions))
        before = self.log_weight[habitual]
        tracks, self.log_weight = self._under(each, self.log_weight, people, rhythm, expected)
        whole = [track for track in tracks.values() if track.unbroken]
        after = before + sum(track.log_likelihood[habitual] for track in whole)
        self.log_evidence = float(np.logaddexp.reduce(after) - np.logaddexp.reduce(before))
        return tracks

    def _states(self, track: Track) -> dict[int, Array]:
        return {m.step: mixed(*m.now, self._log_habit)[0] for m in track.moments}

    def _under(
        self,
        hypotheses: Sequence[Hypothesis],
        log_weight: Array,
        people: Mapping[str, Seen],
        rhythm: Rhythm,
        expected: Expected,
    ) -> tuple[dict[str, Track], Array]:
        """Tracks under hypotheses, and the hypotheses' log weights (B,) after them."""
        tracks = {}
        for name, seen in people.items():
            of = expected.get(name, {})
            tracks[name] = follow(seen.runs, rhythm, self._lag_s, hypotheses, seen.wanted, of)
            log_weight = log_weight + tracks[name].log_likelihood
        return tracks, np.maximum(log_weight - log_weight.max(), -MOST_SURE)
