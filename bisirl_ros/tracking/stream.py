"""Whether one identity's reports can be one walking person's: jumps, repeats, false velocities."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bisirl_ros.core.arrays import Array

FASTER = 2.5
MARGIN_M = 0.3
STANDS_S = 0.5
WINDOW_S = 1.0
SLACK_MPS = 0.3
SLACK = 0.3


@dataclass(frozen=True)
class Reading:
    """A report that can be believed; anew: a track starts with it that is not the last one's.

    position: (2,) [m]; velocity: (2,) [m/s], or None where none is told that can be believed
    """

    time_s: float
    position: Array
    velocity: Array | None
    anew: bool = False


@dataclass(frozen=True)
class _Told:
    """A velocity that was told; walked: (2,) the sum of all until then, by trapezoids [m]."""

    time_s: float
    position: Array
    velocity: Array
    walked: Array

    @staticmethod
    def after(last: _Told | None, reading: Reading, velocity: Array) -> _Told:
        """One more."""
        if last is None:
            return _Told(reading.time_s, reading.position, velocity, np.zeros(2))
        step = 0.5 * (reading.time_s - last.time_s) * (velocity + last.velocity)
        return _Told(reading.time_s, reading.position, velocity, last.walked + step)


class PersonStream:
    """Takes in one identity's reports, and refuses what no person does; `refused` counts why.

    "stamp": not newer than the last; "repeat": the same pose sent again with a newer stamp;
    "jump": further away than somebody who walks FASTER times max_speed gets, for instance two
    people on one topic. After `patience` jumps in a row that agree with each other the track
    starts anew there. Velocities that disagree with the motion of the positions over WINDOW_S
    (a twist left at zero, or in another frame) are not passed on any more, which is said once.

    name: for messages; max_speed: fastest intent [m/s]; complain: is told what about, and a line
    refused: counts for several streams, where it is given
    """

    def __init__(
        self,
        name: str,
        max_speed: float,
        complain: Callable[[str, str], None],
        patience: int = 5,
        refused: collections.Counter[str] | None = None,
    ) -> None:
        self._name, self._max_speed, self._complain = name, max_speed, complain
        self._patience = patience
        self.refused = collections.Counter() if refused is None else refused
        self.velocity_believed = True
        self.forget()

    def forget(self) -> None:
        """Start anew, for instance after time jumped back."""
        self._last: Reading | None = None
        self._heard_s = -np.inf
        self._changed_s = -np.inf
        self._elsewhere: list[Reading] = []
        self._window: collections.deque[_Told] = collections.deque()
        self._odd = 0

    def accept(self, time_s: float, position: Array, velocity: Array | None) -> Reading | None:
        """The report as far as it can be believed, or None. Values are finite."""
        if time_s <= self._heard_s:
            self.refused["stamp"] += 1
            return None
        self._heard_s = time_s
        reading = Reading(time_s, position, velocity)
        last = self._last
        if last is None:
            self._changed_s = time_s
        if last is not None and self._repeats(last, reading):
            self.refused["repeat"] += 1
            return None
        if last is not None and not self._reaches(last, reading):
            self.refused["jump"] += 1
            if not self._moved_there(reading):
                return None
            reading = Reading(time_s, position, velocity, anew=True)
            self._window.clear()
        self._elsewhere = []
        self._last = reading
        self._check_velocity(reading)
        if self.velocity_believed:
            return reading
        return Reading(time_s, position, None, reading.anew)

    def _repeats(self, last: Reading, reading: Reading) -> bool:
        """Whether the same values came again, and not for so long that they must be standing."""
        same = bool((last.position == reading.position).all())
        if same and last.velocity is not None and reading.velocity is not None:
            same = bool((last.velocity == reading.velocity).all())
        if not same:
            self._changed_s = reading.time_s
        return same and reading.time_s - self._changed_s <= STANDS_S

    def _reaches(self, last: Reading, reading: Reading) -> bool:
        reach = FASTER * self._max_speed * (reading.time_s - last.time_s) + MARGIN_M
        return math.dist(reading.position, last.position) <= reach

    def _moved_there(self, reading: Reading) -> bool:
        """Whether so many jumps led to the same place that the person must be there."""
        if self._elsewhere and not self._reaches(self._elsewhere[-1], reading):
            self._elsewhere = []
        self._elsewhere.append(reading)
        if len(self._elsewhere) < self._patience:
            return False
        self._complain(f"{self._name} jump", f"{self._name}: is elsewhere now; a new track starts")
        return True

    def _check_velocity(self, reading: Reading) -> None:
        if not self.velocity_believed or reading.velocity is None:
            return
        window = self._window
        window.append(_Told.after(window[-1] if window else None, reading, reading.velocity))
        while reading.time_s - window[0].time_s > WINDOW_S:
            window.popleft()
        span = reading.time_s - window[0].time_s
        if span < 0.6 * WINDOW_S:
            return
        moved = (reading.position - window[0].position) / span
        mean = (window[-1].walked - window[0].walked) / span
        allowed = SLACK_MPS + SLACK * max(math.hypot(*moved), math.hypot(*mean))
        self._odd = self._odd + 1 if math.dist(moved, mean) > allowed else 0
        if self._odd >= self._patience:
            self.velocity_believed = False
            self._complain(
                f"{self._name} velocity",
                f"{self._name}: its velocities disagree with the motion of its positions"
                " (left at zero, or in another frame?); positions alone are used",
            )
