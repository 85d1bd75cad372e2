"""Time and messages as a bag has them, for whoever listens to topics."""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from bisirl_ros.bags.reading import Told
from bisirl_ros.errors import InputError
from bisirl_ros.inputs.host import Quality
from bisirl_ros.messages.robot import stamp_s
from bisirl_ros.session.clock import Now

CLOCK = "/clock"


@dataclass
class Timer:
    """Something that is called back every period_s [s], next at due_s."""

    period_s: float
    callback: Callable[[], None]
    due_s: float = math.nan


class BagHost:
    """A `Host` and a `Listening` to whom the bag is told, message by message.

    names: full topic in the bag by the name that is listened to
    clock: topic whose stamps are ROS time, `/clock` for instance; "": the recorder's clock is
    say: is told the first complaint about a thing; complaints: how many there were
    Steady time is the recorder's clock.
    """

    def __init__(self, names: dict[str, str], clock: str, say: Callable[[str], None]) -> None:
        self._names, self._clock, self._say = names, clock, say
        self._heard: dict[str, list[Callable[[Any], None]]] = {}
        self._timers: list[Timer] = []
        self._steady_s = self._ros_s = 0.0
        self.complaints: collections.Counter[str] = collections.Counter()

    # -- for who listens ----------------------------------------------------------------------
    def listen(
        self, kind: str, topic: str, callback: Callable[[Any], None], quality: Quality
    ) -> None:
        """As `Listening.listen`; a topic that the bag does not have is silent."""
        full = self._names.get(topic, topic)
        self._heard.setdefault(full, []).append(callback)

    def steady_timer(self, period_s: float, callback: Callable[[], None]) -> Timer:
        """As `Listening.steady_timer`, on the recorder's clock."""
        timer = Timer(period_s, callback)
        self._timers.append(timer)
        return timer

    def now(self) -> Now:
        """On both clocks."""
        return Now(self.now_s(), self._steady_s)

    def now_s(self) -> float:
        """ROS time [s]."""
        return self._ros_s if self._clock else self._steady_s

    def steady_s(self) -> float:
        """The recorder's clock [s]."""
        return self._steady_s

    def complain(self, about: str, line: str) -> None:
        """Say it the first time, and count the others."""
        if not self.complaints[about]:
            self._say(line)
        self.complaints[about] += 1

    # -- for who plays ------------------------------------------------------------------------
    @property
    def topics(self) -> Collection[str]:
        """Full names of what anybody listens to."""
        return {*self._heard, *([self._clock] if self._clock else [])}

    def tell(self, told: Told) -> None:
        """The next message of the bag; timers that are due before it come first."""
        for timer in self._timers:
            timer.due_s = told.received_s if math.isnan(timer.due_s) else timer.due_s
        while self._timers:
            first = min(self._timers, key=lambda timer: timer.due_s)
            if first.due_s > told.received_s:
                break
            self._steady_s = max(self._steady_s, first.due_s)
            first.due_s += first.period_s
            first.callback()
        self._steady_s = max(self._steady_s, told.received_s)
        if told.topic == self._clock:
            clock = told.message.clock if told.topic == CLOCK else told.message.header.stamp
            self._ros_s = stamp_s(clock)
        for callback in self._heard.get(told.topic, ()):
            try:
                callback(told.message)
            except InputError as error:
                self.complain(told.topic, str(error))
