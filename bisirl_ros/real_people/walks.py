"""Decisions of recorded people, at the points where they were located.

From one point to the next somebody walks at a mean velocity: that is their choice, made at the
first of the two by what had been seen until then. A robot on record is foreseen as
`crowd.foreseen` has it (fitted: to all robots on record, and nobody's people); other people,
located in the same frames, go on as they walk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.foreseen import CONSTANT_VELOCITY, Onlooker
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.errors import InputError
from bisirl_ros.importing.recording import Recording
from bisirl_ros.real_people.robots import robot_samples, stand_ins
from bisirl_ros.real_people.seen import Seen
from bisirl_ros.tracking.samples import Samples

APART_S: Final = (0.5, 1.5)
"""So far apart are points that a decision is read from, as shares of its period."""
MOST_OTHERS: Final = 8
"""The nearest, that somebody minds."""


@dataclass(frozen=True)
class SceneRecording:
    """One recording; scene: which it is of (people are compared within, held out together)."""

    scene: str
    path: Path
    of: Recording


@dataclass(frozen=True, eq=False)
class Walks:
    """N decisions, walk by walk and in the order of time.

    walk: (N,) integers: which walk, counted from 0; stamp: (N,) [s] of its recording
    chosen: (N, 2) how they then went, mean velocity until the next point [m/s]
    robot: (N, 2) where it then was [m], AWAY_M where none is
    scene, person, recording (its path): of each of W walks
    begin, end: (W, 2) their first and last point [m]
    """

    walk: NDArray[np.intp]
    stamp: Array
    seen: Seen
    chosen: Array
    robot: Array
    scene: tuple[str, ...]
    person: tuple[str, ...]
    recording: tuple[str, ...]
    begin: Array
    end: Array

    def __len__(self) -> int:
        return len(self.walk)

    @property
    def scenes(self) -> tuple[str, ...]:
        """The different ones, in order."""
        return tuple(dict.fromkeys(self.scene))

    @property
    def first(self) -> NDArray[np.intp]:
        """The first decision of each walk: (W,)."""
        return np.flatnonzero(np.diff(self.walk, prepend=-1))

    @property
    def whose(self) -> tuple[tuple[str, str], ...]:
        """Scene and person of each walk: nobody is known to be the same in two scenes."""
        return tuple(zip(self.scene, self.person, strict=True))

    def of(self, kept: NDArray[np.bool_]) -> Walks:
        """Those of some walks, kept (W,), which are counted anew."""
        rows, which = kept[self.walk], np.flatnonzero(kept)
        return Walks(
            (np.cumsum(kept) - 1)[self.walk[rows]],
            self.stamp[rows],
            self.seen.at(rows),
            self.chosen[rows],
            self.robot[rows],
            tuple(self.scene[i] for i in which),
            tuple(self.person[i] for i in which),
            tuple(self.recording[i] for i in which),
            self.begin[kept],
            self.end[kept],
        )

    def in_scenes(self, scenes: Sequence[str]) -> NDArray[np.bool_]:
        """Which walks are of these: (W,)."""
        return np.array([scene in scenes for scene in self.scene], bool)


def walks_of(
    recordings: Sequence[SceneRecording],
    person: Person,
    foresight: str = CONSTANT_VELOCITY,
    stand_in: bool = False,
) -> Walks:
    """The decisions of all people in recordings, with those that cannot be read left out.

    stand_in: for each robot that of the next recording of the scene stands in, which nobody there
    saw: what it seems to change is what its way tells of theirs, and no answer to it
    Raises InputError where there is no decision.
    """
    robots = [one.of.robot for one in recordings]
    if stand_in:
        robots = stand_ins(robots, [one.scene for one in recordings])
    ahead_s = person.decision_period_s * np.arange(person.horizon + 1)
    onlooker, on_record = Onlooker(foresight, ahead_s), [robot_samples(robot) for robot in robots]
    for samples in on_record:
        if samples is not None:
            onlooker.watch(samples)
    found, labels, ends = [], [], []
    for one, samples in zip(recordings, on_record, strict=True):
        for name, track in one.of.people.items():
            rows = _decided(track, person, samples)
            if len(rows) == 0:
                continue
            found.append(_read(one.of, name, rows, samples, ahead_s, onlooker))
            labels.append((one.scene, name, str(one.path)))
            ends.append((track[0, 1:], track[-1, 1:]))
    if not found:
        raise InputError(
            "no decision in these recordings: people must be located about every"
            f" {person.decision_period_s:g} s, three times in a row, where the robot is on record"
        )
    most = max(part.seen.others.shape[1] for part in found)
    parts = [part.seen for part in found]
    scene, who, recording = zip(*labels, strict=True)
    begin, end = (np.array(points) for points in zip(*ends, strict=True))
    return Walks(
        np.repeat(np.arange(len(found)), [len(part.stamp) for part in found]),
        np.concatenate([part.stamp for part in found]),
        Seen(
            np.concatenate([seen.place for seen in parts]),
            np.concatenate([seen.velocity for seen in parts]),
            np.concatenate([_filled(seen.others, most) for seen in parts]),
            np.concatenate([seen.ahead for seen in parts]),
        ),
        np.concatenate([part.chosen for part in found]),
        np.concatenate([part.robot for part in found]),
        scene,
        who,
        recording,
        begin,
        end,
    )


class _Part(NamedTuple):
    """One walk's decisions, as in `Walks`."""

    stamp: Array
    seen: Seen
    chosen: Array
    robot: Array


def _decided(track: Array, person: Person, robot: Samples | None) -> NDArray[np.intp]:
    """Which points of a track (N, 3) somebody decided at: before and after are points too."""
    apart = np.diff(track[:, 0])
    speed = np.linalg.norm(np.diff(track[:, 1:], axis=0), axis=-1) / apart
    least, most = (share * person.decision_period_s for share in APART_S)
    usable = (apart > least) & (apart < most) & (speed <= person.max_speed)
    rows = np.flatnonzero(usable[:-1] & usable[1:]) + 1
    if robot is None:
        return rows
    return rows[robot.known(track[rows, 0])]


def _read(
    recording: Recording,
    name: str,
    rows: NDArray[np.intp],
    robot: Samples | None,
    ahead_s: Array,
    onlooker: Onlooker,
) -> _Part:
    """What somebody's decisions at `rows` of their track were made by, and what was chosen."""
    track = recording.people[name]
    velocity = np.diff(track[:, 1:], axis=0) / np.diff(track[:, :1], axis=0)
    stamp = track[rows, 0]
    known = np.full((len(rows), 2), AWAY_M)
    ahead = np.full((len(rows), len(ahead_s) - 1, 2), AWAY_M)
    if robot is not None:
        known = robot.at(stamp)[:, :2]
        ahead = onlooker.foresee(robot, stamp)[:, 1:, :2]
    rest = [other for key, other in recording.people.items() if key != name]
    most_s = APART_S[1] * ahead_s[1]
    others = [_when(other, stamp, most_s) for other in rest]
    beside = (
        _nearest(np.stack(others, 1), track[rows, 1:]) if others else np.zeros((len(rows), 0, 4))
    )
    seen = Seen(track[rows, 1:], velocity[rows - 1], beside, ahead)
    return _Part(stamp, seen, velocity[rows], known)


def _nearest(others: Array, place: Array) -> Array:
    """The MOST_OTHERS of others (N, O, 4) who are nearest to place (N, 2)."""
    if others.shape[1] <= MOST_OTHERS:
        return others
    apart = np.linalg.norm(others[..., :2] - place[:, None], axis=-1)
    near = np.argpartition(apart, MOST_OTHERS, axis=1)[:, :MOST_OTHERS, None]
    return np.take_along_axis(others, near, axis=1)


def _when(track: Array, stamp: Array, most_s: float) -> Array:
    """Where somebody (N, 3) is, and how they came, at times (T,): (T, 4); AWAY_M where absent.

    most_s: so old, or so far apart, the two points that tell it must not be [s]
    """
    found = np.full((len(stamp), 4), AWAY_M)
    if len(track) < 2:
        return found
    last = np.clip(np.searchsorted(track[:, 0], stamp + 1e-6) - 1, 0, len(track) - 1)
    since = stamp - track[last, 0]
    before = np.maximum(last - 1, 0)
    apart = track[last, 0] - track[before, 0]
    there = (last > 0) & (since < most_s) & (apart < most_s)
    velocity = (track[last, 1:] - track[before, 1:]) / np.maximum(apart, 1e-6)[:, None]
    now = np.concatenate([track[last, 1:] + since[:, None] * velocity, velocity], -1)
    found[there] = now[there]
    return found


def _filled(others: Array, count: int) -> Array:
    """Others (N, O, 4) with as many more who are absent."""
    more = np.full((len(others), count - others.shape[1], 4), AWAY_M)
    return np.concatenate([others, more], 1)
