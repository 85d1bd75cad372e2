"""Paths as they were heard, and the moment when the robot was closest to somebody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bisirl_ros.report.record import Array, EpisodeRecord


@dataclass(frozen=True, eq=False)
class Closest:
    """identity: to whom; time_s: when [s]; person_m, robot_m: (2,) where both were [m]."""

    identity: str
    time_s: float
    person_m: Array
    robot_m: Array

    @property
    def distance_m(self) -> float:
        """Between the centres [m]."""
        return float(np.linalg.norm(self.person_m - self.robot_m))


def closest_approach(episode: EpisodeRecord) -> Closest | None:
    """When the robot was closest to anybody; None where it shares no time with anybody.

    Of robot and person, the sparser path is interpolated at the instants of both.
    """
    robot = finite_rows(episode.robot_path)
    found = (_to(name, finite_rows(path), robot) for name, path in episode.people_paths.items())
    known = [closest for closest in found if closest is not None]
    return min(known, key=lambda closest: closest.distance_m, default=None)


def _to(identity: str, person: Array, robot: Array) -> Closest | None:
    if not len(person) or not len(robot):
        return None
    t_s = np.union1d(person[:, 0], robot[:, 0])
    begin_s, end_s = max(person[0, 0], robot[0, 0]), min(person[-1, 0], robot[-1, 0])
    t_s = t_s[(t_s >= begin_s) & (t_s <= end_s)]
    if not len(t_s):
        return None
    person_m, robot_m = positions(person, t_s), positions(robot, t_s)
    i = int(np.argmin(np.linalg.norm(person_m - robot_m, axis=1)))
    return Closest(identity, float(t_s[i]), person_m[i], robot_m[i])


def positions(path: Array, t_s: Array) -> Array:
    """x, y (T, 2) [m] of a path (N, 3) at the instants t_s (T,) [s], linear in between."""
    return np.stack([np.interp(t_s, path[:, 0], path[:, i]) for i in (1, 2)], axis=1)


def finite_rows(path: Array) -> Array:
    """The rows of a path (N, 3) without NaN or infinity."""
    path = np.asarray(path, float).reshape(-1, 3)
    return path[np.isfinite(path).all(axis=1)]
