"""Where people will be in the next seconds: drawn futures against what they did.

From each point where somebody was located, with 8 steps of 0.4 s behind and 12 before it, walks are
drawn decision by decision; the robot is foreseen to go on as it moved at that point, as nothing of
what comes after is known. Goals are drawn from what the walk had shown until then. What lies
between located points is on a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.crowd.foreseen import going_on
from bisirl_ros.crowd.person import Person
from bisirl_ros.crowd.situation import AWAY_M
from bisirl_ros.real_people.likelihood import WalksLikelihood
from bisirl_ros.real_people.robots import robot_samples
from bisirl_ros.real_people.seen import Seen
from bisirl_ros.real_people.walking import choose, drawn, gone_on
from bisirl_ros.real_people.walks import SceneRecording
from bisirl_ros.real_people.windows import FORETOLD, OBSERVED, STEP_S
from bisirl_ros.tracking.samples import TICK_S, Samples

LATER_S: Final = STEP_S * np.arange(1, FORETOLD + 1)
DRAWS: Final = 40
CONTACT_M: Final = 0.5
"""Person and robot touch when their middles are so near [m]."""


@dataclass(frozen=True, eq=False)
class Futures:
    """W windows of F = FORETOLD steps, D futures of each.

    real, straight: (W, F, 2) as they went, and at constant velocity [m]; drawn: (W, D, F, 2)
    robot: (W, F, 2) as recorded, NaN where none is; walk: (W,) its number among those tested
    """

    real: Array
    straight: Array
    drawn: Array
    robot: Array
    walk: NDArray[np.intp]

    @property
    def mean(self) -> Array:
        """Of what was drawn: (W, F, 2)."""
        return np.asarray(self.drawn.mean(1))

    def displacement(self, foretold: Array) -> Array:
        """Mean and final displacement error of (W, F, 2): (W, 2) [m]."""
        off = np.linalg.norm(foretold - self.real, axis=-1)
        return np.stack([off.mean(-1), off[:, -1]], -1)

    def contacts(self, walked: Array) -> Array:
        """Share of the futures (W, ..., F, 2) in which the robot is touched: (W,)."""
        robot = self.robot.reshape(len(walked), *[1] * (walked.ndim - 3), FORETOLD, 2)
        near = np.linalg.norm(walked - robot, axis=-1).min(-1) < CONTACT_M
        return np.asarray(near.mean(tuple(range(1, near.ndim))))

    def rank(self) -> Array:
        """Share of ends that lie nearer to the middle of all than the real one does: (W,).

        Distances are Mahalanobis', by draws and real end together; ties by lot: uniform on [0, 1]
        where futures are right.
        """
        end = np.concatenate([self.drawn[:, :, -1], self.real[:, None, -1]], 1)
        off = end - end.mean(1, keepdims=True)
        spread = np.einsum("wdi,wdj->wij", off, off) / end.shape[1] + 1e-6 * np.eye(2)
        far = np.einsum("wdi,wij,wdj->wd", off, np.linalg.inv(spread), off)
        luck = np.random.default_rng(0).random(len(end))
        nearer = (far[:, :-1] < far[:, -1:]).sum(1)
        return np.asarray((nearer + luck) / end.shape[1])


@dataclass(frozen=True, eq=False)
class Foretold:
    """How W windows went that were foretold.

    scene: (W,) of each; beside: (W,) 1 where a robot was there, else 0
    mean, straight: (W, 2) mean and final displacement error of the mean future, and at constant
    velocity [m]; rank: (W,) see `Futures.rank`
    real, drawn, straight_on: (W,) share of the walked, the drawn, the straight that touch the robot
    """

    scene: tuple[str, ...]
    beside: Array
    mean: Array
    straight: Array
    rank: Array
    real: Array
    drawn: Array
    straight_on: Array

    @staticmethod
    def of(found: Futures, scenes: Sequence[str]) -> Foretold:
        """Those of futures that were drawn; scenes: of the walks."""
        return Foretold(
            tuple(scenes[walk] for walk in found.walk),
            np.asarray(np.isfinite(found.robot).all((1, 2)), float),
            found.displacement(found.mean),
            found.displacement(found.straight),
            found.rank(),
            found.contacts(found.real),
            found.contacts(found.drawn),
            found.contacts(found.straight),
        )


def futures(
    recordings: Sequence[SceneRecording],
    tested: WalksLikelihood,
    theta: Array,
    seed: int = 0,
    every: int = 1,
) -> Futures:
    """Of the walks in `tested`; theta: (n,) as others taught it; every: one window of so many."""
    walks, period_s = tested.walks, tested.looked.person.decision_period_s
    tracks = {
        (one.scene, str(one.path), who): track
        for one in recordings
        for who, track in one.of.people.items()
    }
    robots = {(one.scene, str(one.path)): robot_samples(one.of.robot) for one in recordings}
    names = list(zip(walks.scene, walks.recording, walks.person, strict=True))
    of = [names[number] for number in walks.walk]
    whole = [i for i in range(len(walks)) if _whole(tracks[of[i]], walks.stamp[i], period_s)]
    rows = np.array(whole, np.intp)[::every]
    beside = [robots[of[i][:2]] for i in rows]
    stamp, seen = walks.stamp[rows], walks.seen.at(rows)
    rng = np.random.default_rng(seed)
    many = np.repeat(np.arange(len(rows)), DRAWS)
    places = np.concatenate([tested.destinations.places, [[np.nan, np.nan]]])
    goals = places[drawn(tested.believed(theta)[rows][many], rng)]
    paths = _paths(tested.looked.person, seen.at(many), theta, goals, beside, stamp, rng)
    return Futures(
        np.array([_at(tracks[of[i]], walks.stamp[i]) for i in rows]).reshape(-1, FORETOLD, 2),
        seen.place[:, None] + LATER_S[:, None] * seen.velocity[:, None],
        paths.reshape(len(rows), DRAWS, FORETOLD, 2),
        np.array([_robot(one, at) for one, at in zip(beside, stamp, strict=True)]).reshape(
            -1, FORETOLD, 2
        ),
        walks.walk[rows],
    )


def _paths(
    person: Person,
    now: Seen,
    theta: Array,
    goals: Array,
    robots: Sequence[Samples | None],
    stamp: Array,
    rng: np.random.Generator,
) -> Array:
    """Where M = W * D people are after each step: (M, F, 2); robots, stamp: of W windows."""
    period_s = person.decision_period_s
    ahead_s = period_s * np.arange(person.horizon + 1)
    times = period_s * np.arange(np.ceil(LATER_S[-1] / period_s) + 1)
    places = [now.place]
    for time_s in times[:-1]:
        if time_s > 0.0:
            ahead = [
                _foreseen(robot, at_s, time_s + ahead_s)
                for robot, at_s in zip(robots, stamp, strict=True)
            ]
            now = replace(now, ahead=np.repeat(np.array(ahead), DRAWS, 0))
        velocity = choose(person, now, theta, goals, rng)
        now = gone_on(now, velocity, np.full(len(goals), period_s))
        places.append(now.place)
    path = np.stack(places, 1)
    step = np.minimum((LATER_S / period_s).astype(int), len(times) - 2)
    share = ((LATER_S - times[step]) / period_s)[:, None]
    return np.asarray((1.0 - share) * path[:, step] + share * path[:, step + 1])


def _foreseen(robot: Samples | None, at_s: float, ahead_s: Array) -> Array:
    """The robot's places at constant velocity from a moment on: (H, 2) [m]."""
    if robot is None:
        return np.full((len(ahead_s) - 1, 2), AWAY_M)
    return going_on(robot.at(np.array([at_s])), ahead_s)[0, 1:, :2]


def _robot(robot: Samples | None, at_s: float) -> Array:
    return np.full((FORETOLD, 2), np.nan) if robot is None else robot.at(at_s + LATER_S)[:, :2]


def _whole(track: Array, at_s: float, period_s: float) -> bool:
    """Whether somebody was seen long enough before and after, without a gap."""
    time, begin, end = track[:, 0], at_s - STEP_S * (OBSERVED - 1), at_s + LATER_S[-1]
    if time[0] > begin + TICK_S or time[-1] < end - TICK_S:
        return False
    first = np.searchsorted(time, begin + TICK_S) - 1
    last = np.searchsorted(time, end - TICK_S)
    return bool(np.diff(time[first : last + 1]).max() < 1.5 * period_s)


def _at(track: Array, at_s: float) -> Array:
    """Where somebody was at each step after a moment: (F, 2)."""
    times = at_s + LATER_S
    return np.stack([np.interp(times, track[:, 0], track[:, axis]) for axis in (1, 2)], -1)
