"""Episodes to measure."""

from __future__ import annotations

from typing import Any

import numpy as np

from bisirl_ros.core.arrays import Array
from bisirl_ros.metrics.trajectory import Trajectory


def driven(xy: Any, people: Any = (), **other: Any) -> Trajectory:
    """A robot at xy (T, 2) past people (P, T, 2); 4 Hz, radii of 0.25 m, the last xy its goal.

    Quarters and halves are exact in binary, so that no test hangs on a rounding.
    """
    way = np.asarray(xy, dtype=np.float64)
    robot = np.column_stack([way, np.zeros(len(way))])
    walked = np.asarray(people, dtype=np.float64).reshape(-1, len(way), 2).swapaxes(0, 1)
    values = {
        "robot": robot,
        "people": walked,
        "present": np.ones(walked.shape[:2], dtype=bool),
        "dt_s": 0.25,
        "robot_radius_m": 0.25,
        "person_radius_m": 0.25,
        "goal": way[-1],
        "goal_tolerance_m": 0.0625,
        "time_limit_s": 100.0,
    }
    return Trajectory(**{**values, **other})


def straight(start: Any, velocity: Any, steps: int, dt_s: float = 0.25) -> Array:
    """Positions (steps + 1, 2) at constant velocity."""
    time_s = dt_s * np.arange(steps + 1)[:, None]
    return np.asarray(np.asarray(start, float) + time_s * np.asarray(velocity, float))


def beside(apart_m: Any) -> Trajectory:
    """A robot that stands, and one person at each of these centre distances after the other."""
    apart = np.asarray(apart_m, dtype=np.float64)
    still = np.zeros((len(apart), 2))
    person = np.column_stack([np.zeros(len(apart)), apart])
    return driven(still, [person], goal=np.array([9.0, 9.0]))


def random_run(seed: int, count: int) -> Trajectory:
    """Random walks of a robot and `count` people, some now and then absent."""
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(4, 20))
    robot = np.cumsum(rng.normal(0.0, 0.3, (steps, 3)), axis=0)
    people = np.cumsum(rng.normal(0.0, 0.3, (steps, count, 2)), axis=0)
    return Trajectory(
        robot=robot,
        people=people + rng.normal(0.0, 1.0, (count, 2)),
        present=rng.random((steps, count)) < 0.8,
        dt_s=float(rng.uniform(0.05, 0.5)),
        robot_radius_m=0.2,
        person_radius_m=rng.uniform(0.1, 0.4, count),
        goal=robot[rng.integers(steps), :2] + 0.01,
        goal_tolerance_m=0.1,
        time_limit_s=float(rng.uniform(0.2, 10.0)),
    )
