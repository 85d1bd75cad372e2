"""What was recorded of one episode, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bisirl_ros.core.arrays import Array
from bisirl_ros.errors import InputError

CLOCK_S = 1e-6
"""How far a clock that counts steps may be off."""


@dataclass(frozen=True, eq=False)
class Trajectory:
    """T samples, dt_s apart, of a robot among P people, all discs; P = 0 is legal.

    robot: (T, 3) x, y [m], yaw [rad], which no figure uses; people: (T, P, 2) x, y [m]
    present: (T, P) bool, where it is false `people` may be anything; person_radius_m: one or (P,)
    goal: (2,) the robot's [m]; shortest_m: shortest way to it, None for the straight line
    Raises InputError for shapes that do not fit, a number that is not finite or out of its range.
    """

    robot: Array
    people: Array
    present: NDArray[np.bool_]
    dt_s: float
    robot_radius_m: float
    person_radius_m: float | Array
    goal: Array
    goal_tolerance_m: float
    time_limit_s: float
    shortest_m: float | None = None

    def __post_init__(self) -> None:
        for name in ("robot", "people", "goal"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        object.__setattr__(self, "present", np.asarray(self.present, dtype=bool))
        _check_shapes(self)
        positive = {name: getattr(self, name) for name in ("dt_s", "goal_tolerance_m")}
        positive["time_limit_s"] = self.time_limit_s
        for name, value in positive.items():
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"{name} = {value}: must be positive")
        rest = {"robot_radius_m": self.robot_radius_m, "person_radius_m": self.person_radius_m}
        rest["shortest_m"] = 0.0 if self.shortest_m is None else self.shortest_m
        for name, value in rest.items():
            if not (np.isfinite(value).all() and np.all(np.asarray(value) >= 0.0)):
                raise InputError(f"{name} = {value}: must not be negative")

    @property
    def duration_s(self) -> float:
        """From the first sample to the last [s]."""
        return (len(self.robot) - 1) * self.dt_s

    @property
    def reach_m(self) -> Array:
        """Distance of the centres at which robot and person touch: (P,) [m]."""
        radii = np.broadcast_to(self.person_radius_m, self.people.shape[1:2])
        return np.asarray(radii + self.robot_radius_m)

    @property
    def offset_m(self) -> Array:
        """From the robot to each person: (T, P, 2) [m], zero where absent."""
        off = self.people - self.robot[:, None, :2]
        return np.where(self.present[..., None], off, 0.0)

    @property
    def apart_m(self) -> Array:
        """Between the centres: (T, P) [m], infinite where absent."""
        return np.where(self.present, np.linalg.norm(self.offset_m, axis=-1), np.inf)

    @property
    def gap_m(self) -> Array:
        """Between the surfaces: (T, P) [m], negative in contact, infinite where absent."""
        return np.asarray(self.apart_m - self.reach_m)

    @property
    def arrival(self) -> int | None:
        """The first sample within tolerance of the goal and the time limit, None without one."""
        left = np.linalg.norm(self.robot[:, :2] - self.goal, axis=-1)
        time_s = self.dt_s * np.arange(len(left))
        there = (left <= self.goal_tolerance_m) & (time_s <= self.time_limit_s + CLOCK_S)
        return int(there.argmax()) if there.any() else None

    @property
    def way(self) -> Array:
        """Where the robot was until it arrived, or until the end: (N, 2) [m]."""
        end = len(self.robot) if self.arrival is None else self.arrival + 1
        return self.robot[:end, :2]


def _check_shapes(t: Trajectory) -> None:
    steps, count = len(t.robot), t.people.shape[1] if t.people.ndim == 3 else 0
    shapes = {"robot": (steps, 3), "people": (steps, count, 2), "present": (steps, count)}
    for name, shape in {**shapes, "goal": (2,)}.items():
        found = np.shape(getattr(t, name))
        if found != shape:
            raise InputError(f"{name} has shape {found}; it must be {shape}")
    if steps < 2:
        raise InputError(f"robot has {steps} samples; give at least 2")
    if np.shape(t.person_radius_m) not in ((), (count,)):
        raise InputError(
            f"person_radius_m has shape {np.shape(t.person_radius_m)}; give one or {count}"
        )
    for name, value in (("robot", t.robot), ("goal", t.goal), ("people", t.people[t.present])):
        if not np.isfinite(value).all():
            raise InputError(f"{name}: every number must be finite")
