"""A robot's drive from what it was commanded and how it moved: lag, limits, top speeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from bisirl_ros.calibrate.column import ColumnFit, Figure, fit_column
from bisirl_ros.calibrate.driving import COLUMNS, Driving
from bisirl_ros.calibrate.response import Held
from bisirl_ros.calibrate.solve import Samples
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.errors import InputError

FOLLOWS = 0.9
"""Correlation of a robot that the model describes well."""
GAIN_MARGIN = 0.1
ON_THE_CIRCLE = 0.9
"""Of the turning that its speed allows: asked for more, a robot that steers is held back by it."""


@dataclass(frozen=True)
class Measured:
    """A setting of the robot as the driving has it, and in words how well it is known."""

    value: float
    note: str


@dataclass(frozen=True)
class DriveFit:
    """What a recording tells of a drive.

    columns: of vx, vy, wz, those that were commanded and obeyed
    findings: one line for each thing that a user should know
    """

    columns: dict[str, ColumnFit]
    findings: tuple[str, ...]

    def measured(self, base: Robot, known: bool) -> dict[str, Measured]:
        """Settings of the robot that differ from `base`, or are confirmed, by name.

        known: `base` is this robot, so that its limits stand where none was reached
        The model has no dead time: a lag longer by it falls behind as far, v * (lag + dead time).
        """
        along = [fit for name, fit in self.columns.items() if name != "wz"]
        turn = [fit for name, fit in self.columns.items() if name == "wz"]
        found = {
            "max_speed": _limit([f.top for f in along], base.max_speed, known),
            "max_turn_rate": _limit([f.top for f in turn], base.max_turn_rate, known),
            "max_acceleration": _limit([f.limit for f in along], base.max_acceleration, known),
            "max_turn_acceleration": _limit(
                [f.limit for f in turn], base.max_turn_acceleration, known
            ),
            "lag_s": _longest_lag(self.columns),
        }
        ranges = {f.name: f.metadata for f in fields(Robot)}
        return {
            name: replace(m, value=min(max(m.value, ranges[name]["low"]), ranges[name]["high"]))
            for name, m in found.items()
            if m is not None
        }

    def robot(self, base: Robot, known: bool = True) -> Robot:
        """`base` with what was measured."""
        values: dict[str, Any] = {n: m.value for n, m in self.measured(base, known).items()}
        return replace(base, **values)


def fit_drive(driving: Driving, base: Robot) -> DriveFit:
    """Fit each column that the drive of `base` controls.

    Raises InputError, in one line, where the robot was commanded nothing or obeyed nothing.
    """
    columns: dict[str, ColumnFit] = {}
    findings: list[str] = []
    for index in base.columns:
        name = COLUMNS[index]
        fit = fit_column(_samples(driving, base, index))
        if isinstance(fit, str):
            findings.append(f"{name}: {fit}")
        else:
            columns[name] = fit
            findings += _doubts(name, fit)
    if not columns:
        raise InputError(
            f"driving: {'; '.join(findings)}; was the robot enabled, are these its topics, and was"
            " nothing in its way?"
        )
    return DriveFit(columns, tuple(findings))


def _samples(driving: Driving, base: Robot, index: int) -> Samples:
    command, use = driving.command[:, index], np.ones(len(driving.time), bool)
    if base.drive == "ackermann" and index == 2:  # on its tightest circle, speed limits the turning
        tightest = np.abs(driving.command[:, 0]) / base.turning_radius_m
        speed = np.abs(driving.velocity[:, 0]) / base.turning_radius_m
        asked = np.interp(driving.time, driving.command_time, np.abs(command))
        use = asked <= ON_THE_CIRCLE * speed
        command = np.clip(command, -tightest, tightest)
    held = Held.of(driving.command_time, command)
    return Samples(held, driving.time, driving.velocity[:, index], driving.window_s, use)


def _doubts(name: str, fit: ColumnFit) -> list[str]:
    doubts = []
    if fit.correlation < FOLLOWS:
        doubts.append(
            f"{name}: follows its commands but loosely (correlation {fit.correlation:.2f}); did it"
            " slip, or was something in its way?"
        )
    if fit.gain is not None and abs(fit.gain - 1.0) > GAIN_MARGIN:
        doubts.append(
            f"{name}: settles at {fit.gain:.2f} of what is commanded, so that lag and limits are"
            " wrong; mend the scale of its commands or of its odometry, and measure again"
        )
    dead = fit.dead_time_s
    if dead.value + 3.0 * dead.se < 0.0:
        doubts.append(
            f"{name}: moves {-dead.value:.2f} s before it is commanded; the clocks of commands and"
            " odometry differ, and the dead time is not known"
        )
    return doubts


def _limit(figures: Sequence[Figure], usual: float, known: bool) -> Measured | None:
    """The lowest of the limits that were reached; where none was, the usual one stands."""
    if not figures:
        return None
    reached = [f for f in figures if not f.bound]
    if reached:
        lowest = min(reached, key=lambda f: f.value)
        return Measured(lowest.value, f"+- {lowest.se:.2g}")
    least = max(f.value for f in figures)
    if known and usual >= least:
        return Measured(usual, f"not reached: at least {least:.3g}")
    return Measured(least, "at least; not reached")


def _longest_lag(columns: dict[str, ColumnFit]) -> Measured:
    def lasts(fit: ColumnFit) -> float:
        return fit.lag_s.value + max(fit.dead_time_s.value, 0.0)

    name, fit = max(columns.items(), key=lambda item: lasts(item[1]))
    lag, dead = fit.lag_s, fit.dead_time_s
    how = f"at most {lag.value:.2g}" if lag.bound else f"{lag.value:.3g} +- {lag.se:.1g}"
    return Measured(
        lasts(fit), f"{name}: lag {how}, and dead time {dead.value:.3g} +- {dead.se:.1g}"
    )
