"""What a calibration found, for people to read, and as the file of a robot."""

from __future__ import annotations

import json
from dataclasses import fields

from bisirl_ros.calibrate.column import Figure
from bisirl_ros.calibrate.fit import DriveFit
from bisirl_ros.crowd.robot import Robot
from bisirl_ros.robots.profile import RobotProfile

TURNING = "wz"


def table(fit: DriveFit, base: RobotProfile, known: bool) -> str:
    """A line a figure: the column, what, as measured, as the profile has it; then the findings.

    known: `base` is this robot, not a guess
    """
    robot = base.robot
    lines = [f"{'':4}{'':14}{'measured':26}profile"]
    for name, column in fit.columns.items():
        turns = name == TURNING
        unit = "rad/s" if turns else "m/s"
        limit = robot.max_turn_acceleration if turns else robot.max_acceleration
        top = robot.max_turn_rate if turns else robot.max_speed
        for what, figure, in_s, usual in (
            ("lag", column.lag_s, "s", f"{robot.lag_s:g}"),
            ("dead time", column.dead_time_s, "s", "-"),
            ("acceleration", column.limit, f"{unit}^2", f"{limit:g}"),
            ("speed", column.top, unit, f"{top:g}"),
        ):
            lines.append(f"{name:4}{what:14}{_words(figure, in_s):26}{usual if known else '-'}")
        lines.append(
            f"{name:4}{column.samples} samples, correlation {column.correlation:.3f}, noise"
            f" {column.noise:.2g} {unit}"
        )
    return "\n".join([*lines, *fit.findings])


def _words(figure: Figure, unit: str) -> str:
    if figure.bound:
        return f"{figure.bound} {figure.value:.3g} {unit}"
    return f"{figure.value:.3g} +- {figure.se:.1g} {unit}"


def profile_text(fit: DriveFit, base: RobotProfile, known: bool, source: str) -> str:
    """The file that `load_robot` reads: `base` with what was measured, and how well it is known.

    known: `base` is this robot, not a guess; source: what was measured from
    """
    measured = fit.measured(base.robot, known)
    robot = fit.robot(base.robot, known)
    unmeasured = "not measured: as before" if known else "not measured: a guess, mend it"
    settings = []
    for field in fields(Robot):
        value = getattr(robot, field.name)
        note = measured[field.name].note if field.name in measured else unmeasured
        shown = f"{value:.4g}" if isinstance(value, float) else value
        settings.append(f"  {field.name}: {shown}  # {note}")
    return "\n".join(
        [
            f"# Fitted by `bisirl calibrate` to {' '.join(source.split())}.",
            f"description: {json.dumps(base.description, ensure_ascii=False)}",
            "robot:",
            *settings,
            *(
                f"{name}: {json.dumps(getattr(base, name), ensure_ascii=False)}"
                for name in ("cmd_vel_topic", "stamped", "odom_topic", "base_frame")
            ),
            "",
        ]
    )
