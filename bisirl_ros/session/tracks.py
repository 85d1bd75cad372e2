"""Who is around: one track per identity, plausible reports only, and what each did lately."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.session.clock import Now
from bisirl_ros.session.lateness import Lateness
from bisirl_ros.session.reports import PersonReport
from bisirl_ros.tracking.stream import PersonStream, Reading
from bisirl_ros.tracking.walk_filter import WalkFilter

LARGEST_M = 1e6
MOST_PEOPLE = 200
FORGOTTEN_S = 30.0
LINGERS_S = 2.0


@dataclass(frozen=True)
class Heard:
    """A report that can be believed; name: who it is of, as far as that can be known."""

    name: str
    reading: Reading


class Track:
    """One identity: plausibility, and where they are now.

    name: the tracker's, with a number once it leaped further than anybody walks: who is there now
    may be somebody else, of whom nothing is known
    """

    def __init__(
        self,
        identity: str,
        max_speed: float,
        complain: Callable[[str, str], None],
        refused: collections.Counter[str],
    ) -> None:
        self.stream = PersonStream(f"people/{identity}", max_speed, complain, refused=refused)
        self.filter, self.name, self._identity, self._leaps = WalkFilter(), identity, identity, 0
        self.heard_s = -np.inf

    def leap(self) -> None:
        """It is elsewhere now."""
        self._leaps += 1
        self.filter, self.name = WalkFilter(), f"{self._identity}~{self._leaps + 1}"


class Tracks:
    """Everybody who is or was reported lately.

    max_speed: fastest intent of a person [m/s]; timeout_s: after so long without a report somebody
    is not there any more [s]; complain: is told what about, and a line, per refused report
    """

    def __init__(
        self, max_speed: float, timeout_s: float, complain: Callable[[str, str], None]
    ) -> None:
        self._max_speed, self.timeout_s, self._complain = max_speed, timeout_s, complain
        self._tracks: dict[str, Track] = {}
        self._heard_s = -np.inf
        self.heard = 0
        self.lateness = Lateness()
        self.refused: collections.Counter[str] = collections.Counter()

    def hear(self, report: PersonReport, now: Now) -> Heard | None:
        """Take in a report; what of it can be believed, or None."""
        odd = self.lateness.hear(now.ros_s, report.stamp_s)
        if odd:
            self._complain("people clock", f"people: {odd}")
        why = self._fault(report, now)
        if why:
            self._refuse(report.identity, *why)
            return None
        track = self._tracks.get(report.identity)
        if track is None:
            if not self._room_for_one_more(now):
                self._refuse(report.identity, "crowd", f"more than {MOST_PEOPLE} identities")
                return None
            track = Track(report.identity, self._max_speed, self._complain, self.refused)
            self._tracks[report.identity] = track
        reading = track.stream.accept(report.stamp_s, report.position, report.velocity)
        if reading is None:
            return None
        track.heard_s = self._heard_s = now.steady_s
        self.heard += 1
        if reading.anew:
            track.leap()
        track.filter.take(
            reading.time_s,
            reading.position,
            reading.velocity,
            report.position_covariance,
            report.velocity_covariance,
        )
        return Heard(track.name, reading)

    def hear_of_nobody(self, now: Now) -> None:
        """A tracker said that nobody is there, which is not silence."""
        self._heard_s = now.steady_s
        self.heard += 1

    def silent(self, now: Now) -> bool:
        """Whether nothing that can be believed was said within the timeout, not even "nobody"."""
        return self.age_s(now) > self.timeout_s

    def age_s(self, now: Now) -> float:
        """Since anything was said that can be believed, on the steady clock; inf: never [s]."""
        return now.steady_s - self._heard_s

    def present(self, now: Now) -> dict[str, Array]:
        """State (4,) of everybody who was reported within the timeout, as of now."""
        return {
            track.name: track.filter.at(now.ros_s if now.ros_s > 0.0 else track.filter.time_s)
            for track in self._tracks.values()
            if now.steady_s - track.heard_s <= self.timeout_s
        }

    def lost(self, now: Now) -> Array:
        """State (L, 4) of everybody who was reported lately and is not any more, where they were
        last and standing: who is not seen from close by need not have gone."""
        where = [
            [*track.filter.at(track.filter.time_s)[:2], 0.0, 0.0]
            for track in self._tracks.values()
            if self.timeout_s < now.steady_s - track.heard_s <= self.timeout_s + LINGERS_S
        ]
        return np.array(where).reshape(-1, 4)

    def forget(self) -> None:
        """Start anew, for instance after ROS time jumped."""
        self._tracks.clear()
        self.lateness.forget()
        self._heard_s = -np.inf

    def _room_for_one_more(self, now: Now) -> bool:
        for patience_s in (FORGOTTEN_S, self.timeout_s):
            if len(self._tracks) < MOST_PEOPLE:
                break
            late_s = now.steady_s - patience_s
            self._tracks = {n: t for n, t in self._tracks.items() if t.heard_s >= late_s}
        return len(self._tracks) < MOST_PEOPLE

    def _fault(self, report: PersonReport, now: Now) -> tuple[str, str] | None:
        velocity = () if report.velocity is None else report.velocity
        values = [float(v) for v in (*report.position, *velocity)]
        if not all(map(math.isfinite, values)):
            return "not_finite", "a value is not finite; check the tracker"
        if max(map(abs, values)) > LARGEST_M:
            return "absurd", f"a value is beyond {LARGEST_M:g}; check units and the tracker"
        late_s = now.ros_s - report.stamp_s
        if now.ros_s > 0.0 and abs(late_s) > self.timeout_s:
            kind, what = ("old", "old") if late_s > 0.0 else ("ahead", "ahead")
            return kind, f"stamp is {abs(late_s):.2f} s {what}; check clocks and use_sim_time"
        return None

    def _refuse(self, identity: str, kind: str, advice: str) -> None:
        self.refused[kind] += 1
        line = f"people/{identity}: {advice} (refused so far: {sum(self.refused.values())})"
        self._complain(f"people {kind}", line)
