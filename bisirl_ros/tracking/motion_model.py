"""What is learned of how people react and choose, over all who were tracked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.habit import HABITS, Habit, likely
from bisirl_ros.tracking.person_filter import Reaction, Report, reactions
from bisirl_ros.tracking.track import Rhythm, Track, Wanted, follow

MOST_SURE = 50.0
"""No log likelihood ratio counts for more: what changes can be learned anew."""


@dataclass(frozen=True)
class Seen:
    """What was reported of one person, in unbroken runs, and where they wanted to go."""

    runs: Sequence[Sequence[Report]]
    wanted: Wanted


class MotionModel:
    """Tells when choices take effect, and how they usually come about, by likelihood.

    lag_s: of the body; reaction_s: choices take effect within this time [s]
    log_weight: (B,) of the hypotheses on the reaction, as `Track.log_likelihood` has them
    """

    def __init__(self, lag_s: float, reaction_s: float) -> None:
        self._lag_s, self._reactions = lag_s, reactions(reaction_s)
        self.log_weight: Array = np.zeros(len(self._reactions))
        self._log_habit: Array = np.zeros(len(HABITS))

    @property
    def reaction(self) -> Reaction:
        """The likeliest."""
        return self._reactions[int(np.argmax(self.log_weight))]

    @property
    def habit(self) -> Habit:
        """The expected one."""
        return likely(HABITS, self._log_habit)

    def follow(self, people: Mapping[str, Seen], rhythm: Rhythm) -> dict[str, Track]:
        """Everybody's track, after learning from these reports: first the habit, then the rest."""
        habits = [(self.reaction, habit) for habit in HABITS]
        _, self._log_habit = self._under(habits, self._log_habit, people, rhythm)
        each = [(reaction, self.habit) for reaction in self._reactions]
        tracks, self.log_weight = self._under(each, self.log_weight, people, rhythm)
        return tracks

    def _under(
        self,
        hypotheses: Sequence[tuple[Reaction, Habit]],
        log_weight: Array,
        people: Mapping[str, Seen],
        rhythm: Rhythm,
    ) -> tuple[dict[str, Track], Array]:
        """Tracks under hypotheses, and the hypotheses' log weights (B,) after them."""
        tracks = {}
        for name, seen in people.items():
            tracks[name] = follow(seen.runs, rhythm, self._lag_s, hypotheses, seen.wanted)
            log_weight = log_weight + tracks[name].log_likelihood
        return tracks, np.maximum(log_weight - log_weight.max(), -MOST_SURE)
