"""The time on a stage: the wall clock's, or one that is paused and set as a simulator's may be."""

from __future__ import annotations

import time

BEGINNING_S = 1000.0


class StageClock:
    """ROS time of all that a stage publishes; simulated: it runs as fast as time does."""

    def __init__(self, simulated: bool) -> None:
        self.simulated = simulated
        self._ahead_s = BEGINNING_S - time.monotonic()
        self._held_s: float | None = None

    def now_s(self) -> float:
        """ROS time [s]."""
        if not self.simulated:
            return time.time()
        held_s = self._held_s
        return time.monotonic() + self._ahead_s if held_s is None else held_s

    def pause(self) -> None:
        """Time stands still."""
        self._held_s = self.now_s()

    def go_on(self) -> None:
        """From where it was paused; where it was not, nothing changes."""
        if self._held_s is not None:
            self._ahead_s, self._held_s = self._held_s - time.monotonic(), None

    def jump(self, by_s: float) -> None:
        """Time is set."""
        self._ahead_s += by_s
