"""Recorded people, a detector that does not know them, and how well others tell them apart.

People of the ETH sequences (Pellegrini et al. 2009), annotated every 0.4 s; between, each walks on
a cubic spline through the annotated positions, so that 10 Hz frames are partly the spline's doing
(2.5 Hz frames are as annotated). Figures as in Bernardin and Stiefelhagen 2008 (CLEAR MOT), except
that which person a detection is of is known and not matched by distance: a switch is an identity
other than the person's last, a miss a detection without identity; who is not detected in a frame
does not count in it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from scipy.interpolate import CubicSpline  # type: ignore[import-untyped]

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError
from bisirl_ros.tracking.people.identities import Identified

Frame = tuple[float, list[int], Array]
"""Time [s], who is there, their positions (K, 2) [m]."""


class Names(Protocol):
    """Whatever gives identities."""

    def take(self, time_s: float, positions: Array) -> list[Identified]:
        """Of whom the detections (N, 2) are."""

    def where(self) -> dict[str, Array]:
        """Where everybody with an identity is, at least (2,) [m]."""


class Naive:
    """Each detection is of whom it is nearest to, nearest pairs first; nobody walks on.

    most_m: furthest that a pair may be apart [m]; who is not detected for forget_s is gone
    """

    def __init__(self, most_m: float, forget_s: float) -> None:
        self._most_m, self._forget_s = most_m, forget_s
        self._last: dict[str, tuple[float, Array]] = {}
        self._named = 0

    def take(self, time_s: float, positions: Array) -> list[Identified]:
        """Of whom the detections (N, 2) are."""
        last = {n: p for n, (t, p) in self._last.items() if time_s - t <= self._forget_s}
        names, whose = list(last), dict[int, str]()
        places = np.array(list(last.values())).reshape(-1, 2)
        apart = np.linalg.norm(positions[:, None] - places, axis=-1)
        for flat in np.argsort(apart, axis=None):
            row, column = divmod(int(flat), len(names))
            if apart[row, column] > self._most_m:
                break
            if row not in whose and names[column] not in whose.values():
                whose[row] = names[column]
        for row in range(len(positions)):
            if row not in whose:
                self._named += 1
                whose[row] = f"person_{self._named}"
        self._last = {n: self._last[n] for n in last}
        self._last.update({whose[row]: (time_s, positions[row]) for row in whose})
        return [Identified(whose[row], row, positions[row]) for row in sorted(whose)]

    def where(self) -> dict[str, Array]:
        """Where everybody was detected last."""
        return {name: place for name, (_, place) in self._last.items()}


@functools.lru_cache(maxsize=2)
def read_frames(path: Path, frames_a_second: float, rate_hz: float) -> list[Frame]:
    """The people of a table `frame id px pz py vx vz vy`, rate_hz times a second.

    Raises InputError for a table that cannot be read.
    """
    try:
        table = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); check the path") from error
    if table.shape[1] != 8:
        raise InputError(f"{path}: has {table.shape[1]} columns; give a table of ETH with 8")
    time_s = table[:, 0] / frames_a_second
    ticks: dict[int, list[tuple[int, Array]]] = {}
    for who in np.unique(table[:, 1]).astype(int):
        rows = table[:, 1] == who
        if rows.sum() < 2:
            continue
        path_of = CubicSpline(time_s[rows], table[rows][:, [2, 4]])
        first, last = time_s[rows][[0, -1]] * rate_hz
        for tick in range(int(np.ceil(first - 1e-6)), int(np.floor(last + 1e-6)) + 1):
            ticks.setdefault(tick, []).append((who, path_of(tick / rate_hz)))
    frames: list[Frame] = []
    for tick in range(min(ticks), max(ticks) + 1):
        there = ticks.get(tick, [])
        places = np.array([place for _, place in there]).reshape(-1, 2)
        frames.append((tick / rate_hz, [number for number, _ in there], places))
    return frames


def detected(frames: Sequence[Frame], noise_m: float, dropout: float, seed: int) -> list[Frame]:
    """What a detector sees of them, in an order that tells nothing."""
    rng = np.random.default_rng([seed, 41])
    seen: list[Frame] = []
    for time_s, who, places in frames:
        order = rng.permutation(len(who))
        order = order[rng.random(len(who)) >= dropout]
        noise = rng.normal(0.0, noise_m, (len(order), 2))
        seen.append((time_s, [who[i] for i in order], places[order] + noise))
    return seen


def scored(names: Names, frames: Sequence[Frame], seen: Sequence[Frame]) -> dict[str, Any]:
    """Counts of what was seen (see above), and the errors (D,) of each detection's identity [m].

    frames: the truth; identities: given out; several: (identity, person) pairs beyond an identity's
    first; errors: of where the identity is, against where the person is; nan where none was given
    """
    last: dict[int, str] = {}
    owners: dict[str, set[int]] = {}
    errors: list[float] = []
    switches = 0
    for (time_s, there, places), (_, who, positions) in zip(frames, seen, strict=True):
        given = {one.detection: one.identity for one in names.take(time_s, positions)}
        now = names.where()
        for row, person in enumerate(who):
            name = given.get(row)
            if name is None:
                errors.append(np.nan)
                continue
            switches += last.get(person, name) != name
            last[person] = name
            owners.setdefault(name, set()).add(person)
            truth = places[there.index(person)]
            errors.append(float(np.linalg.norm(now[name][:2] - truth)))
    return {
        "switches": switches,
        "misses": int(np.isnan(errors).sum()),
        "identities": len(owners),
        "several": sum(len(people) - 1 for people in owners.values()),
        "errors": np.array(errors),
    }
