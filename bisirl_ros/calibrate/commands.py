"""`bisirl calibrate BAG`: a robot's drive, from a minute of driving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bisirl_ros.config import check, setting
from bisirl_ros.errors import InputError
from bisirl_ros.io.files import write_whole


@dataclass(frozen=True)
class CalibrateArguments:
    """Arguments of `bisirl calibrate BAG`."""

    cmd_vel: str = setting("", doc="topic of the commands; empty: the robot's, or else cmd_vel")
    odom: str = setting("", doc="topic of the odometry; empty: the robot's, or else odom")
    robot: str = setting("", doc="a name or .yaml file: what is known of the robot before")
    out: str = setting("", doc="file of the robot to write, ending in .yaml; empty: none")


def run_calibrate(given: dict[str, Any]) -> int:
    """`bisirl calibrate BAG`: print what the drive does, and write it to --out."""
    bag = Path(given.pop("bag")).expanduser()
    arguments = CalibrateArguments(**given)
    check(arguments, "bisirl calibrate")
    out = Path(arguments.out).expanduser()
    if arguments.out and (out.suffix != ".yaml" or not out.parent.is_dir()):
        raise InputError(f"--out {out}: give a file that ends in .yaml, in a folder that is there")
    from bisirl_ros.calibrate.bag import read_driving
    from bisirl_ros.calibrate.fit import fit_drive  # scipy and torch take seconds to import
    from bisirl_ros.calibrate.report import profile_text, table
    from bisirl_ros.crowd.robot import Robot
    from bisirl_ros.robots.profile import RobotProfile, load_robot

    known = bool(arguments.robot)
    base = load_robot(arguments.robot) if known else RobotProfile(Robot())
    recorded = read_driving(
        bag, arguments.cmd_vel or base.cmd_vel_topic, arguments.odom or base.odom_topic
    )
    driving = recorded.driving
    base = replace(base, stamped=recorded.stamped)
    if not known:
        drive = "omni" if driving.command[:, 1].any() else "differential"
        topics: dict[str, Any] = {
            "cmd_vel_topic": recorded.cmd_vel_topic,
            "odom_topic": recorded.odom_topic,
        }
        base = replace(base, robot=Robot(drive), description=f"fitted to {bag.name}", **topics)
    fit = fit_drive(driving, base.robot)
    source = (
        f"{bag.name}: {driving.length_s:.0f} s, {len(driving.command)} commands,"
        f" {len(driving.velocity)} velocities"
    )
    print(f"{source}\n{table(fit, base, known)}")
    if arguments.out:
        _write(out, profile_text(fit, base, known, source))
        print(f"written: {out}")
    return 0


def _write(out: Path, text: str) -> None:
    try:
        write_whole(out, text.encode())
    except OSError as error:
        raise InputError(
            f"{out}: cannot be written ({error.strerror or error}); choose another place"
        ) from error
