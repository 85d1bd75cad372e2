"""A simulated tracker of people: noise, dropouts, latency, and what it tells about itself."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bisirl_ros.config import check, setting
from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

CLOCK_S = 1e-9
"""How far a clock that adds up steps may be off."""


@dataclass(frozen=True)
class TrackerSpec:
    """How well people are seen, how often and how late."""

    position_noise_m: float = setting(
        0.0, doc="standard deviation of x and of y", unit="m", low=0.0, high=1.0
    )
    velocity_noise: float = setting(
        0.0, doc="standard deviation of vx and of vy", unit="m/s", low=0.0, high=5.0
    )
    rate_hz: float = setting(20.0, doc="reports of each person", unit="Hz", low=1.0, high=200.0)
    dropout: float = setting(0.0, doc="share of reports that are lost", low=0.0, high=0.95)
    latency_s: float = setting(0.0, doc="from seeing to reporting", unit="s", low=0.0, high=2.0)
    says_covariance: bool = setting(True, doc="tells how uncertain it is")
    says_velocity: bool = setting(True, doc="tells velocities, not positions alone")


@dataclass(frozen=True)
class Report:
    """One person as seen at one moment, in the fixed frame.

    identity: who; stamp_s: when they were seen [s]
    position: (2,) [m]; velocity: (2,) [m/s], None where it is not told
    position_variance: of x and of y [m^2]; velocity_variance: [(m/s)^2]; None where not told
    """

    identity: str
    stamp_s: float
    position: Array
    velocity: Array | None
    position_variance: float | None
    velocity_variance: float | None


class Tracker:
    """Turns true states into reports; what is random follows from `seed` and the calls.

    Raises InputError for a value outside the range that TrackerSpec declares.
    """

    def __init__(self, spec: TrackerSpec, seed: int) -> None:
        check(spec, "tracker")
        self._spec = spec
        self._rng = np.random.default_rng(seed)
        self._began_s: float | None = None
        self._last_s = -math.inf
        self._taken = 0
        self._pending: deque[Report] = deque()

    def clear(self) -> None:
        """Forget the reports that are still on their way, as when everybody is put elsewhere."""
        self._pending.clear()

    def observe(self, time_s: float, people: Array, identities: Sequence[str]) -> list[Report]:
        """The reports that arrive at time_s [s], oldest first; call it after every step.

        A step is looked at when it is the first at or after a multiple of the period, counted from
        the first call; one step yields at most one report of each person.

        people: (P, 4) x, y [m], vx, vy [m/s], the truth; identities: who the P are
        Raises InputError for a wrong shape, a value that is not finite or a time that goes back.
        """
        people = np.asarray(people, dtype=np.float64)
        if people.shape != (len(identities), 4) or not np.isfinite(people).all():
            raise InputError(
                f"tracker: people have shape {people.shape};"
                f" give finite numbers, ({len(identities)}, 4)"
            )
        if not math.isfinite(time_s) or time_s < self._last_s:
            raise InputError(f"tracker: time {time_s} s after {self._last_s} s; let it go on")
        self._last_s = time_s
        if self._due(time_s):
            self._pending.extend(self._seen(time_s, people, identities))
        arrived = []
        while self._pending and self._pending[0].stamp_s + self._spec.latency_s <= time_s + CLOCK_S:
            arrived.append(self._pending.popleft())
        return arrived

    def _due(self, time_s: float) -> bool:
        """Whether to look at this step; periods that have been missed are not made up for."""
        if self._began_s is None:
            self._began_s = time_s
        reached = math.floor((time_s - self._began_s + CLOCK_S) * self._spec.rate_hz) + 1
        due = reached > self._taken
        self._taken = reached
        return due

    def _seen(self, time_s: float, people: Array, identities: Sequence[str]) -> list[Report]:
        spec = self._spec
        noise = self._rng.standard_normal(people.shape)
        kept = self._rng.uniform(size=len(people)) >= spec.dropout
        position = people[:, :2] + spec.position_noise_m * noise[:, :2]
        velocity = people[:, 2:] + spec.velocity_noise * noise[:, 2:]
        tells = spec.says_covariance
        return [
            Report(
                identity,
                time_s,
                position[i],
                velocity[i] if spec.says_velocity else None,
                spec.position_noise_m**2 if tells else None,
                spec.velocity_noise**2 if tells and spec.says_velocity else None,
            )
            for i, identity in enumerate(identities)
            if kept[i]
        ]
