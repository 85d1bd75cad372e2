"""Identities for detections that come without any."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.config import check
from bisirl_ros.core.arrays import Array
from bisirl_ros.tracking.people.assignment import (
    chi_square,
    newcomers_cost,
    pairs,
    unlikelihoods,
)
from bisirl_ros.tracking.people.detections import Detections, usable
from bisirl_ros.tracking.people.kalman import motion
from bisirl_ros.tracking.people.person import Person
from bisirl_ros.tracking.people.settings import IdentitySettings
from bisirl_ros.tracking.people.twins import may_be_one, without_twins
from bisirl_ros.tracking.people.understated import Understated
from bisirl_ros.tracking.stream import FASTER

MOST_PEOPLE = 200
UNSURE = 2.0 * math.log(10.0)
"""Cost of a pair whose person has no identity yet: of those, one in ten is somebody."""
SHARE = 0.3
"""Of the frames since they were first seen, of which somebody is seen in so many at least."""
ADVICE = {
    "stamp": "a frame is not later than the last; check clocks and use_sim_time",
    "not_finite": "a value is not finite; check the detector",
    "absurd": "a position is beyond a million metres; check units and the detector",
    "crowd": f"more than {MOST_PEOPLE} people at once; check the detector",
}


@dataclass(frozen=True)
class Identified:
    """A detection that is somebody's.

    identity: whose; detection: its place in the frame; position: (2,) as detected [m]
    """

    identity: str
    detection: int
    position: Array


class Identities:
    """Says of whom each detection is: "person_1", "person_2", ..., none of them given out twice.

    People walk on as they walk (`kalman`), and a frame's detections are shared out among them at
    once, at the least total cost (`assignment`; global nearest neighbour, Blackman and Popoli 1999,
    section 6.4). Who is detected in `born_after` frames gets an identity; who is not for `forget_s`
    loses it. A detection beside somebody that is not theirs starts nobody, see also `twins`. Noise
    that is larger than told or set is learned (`understated`).

    max_speed: fastest intent of a person [m/s]; nobody gets further than FASTER times as fast
    complain: is told what about, and a line, per frame of which something is refused
    refused: counts frames that are refused ("stamp": not later than the last; "not_finite") and
    detections ("not_finite", "absurd", "crowd"); unusable: covariances, see `usable`
    """

    def __init__(
        self,
        settings: IdentitySettings,
        max_speed: float,
        complain: Callable[[str, str], None] = lambda kind, line: None,
    ) -> None:
        check(settings, "identities")
        self._settings, self._max_speed, self._complain = settings, max_speed, complain
        self._gate = chi_square(settings.gate)
        self._most = newcomers_cost(settings.newcomers_per_m2)
        self._named = self._started = 0
        self._understated = Understated()
        self.refused: collections.Counter[str] = collections.Counter()
        self.unusable: collections.Counter[str] = collections.Counter()
        self.forget()

    def forget(self) -> None:
        """Start anew, for instance after ROS time jumped; no identity is given out again."""
        self._time_s = -np.inf
        self._people: list[Person] = []
        self._understated.keep(())

    def take(
        self, time_s: float, positions: Array, covariances: Array | None = None
    ) -> list[Identified]:
        """The detections of a frame that are somebody's, in its order.

        time_s: when they were seen [s]; positions: (N, 2) in a fixed frame [m], N may be 0
        covariances: (N, 2, 2) of the positions [m^2], or None
        Raises InputError for positions or covariances of another shape.
        """
        before = self.refused.copy()
        found: list[Identified] = []
        if self._is_later(time_s):
            untold_m = self._settings.position_noise_m
            found = self._frame(
                time_s, usable(positions, covariances, untold_m, self.refused, self.unusable)
            )
        for kind, count in (self.refused - before).items():
            line = f"people detections: {ADVICE[kind]} ({count} now, {self.refused[kind]} so far)"
            self._complain(f"detections {kind}", line)
        return found

    def where(self) -> dict[str, Array]:
        """State (4,) x, y [m], vx, vy [m/s] of everybody who has an identity, at the last frame."""
        return {p.name: np.array(p.filter.x) for p in self._people if p.name is not None}

    def _is_later(self, time_s: float) -> bool:
        why = "" if time_s > self._time_s else "stamp"
        why = why if np.isfinite(time_s) else "not_finite"
        if why:
            self.refused[why] += 1
        return not why

    def _frame(self, time_s: float, detections: Detections) -> list[Identified]:
        s = self._settings
        dt_s, self._time_s = time_s - self._time_s, time_s
        self._people = [p for p in self._people if time_s - p.seen_s <= self._patience_s(p)]
        if self._people:
            step = motion(dt_s, s.acceleration)
            for person in self._people:
                person.predict(*step)
        noise = self._understated.times**2 * detections.noise
        whose = self._share_out(detections.positions, noise)
        unseen = [p for p in self._people if p.name and p.seen_s < time_s]
        self._start(detections.positions, noise, whose)
        self._people = without_twins(self._people, s.apart_m, self._gate, time_s, dt_s, s.forget_s)
        self._give_out(unseen)
        return self._identified(detections, whose)

    def _patience_s(self, person: Person) -> float:
        s = self._settings
        return min(s.forget_s, s.born_within_s) if person.name is None else s.forget_s

    def _share_out(self, positions: Array, noise: Array) -> dict[int, Person]:
        """Whose each detection is, by row; their filters take it in."""
        if not self._people or not len(positions):
            return {}
        made = pairs(self._costs(positions[:, None], noise[:, None]), self._most + UNSURE)
        whose = {row: self._people[column] for row, column in made}
        for row, person in whose.items():
            person.take(self._time_s, positions[row], noise[row])
        return whose

    def _costs(self, positions: Array, noise: Array) -> Array:
        """(N, M) of each detection (N, 1, ...) for each person; inf where it cannot be theirs.

        It can within the gate or beside them, in reach, and where no newcomer is likelier.
        """
        people = self._people
        places, anchors = np.array([(p.position, p.anchor) for p in people]).swapaxes(0, 1)
        distance, cost = unlikelihoods(
            positions - places, np.array([p.spread for p in people]) + noise
        )
        beside = ~_beyond(positions, places, self._settings.apart_m)
        cost += np.where(beside, np.minimum(self._gate - distance, 0.0), 0.0)
        variance = np.array([p.anchor_variance for p in people]) + np.trace(noise, 0, 2, 3)
        unseen_s = self._time_s - np.array([p.seen_s for p in people])
        reach = FASTER * self._max_speed * unseen_s + np.sqrt(self._gate * variance)
        possible = ((distance <= self._gate) | beside) & ~_beyond(positions, anchors, reach)
        unsure = np.array([UNSURE if p.name is None else 0.0 for p in people])
        return np.where(possible & (cost < self._most), cost + unsure, np.inf)

    def _start(self, positions: Array, noise: Array, whose: dict[int, Person]) -> None:
        """Somebody new for each detection that is nobody's and not beside anybody."""
        apart_m = self._settings.apart_m
        free = np.array([row not in whose for row in range(len(positions))], bool)
        for person in self._people:
            free &= _beyond(positions, person.position, apart_m)
        for row in range(len(positions)):
            if free[row] and len(self._people) >= MOST_PEOPLE:
                self.refused["crowd"] += int(free.sum())
                return
            if free[row]:
                whose[row] = Person(self._started, self._time_s, positions[row], noise[row])
                self._people.append(whose[row])
                self._started += 1
                free &= _beyond(positions, positions[row], apart_m)
                free[row] = False

    def _give_out(self, unseen: list[Person]) -> None:
        """Identities, to those seen often enough while they cannot have been one of the unseen."""
        s = self._settings
        nameless = [p for p in self._people if p.name is None]
        doubtful = np.any(may_be_one(nameless, unseen, s.apart_m, self._gate), axis=1)
        for person, in_doubt in zip(nameless, doubtful.tolist(), strict=True):
            if in_doubt:
                continue
            seen, frames = person.count(self._time_s, s.born_within_s)
            if seen >= max(s.born_after, SHARE * frames):
                self._named += 1
                person.name = f"person_{self._named}"

    def _identified(self, detections: Detections, whose: dict[int, Person]) -> list[Identified]:
        """Of those who are still there and have an identity; their noise is learned from."""
        there = {p.name: p for p in self._people if p.name is not None}
        self._understated.keep(there)
        found = []
        for row, person in whose.items():
            if person.name is None or person.name not in there:
                continue
            position = detections.positions[row].copy()
            std_m = float(np.sqrt(0.5 * np.trace(detections.noise[row])))
            self._understated.push(person.name, self._time_s, position, std_m)
            found.append(Identified(person.name, int(detections.index[row]), position))
        return sorted(found, key=lambda one: one.detection)


def _beyond(positions: Array, place: Array, most_m: float | Array) -> NDArray[np.bool_]:
    return np.asarray(np.linalg.norm(positions - place, axis=-1) >= most_m)
