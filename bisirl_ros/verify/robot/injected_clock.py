"""Faults of a simulator's clock."""

from __future__ import annotations

import time

from bisirl_ros.verify.robot.injected import Check, Inject, Kind, logged, nothing
from bisirl_ros.verify.robot.injected_tracker import TIMEOUT_S
from bisirl_ros.verify.robot.reactions import Reaction
from bisirl_ros.verify.robot.rig import ODOMETRY_S
from bisirl_ros.verify.robot.stage import Stage, StageSettings

JUMP_S, SAID_S = 5.0, 2.0
SIMULATED = StageSettings(simulated=True)


def paused(stage: Stage) -> float:
    """Time stands still, and so do all stamps; known since the last that was newer."""
    stage.clock.pause()
    time.sleep(ODOMETRY_S)
    return min(stage.rig.good_s, stage.rig.tracker.good_s)


def goes_on(stage: Stage) -> None:
    """From there."""
    stage.clock.go_on()


def jumps(by_s: float) -> Inject:
    """Time is set, and everything is stamped by it."""

    def inject(stage: Stage) -> float:
        set_s = time.time()
        stage.clock.jump(by_s)
        return set_s

    return inject


def said(word: str) -> Check:
    """One line says so."""

    def check(stage: Stage, since_s: float) -> str:
        return logged(stage.rig, f"ROS time jumped {word}", since_s, SAID_S)

    return check


KINDS: dict[str, Kind] = {
    "clock paused": Kind(Reaction.STOP, paused, goes_on, TIMEOUT_S, settings=SIMULATED),
    "clock jumps back": Kind(
        Reaction.DRIVE, jumps(-JUMP_S), nothing, meanwhile=said("back"), settings=SIMULATED
    ),
    "clock jumps ahead": Kind(
        Reaction.DRIVE, jumps(JUMP_S), nothing, meanwhile=said("ahead"), settings=SIMULATED
    ),
}
