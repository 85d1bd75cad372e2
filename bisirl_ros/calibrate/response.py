"""How one velocity follows its commands: `Robot.advance` in the limit of short steps, exactly.

    dv/dt = clip((command - v) / lag, -limit, limit)

A large error is closed at the acceleration limit, and from limit * lag on exponentially.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array

HOLD_S = 0.3
"""Commands further apart are not held so long: drivers stop the robot, each after its own time."""
SHORTEST_STRETCH_S = 2.0
NO_LIMIT = 1e6


@dataclass(frozen=True)
class Law:
    """Candidates for what a column does, each (P,).

    lag_s, dead_time_s: [s]; limit: of its acceleration; top: commands beyond act like this one
    """

    lag_s: Array
    limit: Array
    dead_time_s: Array
    top: Array


@dataclass(frozen=True)
class Held:
    """A column's commands, each held until the next; a gap of more than HOLD_S begins anew.

    What was commanded for less than SHORTEST_STRETCH_S between two gaps is left out.

    time: (K,) increasing [s]; command: (K,); held_s: (K,) [s]
    begins: (K,) bool, the first of those without a gap between
    """

    time: Array
    command: Array
    held_s: Array
    begins: NDArray[np.bool_]

    @staticmethod
    def of(time: Array, command: Array) -> Held:
        """Of commands (N,); those that repeat the one before need no mention."""
        gap = np.diff(time) > HOLD_S
        begins = np.concatenate([[True], gap])
        kept = begins | np.concatenate([[True], np.diff(command) != 0.0])
        until = np.concatenate([np.where(gap, time[:-1] + HOLD_S, time[1:]), [time[-1] + HOLD_S]])
        last = np.append(np.flatnonzero(kept)[1:] - 1, len(time) - 1)
        first, stretch = np.flatnonzero(begins), np.cumsum(begins) - 1
        ends = np.append(first[1:] - 1, len(time) - 1)
        long = (time[ends] - time[first] >= SHORTEST_STRETCH_S)[stretch[kept]]
        held_s = until[last] - time[kept]
        return Held(time[kept][long], command[kept][long], held_s[long], begins[kept][long])

    def index(self, time: Array) -> NDArray[np.intp]:
        """Which command holds at `time` (...,); the first before them all."""
        after = np.searchsorted(self.time, time, side="right")
        latest: NDArray[np.intp] = np.maximum(after - 1, 0)
        return latest

    def covers(self, time: Array) -> NDArray[np.bool_]:
        """Whether a command holds at `time` (...,)."""
        latest = self.index(time)
        since_s = time - self.time[latest]
        return np.asarray((since_s >= 0.0) & (since_s <= self.held_s[latest]), np.bool_)


def advance(velocity: Array, command: Array, held_s: Array, lag_s: Array, limit: Array) -> Array:
    """The velocity once `command` was held for held_s [s]; all broadcast together."""
    error = command - velocity
    size = np.abs(error)
    ramp = np.minimum(np.maximum(size - limit * lag_s, 0.0), limit * held_s)
    rest = (size - ramp) * np.exp((ramp / limit - held_s) / lag_s)
    after: Array = command - np.sign(error) * rest
    return after


def response(held: Held, law: Law, at: Array, seen: tuple[Array, Array]) -> Array:
    """Velocities (M, P) at the times `at` (M,) [s] under each of P candidates.

    seen: times and velocities as measured, where a stretch of commands begins
    """
    wanted = np.clip(held.command[:, None], -law.top, law.top)
    at_knots = np.empty_like(wanted)
    velocity = np.zeros_like(law.lag_s)
    for k, begins in enumerate(held.begins.tolist()):
        if begins:
            velocity = np.interp(held.time[k] + law.dead_time_s, *seen)
        at_knots[k] = velocity
        velocity = advance(velocity, wanted[k], held.held_s[k], law.lag_s, law.limit)
    time = at[:, None] - law.dead_time_s
    latest, candidate = held.index(time), np.arange(len(law.lag_s))
    since_s = np.clip(time - held.time[latest], 0.0, held.held_s[latest])
    before, command = at_knots[latest, candidate], wanted[latest, candidate]
    return advance(before, command, since_s, law.lag_s, law.limit)


def mean_response(
    held: Held, law: Law, at: Array, window_s: Array, seen: tuple[Array, Array]
) -> Array:
    """`response` averaged over window_s (M,) [s] around each time, by Simpson's rule: (M, P)."""
    if not window_s.any():
        return response(held, law, at, seen)
    three = np.concatenate([at - 0.5 * window_s, at, at + 0.5 * window_s])
    before, middle, after = np.split(response(held, law, three, seen), 3)
    mean: Array = (before + 4.0 * middle + after) / 6.0
    return mean
